"""Text sources in, notebooks out: `make notebooks`, or `make notebooks ONLY=03` for one lesson.

    notebooks/src/NN_name.py            → notebooks/NN_name.ipynb            executed
    notebooks/src/deeper/NN_name.py     → notebooks/deeper/NN_name.ipynb     executed
    notebooks/src/exercises/NN_name.py  → notebooks/solutions/NN_name.ipynb  executed
                                        → notebooks/exercises/NN_name.ipynb  blanks for the reader
    apps/name/src/name.py               → apps/name/name.ipynb               executed, for Voilà

Sources are jupytext's py:percent. CONTRIBUTING.md explains how exercises are marked. The same
source gives the same bytes on the same machine: ids come from the source, nothing is timed. In a
first cell, `{minutes}` becomes the reading time (tools/reading_time.py).

With `--keep-outputs` a notebook none of whose code cells has changed is not run: it keeps its
outputs and takes over words, tags and the version at its end.

Outputs must hold on every processor. So each notebook also runs with features that differ by a
relative 1e-6, and one that then prints something else is not written.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import os
import re
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from course_map import missing_framework
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import ClearSolutions
from notebook_rules import UNCOMPARED_TAGS, hygiene_problems
from reading_time import fill_in

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT_S = 600
WIDGET = "application/vnd.jupyter.widget"
# Seed of the changes → the processor whose linear algebra computes; "" is this machine's own.
JITTER = {1: "Nehalem", 2: "Haswell", 3: ""}
WORD = re.compile(r"[\w.+−-]+|\S")  # for comparison: a number, a word, or one other character

# No Python version and no machine: a notebook must read the same wherever it was built.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"},
}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
FOOTER = f"\n\n---\n*mmrec-course {VERSION} · lessons CC BY 4.0, code MIT*"
KINDS = ("deeper", "solutions", "exercises")
KEPT_KEYS = {"tags", "slideshow"}
EXERCISE_KEYS = {"exercise", "check", "points"}
JUPYTEXT_KEYS = {"lines_to_next_cell", "lines_to_end_of_cell_marker"}


def read_source(path: Path) -> NotebookNode:
    """Read a py:percent source into a notebook without outputs, ids and nbgrader metadata set."""
    notebook = jupytext.read(path, fmt="py:percent")
    if notebook.cells:
        fill_in(notebook)
    is_exercise = path.parent.name == "exercises"
    ids: dict[str, int] = {}
    for number, cell in enumerate(notebook.cells, start=1):
        marks = dict(cell.metadata)
        allowed = KEPT_KEYS | JUPYTEXT_KEYS | (EXERCISE_KEYS if is_exercise else set())
        unknown = sorted(set(marks) - allowed)
        if unknown:
            raise ValueError(
                f"{path.name}: cell {number}: unknown mark {unknown[0]!r}; "
                f"use one of {sorted(allowed - JUPYTEXT_KEYS)}"
            )
        cell.metadata = {key: marks[key] for key in sorted(KEPT_KEYS & set(marks))}
        grading = _nbgrader_metadata(marks, f"{path.name}: cell {number}")
        if grading:
            cell.metadata["nbgrader"] = grading
        cell.id = _unique(grading.get("grade_id") or _content_id(cell), ids)
        if grading:
            grading["grade_id"] = cell.id
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    if path.name[0].isdigit() and notebook.cells and notebook.cells[-1].cell_type == "markdown":
        notebook.cells[-1].source += FOOTER
    notebook.metadata = nbformat.from_dict(copy.deepcopy(NOTEBOOK_METADATA))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    if is_exercise:
        _require_checked_exercises(notebook, path.name)
    return nbformat.from_dict(notebook)


def execute(notebook: NotebookNode, folder: Path, seed: int | None = None) -> NotebookNode:
    """Run every cell in a fresh kernel started in `folder`; an error in a cell is raised.

    With a seed, features differ in their last digits (tools/jitter.py), and so does linear algebra.
    """
    notebook = copy.deepcopy(notebook)
    environment = dict(os.environ)
    if seed is not None:
        environment["OPENBLAS_CORETYPE"] = JITTER[seed]
        tools = str(Path(__file__).parent)
        prelude = f"import sys; sys.path.append({tools!r}); import jitter; jitter.install({seed})"
        notebook.cells.insert(0, nbformat.v4.new_code_cell(prelude))
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_TIMEOUT_S,
        resources={"metadata": {"path": str(folder)}},
        allow_errors=False,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    ).execute(env=environment)
    if seed is not None:
        del notebook.cells[0]
    notebook.metadata = nbformat.from_dict(copy.deepcopy(NOTEBOOK_METADATA))
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not _is_widget(output)]
        for output in cell.get("outputs", []):
            # Matplotlib's inline backend writes this key in some versions only.
            output.get("metadata", {}).pop("needs_background", None)
    return notebook


def _is_widget(output: NotebookNode) -> bool:
    """A stored widget would be an empty frame: what it shows lives in a session that is over."""
    return any(kind.startswith(WIDGET) for kind in output.get("data", {}))


def fragile_cells(stored: NotebookNode, source: NotebookNode, folder: Path) -> list[str]:
    """Say which cells of an executed notebook print something else with other last digits."""
    if not any("mmrec_course" in cell.source for cell in _code(source)):
        return []

    def problems(seed: int) -> list[str]:
        try:
            again = execute(source, folder, seed)
        except CellExecutionError as error:
            what = f"{error.ename}: {error.evalue}"
            return [f"fails where features differ by 1e-6 (seed {seed}): {what}"]
        pairs = zip(_code(stored), _code(again), strict=True)
        return [
            f"code cell {number}: prints {old!r}, but {new!r} where features differ by 1e-6"
            f" (seed {seed}); print fewer digits, a rank or a count"
            for number, (cell, other) in enumerate(pairs, start=1)
            if not UNCOMPARED_TAGS & set(cell.metadata.get("tags", []))
            for old, new in _first_difference(_printed(cell), _printed(other))
        ]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [text for texts in pool.map(problems, JITTER) for text in texts]


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _printed(cell: NotebookNode) -> str:
    """All that nbval compares of a cell's outputs: text, no pictures."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        texts += [output.get("text", "")] + [data[k] for k in sorted(data) if "image/" not in k]
    return "\n".join(map(str, texts))


