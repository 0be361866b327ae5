"""Everything for a room without network, on a stick: `make stick`, or

    python tools/build_stick.py [--python 3.12] [SYSTEM …]

Writes build/stick/course.zip and, for each system ("Windows", "macOS ARM", "Linux x86-64", "Linux
ARM"), a folder of wheels. docs/teaching/room.md says how a laptop is set up from them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from check_wheels import SYSTEMS, applicable, supported_tags

ROOT = Path(__file__).resolve().parent.parent
STICK = ROOT / "build" / "stick"


def folder_name(system: str) -> str:
    """A name that needs no quotes in any shell."""
    return system.lower().replace(" ", "-")


def download(system: str, python: str, target: Path) -> None:
    """Fetch the wheels of the core lock for a system; an error if one does not exist."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    wanted = applicable(lines, system, f"{python}.99")
    target.mkdir(parents=True, exist_ok=True)
    names = target / "requirements.txt"
    names.write_text("".join(f"{r.name}{r.specifier}\n" for r in wanted), encoding="utf-8")
    platforms = sorted({tag.platform for tag in supported_tags(system, f"{python}.99")} - {"any"})
    command = [sys.executable, "-m", "pip", "--quiet", "--quiet", "download", "--no-deps"]
    command += ["--only-binary=:all:", f"--python-version={python}", "--implementation=cp"]
    command += [f"--platform={platform}" for platform in platforms]
    subprocess.run([*command, "--dest", target, "-r", names], check=True)


def main() -> int:
    """Write the stick from the command line; print sizes; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help="default: all of them")
    parser.add_argument("--python", default="3.12", help="the release on the laptops")
    args = parser.parse_args()
    if unknown := set(args.systems) - set(SYSTEMS):
        parser.error(f"{min(unknown)!r} is not one of {', '.join(SYSTEMS)}")
    STICK.mkdir(parents=True, exist_ok=True)
    archive = ["git", "archive", "--prefix=course/", f"--output={STICK / 'course.zip'}", "HEAD"]
    subprocess.run(archive, cwd=ROOT, check=True)
    print(f"course.zip: {(STICK / 'course.zip').stat().st_size / 1e6:.0f} MB")
    for system in args.systems or SYSTEMS:
        target = STICK / folder_name(system)
        download(system, args.python, target)
        size = sum(path.stat().st_size for path in target.iterdir()) / 1e6
        print(f"{target.name}: {len(list(target.glob('*.whl')))} wheels, {size:.0f} MB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
