"""What every decoder here shares: one kind of error, and silence.

In: a path. Out: nothing, a size, or a MediaError that names the file and what is wrong with it.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["MediaError", "check_file", "quiet_decoders"]


class MediaError(ValueError):
    """A media file that cannot be used, and why.

    Parameters
    ----------
    path
        The file; only its name is kept, so that messages are the same on every machine.
    reason
        What is wrong, in a few words.

    Attributes
    ----------
    name, reason
        As passed in. ``str(error)`` is ``"name: reason"``.

    Notebook: 02_preprocessing
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(Path(path).name, reason)
        self.name: str = self.args[0]
        self.reason: str = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def check_file(path: str | Path, max_bytes: int) -> int:
    """Size of a file in bytes, before anything is read from it.

    Parameters
    ----------
    path
        The file.
    max_bytes
        The largest size allowed.

    Returns
    -------
    Its size, 1 … max_bytes.

    Raises
    ------
    MediaError
        If there is no such regular file, or it is empty or too large.
    """
    path = Path(path)
    try:
        regular, size = path.is_file(), path.stat().st_size
    except FileNotFoundError:
        raise MediaError(path, "there is no such file") from None
    except OSError as error:
        raise MediaError(path, f"cannot be read ({error.strerror})") from None
    if not regular:
        raise MediaError(path, "not a regular file")
    if size == 0:
        raise MediaError(path, "the file is empty")
    if size > max_bytes:
        raise MediaError(path, f"{size:,} bytes, over the limit of {max_bytes:,}")
    return size


_lock = threading.Lock()
_depth = 0
_stderr = -1
_filters = warnings.catch_warnings()


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Keep the error stream, and Pillow's warnings, silent while the decoders work.

    libtiff and mpg123 write about a broken file straight to the process's error stream, where
    Python cannot catch it, and then return an error or a picture all the same. We report what
    they return. May be nested and used from several threads at once.
    """
    global _depth, _filters, _stderr
    with _lock:
        if _depth == 0:
            _stderr = _silence()
            _filters = warnings.catch_warnings()
            _filters.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\.")
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _filters.__exit__(None, None, None)
            if _depth == 0 and _stderr >= 0:
                os.dup2(_stderr, 2)
                os.close(_stderr)
                _stderr = -1


def _silence() -> int:
    """Point the error stream to nowhere; a copy of the old one, or −1 where there is none."""
    try:
        kept = os.dup(2)
    except OSError:
        return -1
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return kept