def _first_difference(stored: str, again: str) -> list[tuple[str, str]]:
    """The first word or number that differs, as a list of one pair; empty if none does."""
    pairs = zip_longest(WORD.findall(stored), WORD.findall(again), fillvalue="")
    return next(([pair] for pair in pairs if pair[0] != pair[1]), [])


def blank(notebook: NotebookNode) -> NotebookNode:
    """Return the reader's form: solutions cleared by nbgrader, no outputs, same ids."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    notebook, _ = ClearSolutions().preprocess(notebook, {})
    MetadataValidator().validate_nb(notebook)
    return notebook


def dump(notebook: NotebookNode) -> str:
    """Serialise with sorted keys, one-space indent and a trailing newline."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"


def with_stored_outputs(notebook: NotebookNode, target: Path) -> NotebookNode | None:
    """The notebook with the outputs stored in `target`; None if a code cell has changed."""
    if not target.exists():
        return None
    notebook = copy.deepcopy(notebook)
    stored = _code(nbformat.read(target, as_version=nbformat.NO_CONVERT))
    if [cell.source for cell in stored] != [cell.source for cell in _code(notebook)]:
        return None
    for cell, old in zip(_code(notebook), stored, strict=True):
        cell.outputs, cell.execution_count = old.outputs, old.execution_count
    return notebook


def build(root: Path, only: list[str], keep_outputs: bool = False) -> list[str]:
    """Build the chosen lessons and their exercises; return what breaks a rule.

    A notebook with fragile cells is not written, one that breaks another rule is.
    """
    executed: list[tuple[Path, NotebookNode]] = []
    problems: list[str] = []
    for source in _sources(root, only):
        if not keep_outputs and (missing := missing_framework(source)):
            print(f"left out: {source.name} needs {missing}: make notebooks-extras", flush=True)
            continue
        notebook = read_source(source)
        for target in _targets(root, source):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.parent.name == "exercises":
                made = blank(notebook)
            elif keep_outputs and (kept := with_stored_outputs(notebook, target)):
                made = kept
                executed.append((target, made))
            else:
                print(f"running {target.relative_to(root)}", flush=True)
                made = execute(notebook, target.parent)
                fragile = fragile_cells(made, notebook, target.parent)
                problems += [f"{target.relative_to(root)}: {text}" for text in fragile]
                if fragile:
                    continue
                executed.append((target, made))
            target.write_text(dump(made), encoding="utf-8")
    # Only now: a lesson may link to its exercises, which are written after it.
    return problems + [
        f"{target.relative_to(root)}: {problem}"
        for target, made in executed
        for problem in hygiene_problems(made, target)
    ]


def check(root: Path, only: list[str] | None = None) -> list[str]:
    """Say where sources and notebooks disagree, executing nothing; an empty list is agreement."""
    problems = []
    expected: set[Path] = set()
    for source in _sources(root, only or []):
        notebook = read_source(source)
        for target in _targets(root, source):
            expected.add(target)
            name = str(target.relative_to(root))
            if not target.exists():
                problems.append(f"{name}: missing; run `make notebooks ONLY={source.stem}`")
                continue
            stored = nbformat.read(target, as_version=nbformat.NO_CONVERT)
            is_blank = target.parent.name == "exercises"
            wanted = blank(notebook) if is_blank else notebook
            problems += [f"{name}: {text}" for text in _differences(wanted, stored, is_blank)]
    if not only:
        folders = ("notebooks", *(f"notebooks/{kind}" for kind in KINDS), "apps/*")
        stored_files = {path for folder in folders for path in root.glob(f"{folder}/*.ipynb")}
        problems += [
            f"{path.relative_to(root)}: has no source in src; write one or delete it"
            for path in sorted(stored_files - expected)
        ]
    return problems


