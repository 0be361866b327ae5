"""What all decoders share: one kind of error, a check before reading, and a silent error stream."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


class MediaError(ValueError):
    """A media file cannot be used; ``str(error)`` is ``"name: reason"``, without its folder.

    Notebook: 02_preprocessing
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(Path(path).name, reason)
        self.name: str = self.args[0]
        self.reason: str = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def check_file(path: Path, max_bytes: int) -> None:
    """Raise MediaError if a file is missing, not regular, empty or too large."""
    try:
        regular, size = path.is_file(), path.stat().st_size
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        reason = f"cannot be read ({getattr(error, 'strerror', error)})"
        reason = "there is no such file" if missing else reason
        raise MediaError(path, reason) from None
    if not regular or size == 0:
        raise MediaError(path, "the file is empty" if regular else "not a regular file")
    if size > max_bytes:
        raise MediaError(path, f"{size:,} bytes, over the limit of {max_bytes:,}")


_lock, _silence, _n_users = threading.Lock(), ExitStack(), 0


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Silence the error stream and Pillow's warnings; may be nested and used by several threads."""
    global _n_users
    with _lock:
        if _n_users == 0:
            _silence.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL\.")
            # libtiff and mpg123 write straight to the error stream, if the process has one.
            with suppress(OSError), Path(os.devnull).open("w") as nowhere:
                kept = os.dup(2)
                _silence.callback(os.close, kept)
                _silence.callback(os.dup2, kept, 2)
                os.dup2(nowhere.fileno(), 2)
        _n_users += 1
    try:
        yield
    finally:
        with _lock:
            _n_users -= 1
            if _n_users == 0:
                _silence.close()
