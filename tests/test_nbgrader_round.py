"""nbgrader's full round with an exercise set: assign, release, hand in, collect, grade, tell."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

nbgrader = pytest.importorskip("nbgrader")

from nbgrader.apps import NbGraderAPI  # noqa: E402
from nbgrader.exchange.default import submit  # noqa: E402
from traitlets.config import Config  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
NAME = "01_the_catalogue"
pytestmark = pytest.mark.skipif(
    "MMREC_ROUTES" not in os.environ or os.name == "nt",
    reason="takes ten seconds, and nbgrader's exchange needs a Unix system: make test-site",
)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NbGraderAPI]:
    """An nbgrader course with one assignment, whose source is the solved form of the exercises."""
    folder = tmp_path_factory.mktemp("grading")
    (folder / "exchange").mkdir()
    (folder / "exchange").chmod(0o777)
    source = folder / "course" / "source" / NAME
    source.mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / "solutions" / f"{NAME}.ipynb", source)
    config = Config()
    config.CourseDirectory.root = str(folder / "course")
    config.CourseDirectory.course_id = "mmrec"
    config.CourseDirectory.db_url = f"sqlite:///{folder / 'gradebook.db'}"
    config.Exchange.root = str(folder / "exchange")
    config.Exchange.cache = str(folder / "cache")
    config.ExchangeCollect.check_owner = False  # one person plays all students
    config.ExecutePreprocessor.timeout = 300
    api = NbGraderAPI(config=config)
    with pytest.MonkeyPatch.context() as patch:
        # nbgrader calls alembic by its name, as in an activated environment.
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        for step in (api.generate_assignment, api.release_assignment):
            done = step(NAME)
            assert done["success"], done["log"]
        yield api


def hand_in(course: NbGraderAPI, folder: Path, student: str, answers: dict[str, str]) -> None:
    """Fill in a student's copy of the released notebook, and submit it."""
    released = Path(course.coursedir.root) / "release" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(released, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    desk = folder / student / NAME
    desk.mkdir(parents=True)
    nbformat.write(notebook, desk / f"{NAME}.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submit, "get_username", lambda: student)
        patch.chdir(desk.parent)
        app = submit.ExchangeSubmit(
            coursedir=course.coursedir, authenticator=course.authenticator, parent=course
        )
        app.coursedir.assignment_id = NAME
        app.start()


def test_the_full_round(course: NbGraderAPI, tmp_path: Path) -> None:
    solved = nbformat.read(ROOT / "notebooks" / "solutions" / f"{NAME}.ipynb", as_version=4)
    answers = {cell.id: cell.source for cell in solved.cells if cell.id.startswith("exercise-")}
    points = {
        cell.id: cell.metadata.nbgrader.points
        for cell in solved.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    first = next(iter(answers))
    wrong = {**answers, first: "raise NotImplementedError()"}
    for student, given in {"all": answers, "most": wrong, "none": {}}.items():
        hand_in(course, tmp_path, student, given)
    assert course.collect(NAME)["success"]
    scores = {}
    for student in ("all", "most", "none"):
        graded = course.autograde(NAME, student)
        assert graded["success"], graded["log"]
        told = course.generate_feedback(NAME, student)
        assert told["success"], told["log"]
        scores[student] = course.get_submission(NAME, student)["score"]
    lost = sum(
        n for check, n in points.items() if check.startswith(first.replace("exercise", "check"))
    )
    total = sum(points.values())
    assert scores == {"all": total, "most": total - lost, "none": 0}
    feedback = Path(course.coursedir.root) / "feedback" / "most" / NAME / f"{NAME}.html"
    assert "NotImplementedError" in feedback.read_text(encoding="utf-8")
    assert course.release_feedback(NAME)["success"]
