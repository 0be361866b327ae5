"""Keep on disk what was computed from media: SHA-256 of a file → its numbers, or why none."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
import pooch
from numpy.typing import NDArray

Entry = NDArray[np.float64] | str  # (d,) numbers, or why there are none


def cache_folder() -> Path:
    """Return the folder in the environment variable MMREC_CACHE, or the user's cache folder."""
    return Path(os.environ.get("MMREC_CACHE") or pooch.os_cache("mmrec-course"))


def file_digest(path: str) -> str:
    """Return the SHA-256 of a file's bytes, "" if it is no regular file; OSError if unreadable.

    It is read again where its size, a time or its inode has changed, or it changed just now.
    """
    now = os.stat(path)  # noqa: PTH116 - a Path takes twice as long
    if not stat.S_ISREG(now.st_mode):  # a pipe would never end
        return ""
    # Clocks of disks are coarse: a second change of a new file may not show in its times.
    read = _digest.__wrapped__ if time.time() - now.st_mtime < 2.5 else _digest
    return read(path, now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


@lru_cache(maxsize=2**16)
def _digest(path: str, *_: int) -> str:
    with io.FileIO(path) as file:  # without a buffer of its own: most files are small
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_cache(path: Path) -> dict[str, Entry]:
    """Read a cache file, digest → entry; empty if it is missing or damaged."""
    if not path.is_file():  # opening a pipe would wait for ever
        return {}
    try:
        with np.load(path, allow_pickle=False) as table:  # compares the checksums
            columns = table["digests"].tolist(), table["values"], table["reasons"].tolist()
        return {digest: why or row for digest, row, why in zip(*columns, strict=True)}
    except Exception:  # a damaged file can raise anything, and can be computed again
        return {}


def add_to_cache(path: Path, new: Mapping[str, Entry]) -> None:
    """Add entries to a cache file; a disk that is full or read-only is no error."""
    entries = read_cache(path) | dict(new)
    width = next((len(entry) for entry in entries.values() if not isinstance(entry, str)), 0)
    rows = [np.zeros(width) if isinstance(e, str) else e for e in entries.values()]
    reasons = [entry if isinstance(entry, str) else "" for entry in entries.values()]
    # Written under another name and then renamed: other processes see the old file or the new one.
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / path.name
            np.savez(part, digests=list(entries), values=rows, reasons=reasons, allow_pickle=False)
            part.replace(path)
