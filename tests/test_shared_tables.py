"""What two lessons measure in the same way has the same figures in both."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent


def running_rows(notebook: NotebookNode) -> dict[str, str]:
    """Model → its figures, in the cells that print a running table (extras/cold_start.py)."""
    rows = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "running_table(" in cell.source:
            text = "".join(output.get("text", "") for output in cell.outputs)
            for name, figures in re.findall(r"^(\w[\w ]*?)  +(-?\d[\d. −-]*)$", text, re.MULTILINE):
                rows[name] = " ".join(figures.split())
    return rows


def test_the_running_table_has_the_same_figures_in_every_lesson() -> None:
    lessons = {
        path.stem: running_rows(nbformat.read(path, as_version=4))
        for path in sorted(ROOT.glob("notebooks/[0-9]*.ipynb"))
    }
    lessons = {stem: rows for stem, rows in lessons.items() if rows}
    assert len(lessons) >= 7, f"too few lessons print it: {list(lessons)}"
    for model in ("chance", "image", "text", "audio", "early fusion"):
        figures = {stem: rows[model] for stem, rows in lessons.items() if model in rows}
        assert len(figures) >= 2, model
        assert len(set(figures.values())) == 1, (model, figures)