def _differences(wanted: NotebookNode, stored: NotebookNode, is_blank: bool) -> list[str]:
    remedy = "run `make notebooks`, or restore the file if it was only saved from JupyterLab"
    if (stored.nbformat, stored.nbformat_minor) != (wanted.nbformat, wanted.nbformat_minor):
        return [f"format {stored.nbformat}.{stored.nbformat_minor}, not 4.5; {remedy}"]
    problems = []
    if stored.metadata != wanted.metadata:
        problems.append(f"notebook metadata differ from the source's; {remedy}")
    if len(stored.cells) != len(wanted.cells):
        return [*problems, f"{len(stored.cells)} cells, source has {len(wanted.cells)}; {remedy}"]
    keys = ["cell_type", "source", "id", "metadata"] + (["outputs"] if is_blank else [])
    for number, (old, new) in enumerate(zip(stored.cells, wanted.cells, strict=True), start=1):
        changed = [key for key in keys if old.get(key) != new.get(key)]
        if changed:
            problems.append(f"cell {number}: {', '.join(changed)} differ from the source; {remedy}")
    return problems


def _nbgrader_metadata(marks: dict[str, Any], place: str) -> dict[str, Any]:
    """Turn exercise="name" or check="name" points=2 into nbgrader's cell metadata."""
    name = marks.get("exercise", marks.get("check"))
    if name is None:
        if "points" in marks:
            raise ValueError(f'{place}: points without check=; write check="name" points=2')
        return {}
    if {"exercise", "check"} <= set(marks):
        raise ValueError(f"{place}: a cell is either an exercise or a check; split it")
    if not re.fullmatch(r"[a-z0-9_]+", str(name)):
        raise ValueError(f"{place}: exercise name {name!r}; use lower-case letters, digits and _")
    is_check = "check" in marks
    grading = {
        "grade": is_check,
        "grade_id": f"{'check' if is_check else 'exercise'}-{name}",
        "locked": is_check,
        "schema_version": 3,
        "solution": not is_check,
        "task": False,
    }
    if is_check:
        grading["points"] = int(marks.get("points", 1))
    elif "points" in marks:
        raise ValueError(f"{place}: points belong to the check, not to the exercise cell")
    return grading


def _require_checked_exercises(notebook: NotebookNode, name: str) -> None:
    ids = [cell.id for cell in notebook.cells if "nbgrader" in cell.metadata]
    exercises = {text.removeprefix("exercise-") for text in ids if text.startswith("exercise-")}
    checks = {
        re.sub(r"-\d+$", "", text.removeprefix("check-"))
        for text in ids
        if text.startswith("check-")
    }
    exercises = {re.sub(r"-\d+$", "", text) for text in exercises}
    if not exercises:
        raise ValueError(f'{name}: no exercise; mark a solution cell with `# %% exercise="name"`')
    for lonely in sorted(exercises ^ checks):
        missing = "check" if lonely in exercises else "exercise"
        raise ValueError(
            f'{name}: {lonely!r} has no {missing} cell; add `# %% {missing}="{lonely}"`'
        )


def _content_id(cell: NotebookNode) -> str:
    text = f"{cell.cell_type}\n{cell.source}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:10]


def _unique(identifier: str, seen: dict[str, int]) -> str:
    seen[identifier] = seen.get(identifier, 0) + 1
    return identifier if seen[identifier] == 1 else f"{identifier}-{seen[identifier]}"


def _sources(root: Path, only: list[str]) -> list[Path]:
    folders = ("notebooks/src", "notebooks/src/deeper", "notebooks/src/exercises", "apps/*/src")
    found = sorted(path for folder in folders for path in root.glob(f"{folder}/*.py"))
    for name in only:
        if not any(path.stem.startswith(name) for path in found):
            raise ValueError(f"no source in notebooks/src or apps/*/src starts with {name!r}")
    return [path for path in found if not only or any(path.stem.startswith(x) for x in only)]


def _targets(root: Path, source: Path) -> list[Path]:
    folder = root / "notebooks"
    name = f"{source.stem}.ipynb"
    if source.parent.name == "exercises":
        return [folder / "solutions" / name, folder / "exercises" / name]
    if source.parent.name == "deeper":
        return [folder / "deeper" / name]
    if source.is_relative_to(root / "apps"):
        return [source.parent.parent / name]
    return [folder / name]


def main() -> int:
    """Build or check from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("only", nargs="*", help="lesson names or their beginnings; default all")
    parser.add_argument("--check", action="store_true", help="compare only, execute nothing")
    parser.add_argument(
        "--keep-outputs", action="store_true", help="run only notebooks whose code has changed"
    )
    parser.add_argument("--no-execute", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.no_execute:
        parser.error("a lesson is stored with its outputs or not at all; use --check to compare")
    # Set before a kernel starts: two threads are what every supported machine has.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(variable, "2")
    os.environ.setdefault("MMREC_CACHE", str(ROOT / ".cache" / "features"))  # the tests' own
    problems = check(ROOT, args.only) if args.check else build(ROOT, args.only, args.keep_outputs)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
