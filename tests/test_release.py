"""What a release holds works alone: the package from its wheel, the data from their archive."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import build_release
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / "dist"
    build_release.build(ROOT, folder)
    return folder


def test_a_release_has_wheel_sdist_data_and_their_fingerprints(dist: Path) -> None:
    version = PROJECT["version"]
    names = {path.name for path in dist.iterdir()}
    wheel = f"mmrec_course-{version}-py3-none-any.whl"
    data = f"mmrec-course-data-{version}.zip"
    assert names == {wheel, f"mmrec_course-{version}.tar.gz", data, "SHA256SUMS"}
    sums = dict(line.split("  ")[::-1] for line in (dist / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == names - {"SHA256SUMS"}
    with zipfile.ZipFile(dist / wheel) as file:
        packaged = {name for name in file.namelist() if name.startswith("mmrec_course/")}
    folder = ROOT / "mmrec_course"
    files = (p for kind in ("*.py", "*.jinja") for p in folder.rglob(kind))
    assert packaged == {path.relative_to(ROOT).as_posix() for path in files}


def test_the_package_works_from_the_wheel_alone(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(tmp_path / "site")
    archive = dist / f"mmrec-course-data-{PROJECT['version']}.zip"
    (sha256,) = re.findall(r"(\w+)  \S+\.zip", (dist / "SHA256SUMS").read_text())
    script = f"""
import mmrec_course
from mmrec_course.datasets import load_mosaic, load_stamps
from mmrec_course.extras.download import fetch_data
assert mmrec_course.__file__.startswith({str(tmp_path)!r}), mmrec_course.__file__
try:
    load_mosaic()
except FileNotFoundError as error:
    assert "fetch_data" in str(error)
else:
    raise AssertionError("there were data before they were fetched")
try:
    fetch_data({str(archive)!r}, "0" * 64)
except ValueError as error:
    assert "SHA-256" in str(error)
print(fetch_data({str(archive)!r}, {sha256!r}))
print(len(load_mosaic().items), len(load_stamps().items), len(load_mosaic().problems))
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    environment["MMREC_DATA"] = str(tmp_path / "data")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(tmp_path / "data"), "480 454 0"]


def test_citation_and_changelog_name_the_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert {"cff-version", "message", "title", "authors", "date-released", "license"} <= set(
        citation
    )
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (newest,) = re.findall(r"^## (\S+) · (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)[:1]
    assert newest == (PROJECT["version"], str(citation["date-released"]))
