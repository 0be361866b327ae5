"""The notebooks keep the house rules, agree with their sources, and are compared strictly.

Every rule is first shown to bite on a small bad notebook, then applied to the whole course.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import build_notebooks
import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import notebook_rules as rules
import pytest
from course_map import LESSONS, missing_framework
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from reading_time import reading_minutes

from mmrec_course.datasets import load_movielens

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("notebooks", "notebooks/deeper", "notebooks/solutions", "apps/*")
STORED = sorted(path for folder in FOLDERS for path in ROOT.glob(f"{folder}/*.ipynb"))
BLANKS = sorted(ROOT.glob("notebooks/exercises/*.ipynb"))

LESSON = """\
# %% [markdown]
# # A small lesson
#
# **Aim**: count. **Time**: one minute. **Needs**: nothing.

# %%
tracks = 480
print("tracks", tracks)

# %% [markdown]
# As many as there are.
#
# ## Your turn
# [Exercises](exercises/00_small.ipynb)
#
# ## Recap
# We counted.
#
# ## Sources
# None.
"""

EXERCISE = """\
# %% [markdown]
# # Exercises: a small lesson
# Write the mean.

# %% exercise="mean"
def mean(values):
    ### BEGIN SOLUTION
    return sum(values) / len(values)
    ### END SOLUTION


# %% check="mean" points=2
assert mean([1, 2, 6]) == 3, "look at what you divide by"

# %% [markdown]
# That was all.
"""


APP = """\
# %% [markdown]
# # An app

# %% tags=["nbval-ignore-output"]
# Output not compared: it lives in the session that made it.
import ipywidgets
from toy import HIGHEST

ipywidgets.IntSlider(max=HIGHEST)

# %% [markdown]
# That was all.
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one lesson, exercise and app, built, under the project's own configuration."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, folder)
    for name in ("tests", "mmrec_course", "tools", "notebooks/src/exercises", "apps/toy/src"):
        (folder / name).mkdir(parents=True)
    for name in ("course_map.py", "forked_kernels.py"):
        shutil.copy(ROOT / "tools" / name, folder / "tools")
    (folder / "tools" / "test_nothing.py").write_text("raise RuntimeError('collected')\n")
    (folder / "notebooks/src/00_small.py").write_text(LESSON)
    (folder / "notebooks/src/exercises/00_small.py").write_text(EXERCISE)
    (folder / "apps/toy/toy.py").write_text("HIGHEST = 100\n")
    (folder / "apps/toy/src/toy.py").write_text(APP)
    assert build_notebooks.build(folder, []) == []
    return folder


