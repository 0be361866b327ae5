"""Hand-outs: a copy of lessons and exercises in class/, without what the class shall predict first.

    python tools/build_class.py

The outputs of cells with the tag predict are cleared, all others stay: who cannot run a cell can
still read. Exercises are blank, and solutions are left out. Links to media and between notebooks
work as in notebooks/, since class/ lies beside it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (".", "deeper", "exercises")


def build(root: Path) -> tuple[int, int]:
    """Write root/class anew; return how many notebooks and how many cleared cells it has."""
    target = root / "class"
    shutil.rmtree(target, ignore_errors=True)
    written = cleared = 0
    for folder in FOLDERS:
        (target / folder).mkdir(parents=True, exist_ok=True)
        for path in sorted((root / "notebooks" / folder).glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
            for cell in notebook.cells:
                if cell.cell_type == "code" and "predict" in cell.metadata.get("tags", []):
                    cell.outputs, cell.execution_count = [], None
                    cleared += 1
            nbformat.write(notebook, target / folder / path.name)
            written += 1
    return written, cleared


if __name__ == "__main__":
    print("class/: {} notebooks, {} outputs to predict".format(*build(ROOT)))
