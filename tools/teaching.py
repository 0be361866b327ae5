"""The teacher's pages in docs/teaching: fill in their minutes, say what is wrong with them.

    python tools/teaching.py [NN …]          fill in and check
    python tools/teaching.py --run 45 [NN …] also run that route of each lesson, in a fresh kernel

A page is Markdown with fixed headings; docs/teaching/README.md explains how one is read. Its routes
name the lesson's headings, or code cells of one as `Heading · 2–4`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from build_notebooks import execute, read_source
from course_map import LESSONS
from nbformat import NotebookNode
from notebook_rules import names_made_and_used
from reading_time import code_minutes, prose_minutes

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "teaching"
HEADINGS = ["Objectives", "Routes", "Stop and predict", "Misconceptions", "Discussion", "Quiz"]
HEADINGS += ["Hints"]
BUDGETS = (45, 90, 120)
SHARE = {"show": 1.0, "tell": 1 / 3, "run": 0.0, "skip": 0.0, "do": 1.0, "home": 0.0}
HEADING = re.compile(r"^#{2,3} (.+)$")
EXERCISE = re.compile(r"(?:Exercise|Question) (\d+)$")
TOTAL = "**total**"
CODE_AND_OUTPUT = re.compile(
    r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", re.MULTILINE | re.DOTALL
)
DETAILS = re.compile(r"<details><summary>Answer</summary>\n\n(.*?)\n\n</details>", re.S)


@dataclass
class Section:
    """A heading of a lesson and what stands under it; text belongs to the code that follows."""

    title: str
    minutes: list[float] = field(default_factory=list)  # of each code cell and its text
    cells: list[NotebookNode] = field(default_factory=list)
    text: float = 0.0  # minutes of what no code cell has followed yet

    def close(self) -> None:
        """The last text goes to the last code cell."""
        if self.minutes:
            self.minutes[-1] += self.text
            self.text = 0.0


@dataclass
class Row:
    """One line of the routes: a piece of a section or an exercise, and a word for each route."""

    name: str
    minutes: float
    cells: list[NotebookNode]
    words: list[str]


def sections(lesson: NotebookNode) -> list[Section]:
    """The sections of a lesson in order; what stands before the first heading is `Top`."""
    found = [Section("Top")]
    for cell in lesson.cells:
        if cell.cell_type == "code":
            found[-1].cells.append(cell)
            found[-1].minutes.append(found[-1].text + code_minutes(cell.source))
            found[-1].text = 0.0
            continue
        for line in cell.source.splitlines():
            if heading := HEADING.match(line):
                found[-1].close()
                found.append(Section(heading[1]))
            found[-1].text += prose_minutes(line)
    found[-1].close()
    return found


def parts(text: str, level: int) -> dict[str, str]:
    """Heading of that level → the text under it."""
    pieces = re.split(rf"^{'#' * level} (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def table(text: str) -> list[list[str]]:
    """The rows of the first table in a text, without its two head lines."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[entry.strip() for entry in line.strip("|").split("|")] for line in lines[2:]]


def located(name: str, lesson: list[Section]) -> tuple[Section, range]:
    """`Heading`, `Heading · 2` or `Heading · 2–4` → its section and the cells' indices in it."""
    by_title = {section.title: section for section in lesson}
    title, _, numbers = (name, "", "") if name in by_title else name.rpartition(" · ")
    if title not in by_title or (numbers and not re.fullmatch(r"\d+(–\d+)?", numbers)):
        raise ValueError(f"{name!r} is no heading of the lesson")
    section = by_title[title]
    first, _, last = numbers.partition("–")
    cells = range(int(first) - 1, int(last or first)) if numbers else range(len(section.cells))
    if numbers and not 0 <= cells.start < cells.stop <= len(section.cells):
        raise ValueError(f"{name!r}: the section has {len(section.cells)} code cells")
    return section, cells