@pytest.fixture
def course_copy(course: Path, tmp_path: Path) -> Path:
    """A copy of the small course that a test may spoil."""
    return Path(shutil.copytree(course, tmp_path / "course"))


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a newcomer would, free of the options of the run that we are in."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    # Four kernels without libraries start faster than one that has imported all of them.
    environment["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "local-provisioner"
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def edit(path: Path, old: str, new: str) -> None:
    """Replace the one place where `old` stands in a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- strict comparison is on -------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict_run(course: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Report of one `pytest --nbval` over the small course, and a copy with one digit off and with
    cells that have needs, where encoders are present and ratings are absent."""
    folder = tmp_path_factory.mktemp("strict") / "course"
    shutil.copytree(course, folder)
    write_changed(folder)
    return run_pytest(folder, "-rA").stdout.splitlines()


def test_pytest_nbval_runs_lessons_solutions_and_apps_and_neither_blanks_nor_sources(
    strict_run: list[str],
) -> None:
    report = "\n".join(strict_run)
    assert "PASSED notebooks/00_small.ipynb::Cell 0" in strict_run
    assert "PASSED notebooks/solutions/00_small.ipynb::Cell 1" in strict_run
    assert "PASSED apps/toy/toy.ipynb::Cell 0" in strict_run
    for kept_out in ("notebooks/exercises", "notebooks/src", "apps/toy/src", "tools/"):
        assert kept_out not in report


def test_one_changed_digit_in_a_stored_output_fails(strict_run: list[str]) -> None:
    failed = [line.split(" - ")[0] for line in strict_run if line.startswith("FAILED")]
    assert "FAILED notebooks/01_changed.ipynb::Cell 0" in failed
    assert not any("small.ipynb" in line for line in failed)
    assert any("Cell outputs differ" in line for line in strict_run)


def test_the_project_compares_strictly_everywhere() -> None:
    configuration = (ROOT / "pyproject.toml").read_text() + (ROOT / "Makefile").read_text()
    assert "nbval-lax" not in configuration
    assert "sanitize" not in configuration
    assert "pytest --nbval" in (ROOT / "Makefile").read_text()


# --- the builder --------------------------------------------------------------------------------


def test_building_twice_gives_the_same_bytes(course: Path, course_copy: Path) -> None:
    build_notebooks.build(course_copy, ["00"])
    for name in ("00_small.ipynb", "solutions/00_small.ipynb", "exercises/00_small.ipynb"):
        first, again = course / "notebooks" / name, course_copy / "notebooks" / name
        assert first.read_bytes() == again.read_bytes(), name


def test_changed_words_keep_the_outputs_and_changed_code_does_not(
    course_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = course_copy / "notebooks/src/00_small.py"
    edit(source, "As many as there are.", "All of them.")
    run = build_notebooks.execute
    monkeypatch.delattr(build_notebooks, "execute")
    build_notebooks.build(course_copy, ["00"], keep_outputs=True)
    stored = nbformat.read(course_copy / "notebooks/00_small.ipynb", as_version=4)
    assert stored.cells[1].outputs[0].text == "tracks 480\n"
    assert stored.cells[2].source.startswith("All of them.")
    assert f"mmrec-course {build_notebooks.VERSION}" in stored.cells[2].source
    monkeypatch.setattr(build_notebooks, "execute", run, raising=False)
    edit(source, "tracks = 480", "tracks = 481")
    build_notebooks.build(course_copy, ["00"], keep_outputs=True)
    stored = nbformat.read(course_copy / "notebooks/00_small.ipynb", as_version=4)
    assert stored.cells[1].outputs[0].text == "tracks 481\n"


def test_exercises_exist_in_three_forms_with_equal_ids(course: Path) -> None:
    source = build_notebooks.read_source(course / "notebooks/src/exercises/00_small.py")
    solved = nbformat.read(course / "notebooks/solutions/00_small.ipynb", as_version=4)
    blank = nbformat.read(course / "notebooks/exercises/00_small.ipynb", as_version=4)
    ids = [cell.id for cell in source.cells]
    assert [cell.id for cell in solved.cells] == [cell.id for cell in blank.cells] == ids
    assert ids[1:3] == ["exercise-mean", "check-mean"]
    assert "sum(values)" in solved.cells[1].source
    assert "sum(values)" not in blank.cells[1].source
    assert "raise NotImplementedError()" in blank.cells[1].source
    assert blank.cells[2].metadata.nbgrader == {
        "grade": True,
        "grade_id": "check-mean",
        "locked": True,
        "points": 2,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }


def test_an_app_is_stored_without_its_widget_which_would_be_an_empty_frame(
    course_copy: Path,
) -> None:
    stored = course_copy / "apps/toy/toy.ipynb"
    cell = nbformat.read(stored, as_version=4).cells[1]
    assert (cell.execution_count, cell.outputs) == (1, [])
    assert build_notebooks.check(course_copy) == []
    edit(stored, "That was all.", "There is more.")
    assert "apps/toy/toy.ipynb: cell 3: source differ" in "".join(
        build_notebooks.check(course_copy)
    )


def test_a_cell_keeps_its_id_when_another_is_added(tmp_path: Path) -> None:
    source = tmp_path / "00_small.py"
    source.write_text(LESSON)
    before = [cell.id for cell in build_notebooks.read_source(source).cells]
    source.write_text(
        "# %% [markdown]\n# # New\n\n" + LESSON + "\n# %%\nprint(1)\n\n# %%\nprint(1)\n"
    )
    after = [cell.id for cell in build_notebooks.read_source(source).cells]
    assert after[1:4] == before
    assert len(set(after)) == len(after)


def test_minutes_are_computed_from_words_and_code(tmp_path: Path) -> None:
    source = tmp_path / "00_small.py"
    source.write_text(LESSON.replace("one minute", "{minutes} minutes"))
    assert "**Time**: 0 minutes." in build_notebooks.read_source(source).cells[0].source
    source.write_text(source.read_text() + "word " * 1150 + "\n\n# %%\n" + "f()\n" * 50)
    assert "**Time**: 25 minutes." in build_notebooks.read_source(source).cells[0].source


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('exercise="mean"', 'excercise="mean"', "unknown mark 'excercise'"),
        ('exercise="mean"', 'exercise="other"', "has no"),
        ('exercise="mean"', 'exercise="The mean"', "lower-case"),
        ('check="mean" points=2', "points=2", "points without check"),
        ('check="mean"', 'check="mean" exercise="mean"', "split it"),
    ],
)
def test_wrong_marks_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "exercises").mkdir()
    source = tmp_path / "exercises" / "00_small.py"
    source.write_text(EXERCISE.replace(old, new))
    with pytest.raises(ValueError, match=message):
        build_notebooks.read_source(source)


