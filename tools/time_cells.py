"""How long the cells of a lesson run: writes docs/teaching/slow_cells.md.

    python tools/time_cells.py "two cores of a cloud server, 2.0 GHz" [NN …]

The first argument names the machine, which should have nothing else to do, the others lessons.
Lessons whose packages are not installed keep their rows: run it once in each environment.
Seconds stand on that page and in no output.
"""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path

import nbformat
from course_map import LESSONS, missing_framework
from nbclient import NotebookClient
from teaching import PAGES, sections

ROOT = Path(__file__).resolve().parent.parent
TARGET = PAGES / "slow_cells.md"
SLOW_S = 5
HEAD = """\
# Cells that take time

Measured with `python tools/time_cells.py` on {machine}, with the features in the \
cache (the first run of all adds about a minute, once): every lesson from top to bottom in a fresh \
kernel. Cells of {slow} s and more are named. In class, show the stored output while they run, or \
leave them out and show the stored output alone.

| lesson | all cells | cells of {slow} s and more |
|---|---|---|
"""


def seconds(cell: nbformat.NotebookNode) -> float:
    """From the kernel's start on a cell to its last message."""
    times = {key: datetime.fromisoformat(at) for key, at in cell.metadata.execution.items()}
    first, last = times["iopub.execute_input"], times["shell.execute_reply"]
    return (last - first).total_seconds()


def row(name: str) -> str:
    """Run a lesson; say how long it took and which cells took most of it."""
    path = ROOT / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=600, record_timing=True, resources=resources).execute()
    total, slow = 0.0, []
    for section in sections(notebook):
        for number, cell in enumerate(section.cells, start=1):
            taken = seconds(cell)
            total += taken
            if taken >= SLOW_S:
                slow.append(f"{section.title} · {number}: {taken:.0f} s")
    return f"| [{name[:2]}]({name}.md) | {total:.0f} s | {'<br>'.join(slow) or '–'} |"


def main() -> None:
    """Write the page anew; rows of lessons that cannot run here are kept."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    old = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    rows = dict(re.findall(r"^(\| \[(\d\d)\].*)$", old, re.MULTILINE))
    rows = {number: line for line, number in rows.items()}
    for name in LESSONS:
        wanted = name[:2] in sys.argv[2:] or not sys.argv[2:]
        if wanted and not missing_framework(Path(name)):
            rows[name[:2]] = row(name)
            print(rows[name[:2]], flush=True)
    head = HEAD.format(machine=sys.argv[1], slow=SLOW_S)
    TARGET.write_text(head + "\n".join(rows[n] for n in sorted(rows)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
