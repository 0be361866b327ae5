"""What a release holds: `make release` → dist/ with wheel, sdist, data and their fingerprints.

Nothing is fetched. The same commit gives the same data archive, byte for byte.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ("mosaic", "stamps")
EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in the data archive


def build(root: Path, target: Path) -> list[Path]:
    """Write wheel, sdist, data archive and SHA256SUMS into `target`; return their paths."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:  # a clone's build/ may hold deleted modules
        for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-content"):
            shutil.copy(root / name, place)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / "mmrec_course", Path(place, "mmrec_course"), ignore=ignored)
        for kind in ("wheel", "sdist"):
            call = f"from setuptools import build_meta as b; b.build_{kind}({str(target)!r})"
            command = [sys.executable, "-c", call]
            subprocess.run(command, cwd=place, check=True, capture_output=True)
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    write_data(root, target / f"{project['name']}-data-{project['version']}.zip")
    made = sorted(target.iterdir())
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made]
    (target / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return [*made, target / "SHA256SUMS"]


def write_data(root: Path, archive: Path) -> None:
    """The catalogues as data/mosaic/… and data/stamps/…, licences beside them."""
    paths = [root / "LICENSE-content"]
    for name in CATALOGUES:
        paths += (path for path in (root / "data" / name).rglob("*") if path.is_file())
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(paths):
            info = zipfile.ZipInfo(path.relative_to(root).as_posix(), EPOCH)
            info.external_attr = 0o644 << 16
            file.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    os.environ.setdefault("SOURCE_DATE_EPOCH", "315532800")  # wheels, too, hold a fixed date
    for made in build(ROOT, ROOT / "dist"):
        print(f"{made.relative_to(ROOT)}  {made.stat().st_size / 2**20:.1f} MiB")