def test_exercise_marks_are_refused_in_a_lesson(tmp_path: Path) -> None:
    source = tmp_path / "00_small.py"
    source.write_text(EXERCISE)
    with pytest.raises(ValueError, match="unknown mark"):
        build_notebooks.read_source(source)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("src/00_small.py", "tracks = 480", "tracks = 481", "cell 2: source, id differ"),
        ("00_small.ipynb", "As many as", "As few as", "cell 3: source differ"),
        ("00_small.ipynb", '"name": "python3"', '"name": "mine"', "notebook metadata differ"),
        ("exercises/00_small.ipynb", '"points": 2', '"points": 3', "cell 3: metadata differ"),
        ("exercises/00_small.ipynb", "raise NotImplementedError()", "return 3", "source differ"),
    ],
)
def test_check_says_where_source_and_notebook_disagree(
    course_copy: Path, name: str, old: str, new: str, message: str
) -> None:
    assert build_notebooks.check(course_copy) == []
    edit(course_copy / "notebooks" / name, old, new)
    assert any(message in problem for problem in build_notebooks.check(course_copy))


def test_check_finds_missing_and_orphaned_notebooks(course_copy: Path) -> None:
    notebooks = course_copy / "notebooks"
    (notebooks / "00_small.ipynb").rename(notebooks / "01_orphan.ipynb")
    problems = "\n".join(build_notebooks.check(course_copy))
    assert "00_small.ipynb: missing" in problems
    assert "01_orphan.ipynb: has no source" in problems


# --- cells that need what is not there ------------------------------------------------------------


def write_changed(folder: Path) -> None:
    """A package that has encoders and no ratings, and a lesson with one digit off and with cells
    that need them."""
    for module, code in {
        "extras/encoders": "def encoders_available():\n    return True\n",
        "datasets/__init__": "def load_movielens(name, *, download):\n"
        "    assert not download\n    raise FileNotFoundError('not there')\n",
    }.items():
        path = folder / "mmrec_course" / f"{module}.py"
        path.parent.mkdir(parents=True)
        for package in (path.parent, path.parent.parent):
            (package / "__init__.py").touch()
        path.write_text(code)
    notebook = nbformat.read(folder / "notebooks/00_small.ipynb", as_version=4)
    notebook.cells[1].outputs[0].text = notebook.cells[1].outputs[0].text.replace("480", "481")
    notebook.cells += [
        new_code_cell("encoders = ratings = 'absent'", execution_count=2),
        new_code_cell(
            "encoders = 'used'", execution_count=3, metadata={"tags": [rules.NEEDS_ENCODERS]}
        ),
        new_code_cell(
            "ratings = 'used'", execution_count=4, metadata={"tags": [rules.NEEDS_MOVIELENS]}
        ),
        new_code_cell("assert encoders == 'used'", execution_count=5),
        new_code_cell("assert ratings == 'used'", execution_count=6),
    ]
    nbformat.write(notebook, folder / "notebooks/01_changed.ipynb")