def routes(text: str, lesson: list[Section]) -> list[Row]:
    """The lines of a page's routes, exercises included, the total left out."""
    rows = []
    for name, minutes, *words in table(text):
        if name == TOTAL:
            continue
        if EXERCISE.match(name):
            fast, _, slow = minutes.partition("–")
            rows.append(Row(name, (int(fast) + int(slow or fast)) / 2, [], words))
            continue
        section, cells = located(name, lesson)
        minutes_ = sum(section.minutes[cell] for cell in cells) or section.text
        rows.append(Row(name, max(1, round(minutes_)), [section.cells[c] for c in cells], words))
    return rows


def filled_in(page: str, rows: list[Row]) -> str:
    """The page with the minutes of each section and the totals of the routes."""
    of = {row.name: row for row in rows}
    total = [sum(row.minutes for row in rows)]
    total += [sum(row.minutes * SHARE[row.words[n]] for row in rows) for n in range(len(BUDGETS))]

    def line(match: re.Match[str]) -> str:
        name = match[1]
        if name == TOTAL:
            return "| " + " | ".join([TOTAL, *(str(round(minutes)) for minutes in total)]) + " |"
        if name not in of or EXERCISE.match(name):
            return match[0]
        return f"| {name} | {of[name].minutes} | " + " | ".join(of[name].words) + " |"

    head, marker, rest = page.partition("## Routes\n")
    inside, next_marker, tail = rest.partition("\n## ")
    return head + marker + re.sub(r"^\| (.+?) \|.*$", line, inside, flags=re.M) + next_marker + tail


def route_cells(rows: list[Row], route: int) -> list[NotebookNode]:
    """The code cells that a route runs, in order."""
    return [cell for row in rows if row.words[route] in ("show", "run") for cell in row.cells]


def checked(number: str) -> tuple[str, list[str]]:
    """The page of a lesson with its minutes filled in, and what is wrong with it."""
    (name,) = (lesson for lesson in LESSONS if lesson.startswith(number))
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    source = read_source(ROOT / "notebooks" / "src" / f"{name}.py")
    lesson = sections(source)
    bodies = parts(page, 2)
    if list(bodies) != HEADINGS:
        return page, [f"headings are {list(bodies)}, not {HEADINGS}"]
    exercises, minutes = exercises_of(name)
    try:
        rows = routes(bodies["Routes"], lesson)
        new = filled_in(page, rows)
    except (ValueError, KeyError, IndexError) as error:
        return page, [f"Routes: {error}"]
    found = route_problems(rows, lesson, exercises, minutes)
    found += objective_problems(table(bodies["Objectives"]), lesson, exercises)
    found += prediction_problems(bodies["Stop and predict"], lesson)
    found += misconception_problems(table(bodies["Misconceptions"]), lesson)
    expected = bodies["Discussion"].count("Expected: ")
    if expected != 3 or len(re.findall(r"^\d\. ", bodies["Discussion"], re.M)) != 3:
        found.append("Discussion: not three questions, each with `Expected: `")
    found += quiz_problems(bodies["Quiz"]) + hint_problems(bodies["Hints"], exercises)
    written = [text for heading, text in bodies.items() if heading != "Quiz"]  # that one computes
    return new, found + unshown_numbers("".join(written), number)


def unshown_numbers(text: str, number: str) -> list[str]:
    """Decimal numbers that stand in no notebook of the lesson."""
    paths = (ROOT / "notebooks").glob(f"*/{number}_*.ipynb")
    stored = "".join(p.read_text(encoding="utf-8") for p in [*paths, lesson_path(number)])
    return [
        f"{figure} is in no notebook of the lesson"
        for figure in re.findall(r"\d+\.\d+", text)
        if not re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d)", stored)
    ]


