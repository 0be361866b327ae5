"""Descriptors kept on disk, so that a file is decoded once and not in every lesson.

In: digests of files, and what was computed from them. Out: the same, in a later process.

Notebook: 02_preprocessing
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pooch
from numpy.typing import NDArray

__all__ = ["Description", "cache_folder", "file_digest", "read_cache", "write_cache"]


@dataclass(frozen=True)
class Description:
    """What came out of one file: numbers, or the reason why there are none.

    Notebook: 02_preprocessing
    """

    numbers: NDArray[np.float64] | None
    reason: str = ""


def cache_folder() -> Path:
    """The environment variable MMREC_CACHE, or the user's cache folder.

    Notebook: 02_preprocessing
    """
    return Path(os.environ.get("MMREC_CACHE") or pooch.os_cache("mmrec-course"))


def file_digest(path: str | Path) -> str:
    """Fingerprint of a file's bytes; its name and date do not matter.

    Notebook: 02_preprocessing
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_cache(path: Path, width: int) -> dict[str, Description]:
    """What is on disk; empty where there is nothing, or nothing sound.

    Parameters
    ----------
    path
        The cache file.
    width
        How many numbers a description has.

    Returns
    -------
    dict digest → Description.

    Notebook: 02_preprocessing
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            digests, values, reasons = file["digests"], file["values"], file["reasons"]
        if values.dtype != np.float64 or values.shape != (len(digests), width):
            return {}
        if reasons.shape != digests.shape or not np.isfinite(values).all():
            return {}
    except Exception:  # whatever a damaged file makes of the reader, we can compute again
        return {}
    return {
        str(digest): Description(None if reason else row, str(reason))
        for digest, row, reason in zip(digests, values, reasons, strict=True)
    }


def write_cache(path: Path, known: Mapping[str, Description], width: int) -> bool:
    """Put descriptions on disk, whole or not at all.

    The file is written under another name and then renamed, so that another process reads the
    old one or the new one. Of two that write at the same time the later one stays; what the
    other had added is computed again some day.

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

    Notebook: 02_preprocessing
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