def test_a_cell_runs_where_what_it_needs_is_there_and_is_skipped_where_it_is_not(
    strict_run: list[str],
) -> None:
    changed = "notebooks/01_changed.ipynb::Cell"
    for passed in (1, 2, 4):
        assert f"PASSED {changed} {passed}" in strict_run
    (line,) = [line for line in strict_run if line.startswith("SKIPPED")]
    assert "make movielens" in line
    assert any(line.startswith(f"FAILED {changed} 5") for line in strict_run)


@pytest.mark.parametrize("encoders", [True, False])
@pytest.mark.parametrize("ratings", [None, ValueError, FileNotFoundError])
def test_what_is_absent_is_asked_for_where_it_is_needed_and_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    encoders: bool,
    ratings: type[Exception] | None,
) -> None:
    def load(name: str, *, download: bool) -> None:
        print("the licence")
        assert not download
        if ratings:
            raise ratings

    monkeypatch.setattr("mmrec_course.extras.encoders.encoders_available", lambda: encoders)
    monkeypatch.setattr("mmrec_course.datasets.load_movielens", load)
    spec = importlib.util.spec_from_file_location("conftest_of_the_course", ROOT / "conftest.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tags = [[], [rules.NEEDS_ENCODERS], [rules.NEEDS_MOVIELENS]]
    items = [Cell(some) for some in tags]
    module.pytest_collection_modifyitems([*items, object()])
    assert capsys.readouterr().out == ""
    reasons = [[mark.kwargs["reason"] for mark in item.marks] for item in items]
    assert reasons == [
        [],
        [] if encoders else ['needs pip install "mmrec-course[encoders]"'],
        # Ratings that are there and spoilt are no reason: the cells will say where.
        ["needs MovieLens 100K: make movielens downloads it, once"]
        if ratings is FileNotFoundError
        else [],
    ]


class Cell:
    """What nbval collects, as far as conftest.py looks at it."""

    def __init__(self, tags: list[str]) -> None:
        self.cell = new_code_cell("1", metadata={"tags": tags})
        self.path = Path("notebooks/00_small.ipynb")
        self.marks: list[pytest.Mark] = []

    def add_marker(self, marker: pytest.MarkDecorator) -> None:
        self.marks.append(marker.mark)


# --- every rule bites ---------------------------------------------------------------------------


def small(
    source: str = "print(1)", *outputs: NotebookNode, tags: tuple[str, ...] = ()
) -> NotebookNode:
    """A lesson with one code cell, right in every respect but what the arguments bring."""
    code = new_code_cell(source, execution_count=1, outputs=list(outputs))
    if tags:
        code.metadata["tags"] = list(tags)
    top = new_markdown_cell("# Title\n\n**Aim**: a\n\n**Time**: b\n\n**Needs**: c")
    end = new_markdown_cell("## Your turn\n\n## Recap\n\n## Sources")
    return new_notebook(cells=[top, code, end])


def shown(kind: str, content: str, alt: str = "") -> NotebookNode:
    """An output with one representation."""
    metadata = {kind: {"alt": alt}} if alt else {}
    return new_output("display_data", data={kind: content}, metadata=metadata)


def printed(text: str, name: str = "stdout") -> NotebookNode:
    """A stream output."""
    return new_output("stream", name=name, text=text)


def without_count() -> NotebookNode:
    """A notebook that was never run."""
    notebook = small()
    notebook.cells[1].execution_count = None
    return notebook


def with_text(text: str, position: int = 0) -> NotebookNode:
    """A notebook with another text cell."""
    notebook = small()
    notebook.cells[position].source = text
    return notebook


def with_cells(count: int) -> NotebookNode:
    """A notebook with so many code cells."""
    notebook = small()
    notebook.cells[1:2] = [new_code_cell("1", execution_count=n + 1) for n in range(count)]
    return notebook


def leaning(source: str, tags: tuple[str, ...] = ()) -> NotebookNode:
    """A notebook whose second cell follows one that is skipped where MovieLens is absent."""
    notebook = small("films = load_movielens()", tags=("needs-movielens",))
    notebook.cells.insert(2, new_code_cell(source, execution_count=2))
    if tags:
        notebook.cells[2].metadata["tags"] = list(tags)
    return notebook


ERROR = new_output("error", ename="KeyError", evalue="1", traceback=["KeyError: 1"])
WIDGET = "application/vnd.jupyter.widget-view+json"
BAD = [
    (rules.not_run_in_order, without_count()),
    (rules.stderr_or_errors, small("f()", printed("warning", "stderr"))),
    (rules.stderr_or_errors, small("f()", ERROR)),
    (rules.stderr_or_errors, small("f()", tags=("raises-exception",))),
    (rules.long_cells, small("\n".join(["x = 1"] * 21))),
    (rules.absolute_paths, small('open("/home/ada/x.csv")')),
    (rules.absolute_paths, small("f()", printed("read /tmp/x.csv"))),
    (rules.absolute_paths, small("f()", shown("text/html", "<img src='/home/a.png' alt='a'>"))),
    (rules.absolute_paths, small("f()", shown("text/plain", "C:\\Users\\ada"))),
    (rules.memory_addresses, small("f", shown("text/plain", "<function f at 0x7f00aa11bb22>"))),
    (rules.too_big, small("f()", printed("x" * rules.MAX_BYTES))),
    (rules.unstable_outputs, small("f()", shown("image/svg+xml", "<svg/>"))),
    (rules.unstable_outputs, small("f()", shown("application/pdf", "JVBERi0="))),
    (rules.unstable_outputs, small("f()", shown(WIDGET, "{}"))),
    (rules.unstable_outputs, small("f()", shown("text/html", '<table class="dataframe">'))),
    (rules.clocks_and_progress, small("%timeit f()")),
    (rules.clocks_and_progress, small("start = time.perf_counter()")),
    (rules.clocks_and_progress, small("f()", printed("fit took 3.2 s"))),
    (rules.clocks_and_progress, small("f()", printed(" 50%|█████     | 5/10"))),
    (rules.missing_alt_text, small("f()", shown("text/html", '<img src="a.png">'))),
    (rules.missing_alt_text, with_text("# Title\n![](a.png)")),
    (rules.missing_alt_text, small("f()", shown("image/png", "iVBORw0KGgo="))),
    (rules.unreasoned_exceptions, small("f()", tags=("nbval-ignore-output",))),
    (rules.unreasoned_exceptions, small("# NBVAL_IGNORE_OUTPUT\nf()")),
    (rules.silent_needs, small("ImageEncoder()", tags=("needs-encoders",))),
    (rules.silent_needs, small("if encoders_available():\n    TextEncoder()")),
    (rules.silent_needs, small('load_movielens("100k")')),
    (rules.silent_needs, leaning("print(films)")),
    (rules.text_around_code, with_text("No title")),
    (rules.text_around_code, with_cells(4)),
    (rules.lesson_shape, with_text("# Title\n\n**Aim**: a")),
    (rules.lesson_shape, with_text("## Recap\n\n## Your turn\n\n## Sources", 2)),
    (rules.lesson_shape, with_text("## Your turn\n\n## Sources", 2)),
    (rules.too_many_cells, with_cells(36)),
    (rules.too_few_cells, with_cells(19)),
    (rules.too_long, with_text("# Title\n" + 20_000 * "word ")),
    (rules.deeper_shape, with_text("## Sources\n\n## Recap", 2)),
]


@pytest.mark.parametrize(
    ("rule", "notebook"), BAD, ids=[f"{rule.__name__}-{n}" for n, (rule, _) in enumerate(BAD)]
)
def test_the_rule_bites(rule: object, notebook: NotebookNode) -> None:
    assert callable(rule)
    assert rule(notebook), f"{rule.__name__} finds nothing wrong with a notebook made to break it"


def test_every_rule_has_a_notebook_that_breaks_it() -> None:
    assert set(rules.RULES) <= {rule for rule, _ in BAD}


@pytest.mark.parametrize(
    "notebook",
    [
        small(),
        small(
            "# Output not compared: the player's id is random\nf()", tags=("nbval-ignore-output",)
        ),
        small("if encoders_available():\n    ImageEncoder()", tags=("needs-encoders",)),
        small('load_movielens("100k")', tags=("needs-movielens",)),
        leaning("print(films)", tags=("needs-movielens",)),
        leaning("films = 480\nprint(films)"),
        small('f("a.ogg")', printed("clips last 5.5 s, a frame 23 ms; 1/2 at home/work\n")),
        small("f()", shown("text/html", '<img src="data:image/png;base64,ab/tmp/cd" alt="cover">')),
        small("f()", shown("image/png", "iVBORw0KGgo=", alt="ratings by month")),
        small("f()", ERROR, tags=("raises-exception",)),
    ],
)
def test_no_rule_complains_without_cause(notebook: NotebookNode, tmp_path: Path) -> None:
    assert rules.hygiene_problems(notebook, tmp_path / "00_small.ipynb") == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "here.md").touch()
    text = "# T\n[a](here.md#part) [b](https://example.org) [c](#recap) [d](gone.ipynb)"
    found = rules.broken_links(with_text(text), tmp_path)
    assert found == ["cell 1: link to 'gone.ipynb' leads nowhere"]
    cover = small("show()", shown("text/html", "<img src='../gone.jpg' alt='cover'>"))
    assert rules.broken_links(cover, tmp_path) == [
        "code cell 1: link to '../gone.jpg' leads nowhere"
    ]


