"""Descriptors kept on disk, so that a file is decoded once and not in every lesson.

In: digests of files, and what was computed from them. Out: the same, in a later process.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pooch
from numpy.typing import NDArray

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "Description",
    "add_to_cache",
    "cache_folder",
    "file_digest",
    "read_cache",
    "write_cache",
]

# A part file this old, in seconds, is nobody's work in progress.
ABANDONED = 3600.0


@dataclass(frozen=True)
class Description:
    """What came out of one file: numbers, or the reason why there are none."""

    numbers: NDArray[np.float64] | None
    reason: str = ""


def cache_folder() -> Path:
    """The environment variable MMREC_CACHE, or the user's cache folder."""
    return Path(os.environ.get("MMREC_CACHE") or pooch.os_cache("mmrec-course"))


def file_digest(path: str | Path) -> str:
    """Fingerprint of a file's bytes; its name and date do not matter."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_cache(path: Path, width: int | None) -> dict[str, Description]:
    """What is on disk; empty where there is nothing, or nothing sound.

    Parameters
    ----------
    path
        The cache file.
    width
        How many numbers a description has; None where that is not known beforehand.

    Returns
    -------
    dict digest → Description.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            digests, values, reasons = file["digests"], file["values"], file["reasons"]
        if values.dtype != np.float64 or values.ndim != 2 or len(values) != len(digests):
            return {}
        if width is not None and values.shape[1] != width:
            return {}
        if reasons.shape != digests.shape or not np.isfinite(values).all():
            return {}
    except Exception:  # whatever a damaged file makes of the reader, we can compute again
        return {}
    return {
        str(digest): Description(None if reason else row, str(reason))
        for digest, row, reason in zip(digests, values, reasons, strict=True)
    }


def add_to_cache(path: Path, new: Mapping[str, Description], width: int | None) -> bool:
    """Put descriptions beside those on disk, which another process may just have added to.

    Reading, merging and writing are one step for all processes of this machine, by a lock on
    the folder that the system releases when a process dies, however it dies. Where there are no
    such locks (Windows, some network disks), of two that add in the same instant the later one
    stays, and what the other had added is computed again some day.

    Parameters
    ----------
    path
        The cache file; its folder is made.
    new
        dict digest → Description; they replace what is known of the same digests.
    width
        How many numbers a description has; None where that is not known beforehand.

    Returns
    -------
    Whether it worked. A read-only or full disk is no error: there is just no cache then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    with _alone_in(path.parent):
        _sweep(path.parent)
        known = read_cache(path, width) | dict(new)
        found = (len(d.numbers) for d in known.values() if d.numbers is not None)
        return write_cache(path, known, next(found, 0) if width is None else width)


def write_cache(path: Path, known: Mapping[str, Description], width: int) -> bool:
    """Put descriptions on disk, whole or not at all, in place of what is there.

    The file is written under another name and then renamed, so that another process reads the
    old one or the new one, and a process that is killed leaves the old one.

    Parameters
    ----------
    path
        The cache file; its folder is made.
    known
        dict digest → Description.
    width
        How many numbers a description has.

    Returns
    -------
    Whether it worked. A read-only or full disk is no error: there is just no cache then.
    """
    digests = sorted(known)
    nothing = np.zeros(width)
    values = [nothing if (row := known[d].numbers) is None else row for d in digests]
    arrays: dict[str, NDArray[Any]] = {
        "digests": np.array(digests, dtype=np.str_),
        "values": np.array(values, dtype=np.float64).reshape(len(digests), width),
        "reasons": np.array([known[d].reason for d in digests], dtype=np.str_),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    except OSError:
        return False
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        part.replace(path)
    except OSError:
        return False
    finally:
        part.unlink(missing_ok=True)
    return True


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One process at a time, where the system has locks; otherwise no promise."""
    handle = -1
    if fcntl is not None:
        try:
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            pass
    try:
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left."""
    for part in folder.glob("*.part"):
        try:
            if time.time() - part.stat().st_mtime > ABANDONED:
                part.unlink()
        except OSError:
            pass