def lesson_path(number: str) -> Path:
    """The stored notebook of a lesson."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    return path


def exercises_of(name: str) -> tuple[int, tuple[int, int] | None]:
    """How many exercises a lesson has, and their minutes for fast and slow readers."""
    path = ROOT / "notebooks" / "src" / "exercises" / f"{name}.py"
    if not path.exists():  # lesson 00 has questions only
        return 0, None
    text = re.sub(r"\n# ?", " ", path.read_text(encoding="utf-8"))
    count = len(re.findall(r"^# ## \d+ · ", path.read_text(encoding="utf-8"), re.M))
    stated = re.search(r"(\d+) to (\d+) minutes", text)
    if not stated:
        raise ValueError(f"{path.name}: its minutes are not stated")
    return count, (int(stated[1]), int(stated[2]))


def route_problems(
    rows: list[Row], lesson: list[Section], exercises: int, stated: tuple[int, int] | None
) -> list[str]:
    """Every cell once, words that are known, totals within the budgets, names that are there."""
    found = []
    wanted = [cell.id for section in lesson for cell in section.cells]
    if [cell.id for row in rows for cell in row.cells] != wanted:
        found.append("Routes: not every code cell in exactly one row, in order")
    missing = {s.title for s in lesson} - {r.name.split(" · ")[0] for r in rows}
    found += [f"Routes: no row {s.title!r}" for s in lesson if s.title in missing and not s.cells]
    numbers = [int(match[1]) for row in rows if (match := EXERCISE.match(row.name))]
    if stated and numbers != list(range(1, exercises + 1)):
        found.append(f"Routes: exercises {numbers}, the file has {exercises}")
    tasks = [row.minutes for row in rows if EXERCISE.match(row.name)]
    if stated and not stated[0] - 5 <= 2 * sum(tasks) - stated[1] <= stated[0] + 5:
        found.append(f"Routes: exercises take {sum(tasks):.0f} minutes, their file says {stated}")
    if [cell.id for cell in route_cells(rows, len(BUDGETS) - 1)] != wanted:
        found.append(f"Routes: {BUDGETS[-1]} leaves out a cell; pytest --nbval runs all of them")
    everything = sum(row.minutes for row in rows)
    for route, budget in enumerate(BUDGETS):
        total = sum(row.minutes * SHARE[row.words[route]] for row in rows)
        if not 0.75 * min(budget, everything) <= total <= budget + 0.5:
            found.append(f"Routes: {budget} takes {total:.0f} minutes")
        made: set[str] = set()
        known: set[str] = set()
        running = {cell.id for cell in route_cells(rows, route)}
        for section in lesson:
            for number, cell in enumerate(section.cells, start=1):
                makes, uses = names_made_and_used(cell.source)
                if cell.id in running:
                    if lacking := sorted((uses & known) - made):
                        where = f"{section.title} · {number}"
                        found.append(f"Routes: {budget}: {where} needs {', '.join(lacking)}")
                    made |= makes
                known |= makes
    return found


def objective_problems(rows: list[list[str]], lesson: list[Section], exercises: int) -> list[str]:
    """Three to five, each with a section and a quiz question; each quiz question has one."""
    found = [] if 3 <= len(rows) <= 5 else [f"Objectives: {len(rows)}, not three to five"]
    asked: set[str] = set()
    for _, _, place, exercise, quiz in rows:
        try:
            located(place, lesson)
        except ValueError as error:
            found.append(f"Objectives: {error}")
        wrong = set(re.findall(r"\d+", exercise)) - {str(n + 1) for n in range(exercises)}
        found += [f"Objectives: there is no exercise {n}" for n in sorted(wrong)]
        asked |= set(re.findall(r"\d+", quiz))
        if not re.search(r"\d", quiz):
            found.append("Objectives: one has no quiz question")
    return found if asked == set("12345") else [*found, f"Objectives: ask {sorted(asked)}, not 1–5"]


def prediction_problems(text: str, lesson: list[Section]) -> list[str]:
    """One item for each cell with the tag predict, in the order of the cells."""
    places = [
        section.title
        for section in lesson
        for cell in section.cells
        if "predict" in cell.metadata.get("tags", [])
    ]
    items = re.findall(r"^\d\. \*\*(.+?)\.?\*\*", text, re.MULTILINE)
    found = [] if 3 <= len(places) <= 5 else [f"{len(places)} tags predict, not three to five"]
    return found + ([] if items == places else [f"Stop and predict: {items}, tags in {places}"])


def misconception_problems(rows: list[list[str]], lesson: list[Section]) -> list[str]:
    """Three, each with a code cell that disproves it."""
    found = [] if len(rows) == 3 else [f"Misconceptions: {len(rows)}, not three"]
    for _, place, _ in rows:
        try:
            _, cells = located(place, lesson)
            if len(cells) != 1:
                found.append(f"Misconceptions: {place!r} is not one code cell")
        except ValueError as error:
            found.append(f"Misconceptions: {error}")
    return found


def quiz_problems(text: str) -> list[str]:
    """Five questions of four options, a word on each wrong one, code that prints what is shown."""
    found = []
    questions = parts(text, 3)
    letters = []
    if [title.split(".")[0] for title in questions] != list("12345"):
        found.append("Quiz: not five questions `### 1. …`")
    for title, body in questions.items():
        options = re.findall(r"^- ([a-d])\) ", body, re.MULTILINE)
        answer = DETAILS.search(body)
        if options != list("abcd") or not answer:
            found.append(f"Quiz: {title}: not four options and a folded answer")
            continue
        right = re.match(r"\*\*([a-d])\.\*\* ", answer[1])
        if not right:
            found.append(f"Quiz: {title}: the answer does not begin with its letter, **b.**")
            continue
        letters.append(right[1])
        silent = [x for x in "abcd" if x != right[1] and not re.search(rf"\b{x}: ", answer[1])]
        found += [f"Quiz: {title}: no word on why {x} is wrong" for x in silent]
    if len(set(letters)) < 3:
        found.append(f"Quiz: right answers are {letters}; spread them")
    if text.count("```python") < 2 or text.count("```python") != text.count("```text"):
        found.append("Quiz: not two blocks of code, each followed by what it prints")
    space: dict[str, Any] = {}
    for code, printed in CODE_AND_OUTPUT.findall(text):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(code, space)
        if output.getvalue() != printed:
            found.append(f"Quiz: code prints {output.getvalue()!r}, the page says {printed!r}")
    return found


def hint_problems(text: str, exercises: int) -> list[str]:
    """Three steps for each exercise."""
    hints = parts(text, 3)
    numbers = [int(match[1]) for title in hints if (match := EXERCISE.match(title))]
    found = []
    if exercises and numbers != list(range(1, exercises + 1)):
        found.append(f"Hints: for exercises {numbers}, the file has {exercises}")
    for title, body in hints.items():
        if re.findall(r"^(\d)\. ", body, re.MULTILINE) != list("123"):
            found.append(f"Hints: {title}: not three steps")
    return found


def run(number: str, budget: int) -> None:
    """Run the cells of a route in a fresh kernel; an error in a cell is raised."""
    (name,) = (lesson for lesson in LESSONS if lesson.startswith(number))
    source = read_source(ROOT / "notebooks" / "src" / f"{name}.py")
    page = parts((PAGES / f"{name}.md").read_text(encoding="utf-8"), 2)
    rows = routes(page["Routes"], sections(source))
    cells = route_cells(rows, BUDGETS.index(budget))
    execute(nbformat.v4.new_notebook(cells=cells), ROOT / "notebooks")


def main() -> int:
    """Fill in, check and run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("only", nargs="*", help="numbers of lessons; default all that have a page")
    parser.add_argument("--run", type=int, choices=BUDGETS, help="run this route, too")
    args = parser.parse_args()
    found = []
    for number in args.only or sorted(path.name[:2] for path in PAGES.glob("[0-9]*.md")):
        page, wrong = checked(number)
        (PAGES / f"{lesson_path(number).stem}.md").write_text(page, encoding="utf-8")
        found += [f"{number}: {problem}" for problem in wrong]
        if args.run:
            run(number, args.run)
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
