"""Copies of the lessons that run in Google Colab: colab/NN_name.ipynb.

    python tools/build_colab.py OWNER/NAME

OWNER/NAME is the public repository. A copy begins with a badge and a cell that fetches the
repository, installs the locked versions of what lessons import, and says what it did. Jupyter's
own packages stay as Colab has them. The workflow colab.yml pushes the copies to a branch colab.
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from pathlib import Path

import nbformat
from course_map import FRAMEWORKS, LESSONS
from nbformat.v4 import new_code_cell, new_markdown_cell

ROOT = Path(__file__).resolve().parent.parent
# Part of Colab's own kernel, or needed by tests and the page only.
LEFT_OUT = {"anywidget", "ipywidgets", "jupyterlab", "nbval", "pytest", "setuptools", "voila"}
BADGE = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/{repository}/blob/colab/{name}.ipynb)"
)
FIRST_CELL = """\
# Colab only: fetch the course and the versions of packages that it was tested with.
import os
import subprocess
import sys

COURSE = "/content/course"
PACKAGES = "{packages}".split()
if not os.path.isdir(COURSE):
    address = "https://github.com/{repository}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", address, COURSE], check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "-c", f"{{COURSE}}/requirements.lock"]
    subprocess.run([*pip, *PACKAGES], check=True)
    print(f"fetched {{address}} into {{COURSE}}, installed {{len(PACKAGES)}} packages as locked")
    if {{"numpy", "pandas"}} & set(sys.modules):
        print("Now choose Runtime > Restart session, and run this cell again.")
os.chdir(f"{{COURSE}}/notebooks")
sys.path.insert(0, COURSE)
print("the kernel's folder is", os.getcwd())"""


def packages() -> str:
    """Names of the packages that lessons and the package import."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.match(r"[\w.-]+", text)[0] for text in project["dependencies"]]  # type: ignore[index]
    return " ".join(name for name in names if name not in LEFT_OUT)


def build(repository: str, target: Path) -> list[Path]:
    """Write the lessons that need the core alone; return their paths."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ValueError(f"repository: {repository!r} is not OWNER/NAME")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    made = []
    for name in (lesson for lesson in LESSONS if lesson[:2] not in FRAMEWORKS):
        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        cell = FIRST_CELL.format(repository=repository, packages=packages())
        notebook.cells[:0] = [
            new_markdown_cell(BADGE.format(repository=repository, name=name), id="colab-badge"),
            new_code_cell(cell, id="colab-setup"),
        ]
        made.append(target / f"{name}.ipynb")
        nbformat.write(notebook, made[-1])
    return made


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(f"colab/: {len(build(sys.argv[1], ROOT / 'colab'))} notebooks")
