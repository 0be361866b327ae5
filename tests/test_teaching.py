"""The teacher's pages and the slides agree with the lessons; their code prints what they say."""

from __future__ import annotations

import os
import re
from pathlib import Path

import build_class
import build_slides
import nbformat
import pytest
import teaching
from course_map import LESSONS, missing_framework
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PAGES = sorted(path.stem for path in teaching.PAGES.glob("[0-9]*.md"))
DECKS = sorted(path.stem for path in build_slides.SOURCES.glob("[0-9]*.md"))


def test_every_lesson_has_a_page_and_a_deck() -> None:
    assert tuple(PAGES) == LESSONS
    assert tuple(DECKS) == LESSONS


def test_the_table_of_points_is_right() -> None:
    text = (teaching.PAGES / "grading.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"\| (\d\d) \| (\d[\d, ]*) \| \d+ ", text))
    totals = {n: int(total) for n, total in re.findall(r"\| (\d\d) \| \d[\d, ]* \| (\d+) ", text)}
    points = {}
    for path in sorted((teaching.ROOT / "notebooks" / "src" / "exercises").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        sets: dict[str, int] = {}
        for name, given in re.findall(r'^# %% check="(\w+)"(?:.* points=(\d+))?', source, re.M):
            sets[name] = sets.get(name, 0) + int(given or 1)
        points[path.name[:2]] = ", ".join(map(str, sets.values()))
    assert stated == points
    assert totals == {n: sum(map(int, p.split(", "))) for n, p in points.items()}
    assert f"**{sum(totals.values())}**" in text


@pytest.mark.parametrize(
    "name, says", [("room", "480 tracks, 25000 ratings, 0"), ("access", "lead")]
)
def test_code_of_the_general_pages_prints_what_they_say(
    name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (teaching.PAGES / f"{name}.md").read_text(encoding="utf-8")
    for code in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S):
        exec(code, {})
    assert says in capsys.readouterr().out
    assert says in text


def test_numbers_of_the_workshop_stand_in_lesson_08() -> None:
    text = (teaching.PAGES / "workshop.md").read_text(encoding="utf-8")
    lesson = (teaching.ROOT / "notebooks" / "08_weighted_fusion.ipynb").read_text(encoding="utf-8")
    numbers = re.findall(r"\d\.\d+", teaching.parts(text, 2)["Lesson 08 from its stored outputs"])
    assert len(numbers) > 20
    assert [n for n in numbers if n not in lesson] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_agrees_with_its_lesson(name: str) -> None:
    page, problems = teaching.checked(name[:2])
    assert problems == []
    stored = (teaching.PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert page == stored, "run tools/teaching.py: minutes have changed"


@pytest.mark.parametrize("name", DECKS)
def test_a_deck_agrees_with_its_lesson(name: str) -> None:
    deck = build_slides.slides_of((build_slides.SOURCES / f"{name}.md").read_text(encoding="utf-8"))
    assert build_slides.problems(name, deck, build_slides.outputs_of(name)) == []


@pytest.mark.parametrize("budget", [45, 90])  # 120 has every cell: pytest --nbval runs them
@pytest.mark.parametrize("name", PAGES)
def test_a_route_runs(name: str, budget: int) -> None:
    if not re.match(os.environ.get("MMREC_ROUTES", "none"), name):
        pytest.skip("takes minutes: make test-site, or make test-extras from 14 on")
    if missing := missing_framework(Path(name)):
        pytest.skip(f"needs {missing}")
    teaching.run(name[:2], budget)


# --- what the checks refuse ---------------------------------------------------------------------


@pytest.fixture
def lesson() -> NotebookNode:
    cells = [
        new_markdown_cell("# 99 · Title\n\nwords " * 30),
        new_code_cell("x = 1", id="a"),
        new_markdown_cell("some text\n## Idea\nmore text\n### Detail\n" + "word " * 230),
        new_code_cell("y = x + 1", id="b"),
        new_code_cell("print(y)", id="c"),
        new_markdown_cell("## Recap\n" + "word " * 115),
    ]
    return new_notebook(cells=cells)


def page(first: str = "show", second: str = "show") -> str:
    return f"""
| section | minutes | 45 | 90 | 120 |
|---|---|---|---|---|
| Top | 0 | {first} | show | show |
| Idea | 0 | show | show | show |
| Detail · 1 | 0 | {second} | show | show |
| Detail · 2 | 0 | show | show | show |
| Recap | 0 | tell | show | show |
| Exercise 1 | 2–6 | do | do | do |
| **total** | 0 | 0 | 0 | 0 |
"""


def test_text_belongs_to_the_code_that_follows_it(lesson: NotebookNode) -> None:
    found = {section.title: section for section in teaching.sections(lesson)}
    assert list(found) == ["Top", "Idea", "Detail", "Recap"]
    assert found["Detail"].minutes == [pytest.approx(231 / 115 + 0.3), pytest.approx(0.3)]
    assert (found["Idea"].cells, found["Recap"].text) == ([], pytest.approx(116 / 115))


def test_minutes_and_totals_are_filled_in(lesson: NotebookNode) -> None:
    rows = teaching.routes(page(), teaching.sections(lesson))
    filled = teaching.filled_in("## Routes\n" + page() + "\n## Next\n", rows)
    assert "| Detail · 1 | 2 | show | show | show |" in filled
    assert "| **total** | 10 | 9 | 10 | 10 |" in filled


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (page(first="skip"), "45: Detail · 1 needs x"),
        (page(second="tell"), "45: Detail · 2 needs y"),
        (page().replace("| Idea | 0 | show | show | show |\n", ""), "no row 'Idea'"),
        (page().replace("Detail · 2 |", "Detail · 1 |"), "exactly one row"),
        (
            page().replace(
                "| 0 | show | show | show |\n| Recap", "| 0 | show | show | tell |\n| Recap"
            ),
            "120 leaves out",
        ),
        (page().replace("2–6", "20–60"), "their file says"),
        (page().replace("| do | do | do |", "| home | do | do |"), "45 takes 5"),
    ],
)
def test_a_route_that_cannot_work_is_refused(
    lesson: NotebookNode, changed: str, problem: str
) -> None:
    sections = teaching.sections(lesson)
    found = teaching.route_problems(teaching.routes(changed, sections), sections, 1, (2, 6))
    assert any(problem in text for text in found), found
    rows = teaching.routes(page(), sections)
    assert teaching.route_problems(rows, sections, 1, (2, 6)) == []


@pytest.mark.parametrize("name", ["Idea · 1", "Detail · 0", "Detail · 3", "Nothing", "Detail · x"])
def test_a_place_that_is_not_there_is_refused(lesson: NotebookNode, name: str) -> None:
    with pytest.raises(ValueError, match=r"is no heading|code cells"):
        teaching.located(name, teaching.sections(lesson))


def test_a_number_that_no_notebook_of_the_lesson_has_is_refused() -> None:
    problems = teaching.unshown_numbers("Early fusion has 0.264, not 0.98765.", "08")
    assert problems == ["0.98765 is in no notebook of the lesson"]


def test_quiz_code_must_print_what_the_page_says() -> None:
    block = "```python\nprint(1 + 1)\n```\n\n```text\n{}\n```\n"
    assert any("code prints '2\\n'" in text for text in teaching.quiz_problems(block.format(3)))
    assert not any("code prints" in text for text in teaching.quiz_problems(block.format(2)))


def test_a_slide_that_is_too_full_or_says_what_the_lesson_does_not_is_refused() -> None:
    deck = build_slides.slides_of(
        "# 08 · Weighted fusion\n\n" + "word " * 46 + "\n\nNote: Yes. No.\n---\n"
        "## It\n\n0.98765 ![](output:x)\n\n![](output:nothing)\n\nNote: Yes.\n"
    )
    found = " ".join(build_slides.problems("08_weighted_fusion", deck, {}))
    for problem in (
        "2 slides",
        "46 words",
        "two sentences",
        "0.98765",
        "no cell has the tag slide-",
    ):
        assert problem in found


# --- hand-outs ----------------------------------------------------------------------------------


def test_hand_outs_lack_what_is_to_be_predicted_and_the_solutions(tmp_path: Path) -> None:
    for folder in ("notebooks", "notebooks/exercises", "notebooks/solutions"):
        (tmp_path / folder).mkdir()
        cells = [
            new_code_cell("1", outputs=[new_output("stream", text="1")], metadata={"tags": tags})
            for tags in (["predict", "slide-one"], [])
        ]
        nbformat.write(new_notebook(cells=cells), tmp_path / folder / "01_a.ipynb")
    assert build_class.build(tmp_path) == (2, 2)
    made = nbformat.read(tmp_path / "class" / "01_a.ipynb", as_version=4)
    assert [len(cell.outputs) for cell in made.cells] == [0, 1]
    assert not (tmp_path / "class" / "solutions").exists()