# --- the course keeps them ----------------------------------------------------------------------


@pytest.mark.parametrize("path", STORED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_stored_notebook_keeps_the_house_rules(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    problems = rules.hygiene_problems(notebook, path)
    assert not problems, "\n".join([path.name, *problems])


@pytest.mark.parametrize("path", BLANKS, ids=lambda path: path.stem)
def test_every_check_fails_on_the_blank(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if missing := missing_framework(path):
        pytest.skip(f"needs {missing}: make test-extras")
    blank = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    if any(rules.NEEDS_MOVIELENS in cell_tags(cell) for cell in blank.cells) and not ratings_here():
        # These cells would ask the network, and a test downloads nothing.
        blank.cells = [c for c in blank.cells if rules.NEEDS_MOVIELENS not in cell_tags(c)]
    monkeypatch.chdir(path.parent)
    raised = run_checks(blank)
    assert raised
    # Not any error: one in the cells that prepare a check would say nothing about the check.
    assert {check: kind.__name__ for check, kind in raised.items()} == dict.fromkeys(
        raised, "NotImplementedError"
    )


def test_a_check_that_passes_on_the_blank_is_found(course: Path) -> None:
    blank = nbformat.read(course / "notebooks/exercises/00_small.ipynb", as_version=4)
    assert run_checks(blank) == {"check-mean": NotImplementedError}
    blank.cells[2].source = "assert callable(mean)"
    assert run_checks(blank) == {"check-mean": type(None)}
    blank.cells[2].source = "assert average([1]) == 1"
    assert run_checks(blank) == {"check-mean": NameError}


def test_sources_and_notebooks_agree() -> None:
    problems = build_notebooks.check(ROOT)
    assert not problems, "\n".join(problems)


def test_lessons_are_on_the_course_map_and_exercises_belong_to_one() -> None:
    lessons = {path.stem for path in ROOT.glob("notebooks/src/*.py")}
    exercises = {path.stem for path in ROOT.glob("notebooks/src/exercises/*.py")}
    assert lessons <= set(LESSONS)
    assert exercises <= lessons
    deeper = {path.stem[:2] for path in ROOT.glob("notebooks/src/deeper/*.py")}
    assert deeper <= {lesson[:2] for lesson in lessons}


def test_the_readme_states_the_minutes_of_each_lesson() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    stated = dict(
        re.findall(r"\(notebooks/(\d\d_\w+)\.ipynb\).* \| (\d+) \|$", readme, re.MULTILINE)
    )
    sources = sorted(ROOT.glob("notebooks/src/*.py"))
    assert stated == {
        path.stem: str(reading_minutes(build_notebooks.read_source(path))) for path in sources
    }


def ratings_here() -> bool:
    """Ask the cache, not the network."""
    try:
        load_movielens("100k", download=False)
    except FileNotFoundError:
        return False
    return True


def cell_tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def run_checks(blank: NotebookNode) -> dict[str, type]:
    """What each check raises (NoneType: nothing) when a blank is run whatever its cells raise.

    In this process: a kernel for each blank would take most of its time to start and to colour
    tracebacks. What follows the last check is left out.
    """
    raised: dict[str, type] = {}
    code = [cell for cell in blank.cells if cell.cell_type == "code"]
    graded = [cell.metadata.get("nbgrader", {}).get("grade", False) for cell in code]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with mpl.rc_context():
        for cell, is_check in zip(code, graded, strict=True):
            error = None
            try:
                exec(compile(cell.source, "<cell>", "exec", dont_inherit=True), namespace)
            except Exception as found:
                error = found
            if is_check:
                raised[cell.metadata.nbgrader.grade_id] = type(error)
            if len(raised) == sum(graded):
                break
    plt.close("all")
    return raised


# --- docstrings and lessons ---------------------------------------------------------------------


def test_docstrings_name_lessons_that_exist_and_lessons_name_what_rooms_export() -> None:
    problems = lesson_link_problems(ROOT / "mmrec_course", ROOT / "notebooks" / "src")
    assert not problems, "\n".join(problems)


def test_a_docstring_link_to_no_lesson_and_a_lesson_that_is_silent_are_found(
    tmp_path: Path,
) -> None:
    package, sources = tmp_path / "mmrec_course", tmp_path / "src"
    (package / "features").mkdir(parents=True)
    sources.mkdir()
    (package / "features" / "__init__.py").write_text('__all__ = ["histogram", "gradient"]\n')
    (package / "features" / "image.py").write_text(
        '"""Pictures.\n\nNotebook: 03_image_features\n"""\n'
        'def histogram():\n    """Count.\n\n    Notebook: 03_image_features\n    """\n'
        'def gradient():\n    """Slope.\n\n    Notebook: 03_image_features\n    """\n'
        'def inside():\n    """Not exported.\n\n    Notebook: 03_image_features\n    """\n'
        'def lost():\n    """Where?\n\n    Notebook: 99_nowhere\n    """\n'
    )
    lost = "features/image.py: lost: Notebook 99_nowhere is not on the course map"
    assert lesson_link_problems(package, sources) == [lost]
    (sources / "03_image_features.py").write_text(
        "# %%\nfrom mmrec_course.features.image import histogram\n"
    )
    silent = "features/image.py: gradient: 03_image_features does not mention it"
    assert lesson_link_problems(package, sources) == [silent, lost]


def lesson_link_problems(package: Path, sources: Path) -> list[str]:
    """Compare every `Notebook:` line in the package with the course map and the lessons' words.

    What a room's `__init__` exports must be named in the lesson that its docstring points to, a
    method by its own name or its class's. A lesson need not name anything else.
    """
    exported = {
        name
        for path in package.glob("*/__init__.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in ast.literal_eval(node.value)
    }
    problems = []
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, docstring in _docstrings(tree):
            names = name.split(".")
            for line in re.findall(r"^\s*Notebook: (.+)$", docstring, flags=re.MULTILINE):
                for lesson in re.split(r"[,\s]+", line.strip().rstrip(".")):
                    if lesson not in LESSONS:
                        problems.append(
                            f"{place}: {name}: Notebook {lesson} is not on the course map"
                        )
                        continue
                    text = _lesson_text(sources, lesson) if names[0] in exported else ""
                    if text and not any(re.search(rf"\b{re.escape(w)}\b", text) for w in names):
                        problems.append(f"{place}: {name}: {lesson} does not mention it")
    return problems


def _docstrings(tree: ast.Module) -> list[tuple[str, str]]:
    found = [("module", ast.get_docstring(tree) or "")]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append((node.name, ast.get_docstring(node) or ""))
        if isinstance(node, ast.ClassDef):
            found += [
                (f"{node.name}.{method.name}", ast.get_docstring(method) or "")
                for method in node.body
                if isinstance(method, ast.FunctionDef)
            ]
    return found


def _lesson_text(sources: Path, lesson: str) -> str:
    files = [sources / f"{lesson}.py", sources / "exercises" / f"{lesson}.py"]
    files += sorted(sources.glob(f"deeper/{lesson[:2]}_*.py"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path.exists())
