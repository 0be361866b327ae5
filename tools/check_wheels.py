"""Check that nobody needs a compiler: `make wheels`, or `python tools/check_wheels.py LOCK ...`.

For each system and Python, every requirement of the locks that applies there must have a wheel.
uv asks the package index which files exist; no package is downloaded. Exit status 1: some lack one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("dev", "extras", "frameworks", "scale", "site")
LOCKS = ("requirements.lock", *(f"requirements-{name}.lock" for name in EXTRAS))
# The first release and a late one: markers may tell them apart.
PYTHONS = ("3.11.0", "3.11.99", "3.12.0", "3.12.99", "3.13.0", "3.13.99")
# System → sys_platform, os_name, platform_system, platform_machine.
SYSTEMS = {
    "Linux x86-64": ("linux", "posix", "Linux", "x86_64"),
    "Linux ARM": ("linux", "posix", "Linux", "aarch64"),
    "macOS ARM": ("darwin", "posix", "Darwin", "arm64"),
    "Windows": ("win32", "nt", "Windows", "AMD64"),
}
OLDEST_GLIBC_MINOR = 28  # Debian 10, Ubuntu 20.04, RHEL 8
OLDEST_MACOS = (14, 0)


def environment(system: str, python: str) -> dict[str, str]:
    """Return the marker variables of CPython `python`, say "3.11.0", on `system`."""
    sys_platform, os_name, platform_system, machine = SYSTEMS[system]
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": os_name,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": platform_system,
        "platform_version": "",
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": sys_platform,
    }


def applicable(lines: Iterable[str], system: str, python: str) -> list[Requirement]:
    """Return the requirements of a lock whose marker holds there."""
    variables = environment(system, python)
    requirements = map(Requirement, lines)
    return [r for r in requirements if r.marker is None or r.marker.evaluate(variables)]


@cache
def supported_tags(system: str, python: str) -> frozenset[Tag]:
    """Return every wheel tag that pip accepts there."""
    sys_platform, _, _, machine = SYSTEMS[system]
    if sys_platform == "linux":
        names = [f"manylinux_2_{minor}" for minor in range(OLDEST_GLIBC_MINOR, 4, -1)]
        names += ["manylinux2014", "manylinux2010", "manylinux1", "linux"]
        platforms = [f"{name}_{machine}" for name in names]
    elif sys_platform == "darwin":
        platforms = list(mac_platforms(OLDEST_MACOS, machine))
    else:
        platforms = ["win_amd64"]
    major, minor = map(int, python.split(".")[:2])
    interpreter = f"cp{major}{minor}"
    return frozenset(
        [
            *cpython_tags((major, minor), [interpreter], platforms),
            *compatible_tags((major, minor), interpreter, platforms),
        ]
    )


def missing_wheels(
    lines: Iterable[str], wheels: Mapping[tuple[str, str], Iterable[str]]
) -> dict[str, list[str]]:
    """Return requirement → the places, "Linux ARM 3.11", where none of its wheels can be installed.

    `wheels` maps (name, version) to the file names that the index has.
    """
    lines = list(lines)
    missing: dict[str, list[str]] = {}
    for system in SYSTEMS:
        for python in PYTHONS:
            tags = supported_tags(system, python)
            place = f"{system} {python.rpartition('.')[0]}"
            for requirement in applicable(lines, system, python):
                (pin,) = requirement.specifier
                files = wheels.get((canonicalize_name(requirement.name), pin.version), ())
                places = missing.setdefault(f"{requirement.name} {pin.version}", [])
                if place not in places and not any(
                    tags & parse_wheel_filename(file)[3] for file in files
                ):
                    places.append(place)
    return {requirement: places for requirement, places in missing.items() if places}


def listed_wheels(lock: Path) -> dict[tuple[str, str], list[str]]:
    """Ask the index, through uv, for the wheels of a lock: (name, version) → file names."""
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "pylock.toml"
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
        command += ["--no-deps", "--python-version", "3.11", "--format", "pylock.toml"]
        subprocess.run([*command, "--output-file", listing, lock], check=True, cwd=folder)
        packages = tomllib.loads(listing.read_text(encoding="utf-8"))["packages"]
    return {
        (package["name"], package["version"]): [
            wheel.get("name") or unquote(wheel["url"].rpartition("/")[2])
            for wheel in package.get("wheels", ())
        ]
        for package in packages
    }


def main(arguments: list[str]) -> int:
    """Check the locks named, or all five; print what is missing; return the exit status."""
    found_none = 0
    for lock in [Path(name) for name in arguments] or [ROOT / name for name in LOCKS]:
        lines = lock.read_text(encoding="utf-8").splitlines()
        missing = missing_wheels(lines, listed_wheels(lock.resolve()))
        found_none |= bool(missing)
        print(f"{lock.name}: {len(lines)} lines, {len(missing)} without a wheel somewhere")
        for requirement, places in missing.items():
            print(f"  {requirement:<32} {', '.join(places)}")
    return int(found_none)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
