"""Slides from text sources: docs/slides/NN_name.md → build/slides/NN_name.html.

    python tools/build_slides.py [NN …]

Slides stand between lines `---`; what follows `Note: ` is for the speaker (key S). A line
`![](output:name)` shows what the lesson's cell with the tag slide-name has printed or drawn, taken
from the executed notebook. Reveal.js and MathJax come from packages; nothing is fetched. Append
`?print-pdf` to the address to print a deck.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path

import jinja2
import nbformat
from build_notebooks import read_source
from course_map import LESSONS
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "docs" / "slides"
TARGET = ROOT / "build" / "slides"
OUTPUT = re.compile(r"^!\[\]\(output:([a-z0-9-]+)\)$", re.MULTILINE)
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d*\.\d+")
MEDIA = re.compile(r'((?:src|href)=")\.\./(data/[^"#]+)')
MAX_WORDS, MAX_CODE, MAX_PRINTED = 45, 8, 12


def slides_of(text: str) -> list[tuple[str, str]]:
    """What each slide shows, and what its speaker says."""
    pieces = re.split(r"^---\n", text, flags=re.MULTILINE)
    halves = [piece.partition("\nNote: ") for piece in pieces]
    return [(shown.strip(), note.strip()) for shown, _, note in halves]


def outputs_of(name: str) -> dict[str, NotebookNode]:
    """Name in the source's tags → the stored cell whose outputs it shows."""
    source = read_source(ROOT / "notebooks" / "src" / f"{name}.py")
    stored = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    by_id = {cell.id: cell for cell in stored.cells}
    tagged = {
        tag.removeprefix("slide-"): cell.id
        for cell in source.cells
        for tag in cell.metadata.get("tags", [])
        if tag.startswith("slide-")
    }
    if not set(tagged.values()) <= set(by_id):
        raise ValueError(f"{name}: the notebook is older than its source; run `make notebooks`")
    return {tag: by_id[identifier] for tag, identifier in tagged.items()}


def problems(name: str, deck: list[tuple[str, str]], cells: dict[str, NotebookNode]) -> list[str]:
    """What a reader of the slides would stumble over."""
    found = [] if 8 <= len(deck) <= 12 else [f"{len(deck)} slides, not 8 to 12"]
    lesson = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    for number, (shown, note) in enumerate(deck, start=1):
        title, _, body = shown.partition("\n")
        place = f"slide {number}"
        if not re.match(r"# \d\d · " if number == 1 else r"## \S", title):
            found.append(f"{place}: begins with {title!r}, not with its title")
        if len(re.findall(r"[.?!](?:\s|$)", note)) < 2:
            found.append(f"{place}: no speaker's note of two sentences")
        words = re.sub(r"\$\$.*?\$\$", "", OUTPUT.sub("", BLOCK.sub("", body)), flags=re.DOTALL)
        if (count := len(words.split())) > MAX_WORDS:
            found.append(f"{place}: {count} words, at most {MAX_WORDS}")
        long = [len(code.splitlines()) - 2 for code in BLOCK.findall(body)]
        if long and max(long) > MAX_CODE:
            found.append(f"{place}: {max(long)} lines of code, at most {MAX_CODE}")
        shows = OUTPUT.findall(body)
        if len(shows) + len(long) + (body.count("$$") // 2) > 1:
            found.append(f"{place}: more than one output, formula or block of code")
        found += [f"{place}: no cell has the tag slide-{x}" for x in shows if x not in cells]
        printed = [
            len(output.text.splitlines())
            for x in shows
            if x in cells
            for output in cells[x].outputs
            if "text" in output
        ]
        if sum(printed) > MAX_PRINTED:
            found.append(f"{place}: {sum(printed)} printed lines, at most {MAX_PRINTED}")
        found += [
            f"{place}: {figure} is not in the lesson"
            for figure in NUMBER.findall(shown + note)
            if not re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d)", lesson)
        ]
    used = {x for shown, _ in deck for x in OUTPUT.findall(shown)}
    return found + [f"tag slide-{x} is on no slide" for x in sorted(set(cells) - used)]


def html_of(deck: list[tuple[str, str]], cells: dict[str, NotebookNode], title: str) -> str:
    """One page with all slides; each is converted by nbconvert, outputs included."""
    exporter = HTMLExporter(template_name="basic", exclude_input=False)
    sections = []
    for shown, note in deck:
        notebook = new_notebook()
        for n, piece in enumerate(OUTPUT.split(shown)):
            if n % 2:
                cell = cells[piece].copy()
                cell.metadata = {"transient": {"remove_source": True}}
                notebook.cells.append(cell)
            elif piece.strip():
                notebook.cells.append(new_markdown_cell(piece))
        body, _ = exporter.from_notebook_node(notebook)
        says, _ = exporter.from_notebook_node(new_notebook(cells=[new_markdown_cell(note)]))
        sections.append((body, says))
    template = jinja2.Template((SOURCES / "deck.html.jinja").read_text(encoding="utf-8"))
    code_css = HtmlFormatter(style="default").get_style_defs(".highlight")
    return template.render(title=title, sections=sections, code_css=code_css)


def copy_libraries() -> None:
    """Put reveal.js and MathJax beside the decks."""
    package = find_spec("sphinx_revealjs")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("reveal.js is not installed: make slides does it")
    reveal = Path(package.submodule_search_locations[0]) / "_static" / "revealjs"
    for part in ("LICENSE", "dist", "plugin/notes", "plugin/math"):
        if (reveal / part).is_dir():
            ignored = shutil.ignore_patterns("*.map", "*.esm.js")
            shutil.copytree(
                reveal / part, TARGET / "reveal" / part, ignore=ignored, dirs_exist_ok=True
            )
        else:
            (TARGET / "reveal").mkdir(parents=True, exist_ok=True)
            shutil.copy(reveal / part, TARGET / "reveal" / part)
    for file in files("django-static-mathjax") or []:
        _, is_static, rest = str(file).partition("static/mathjax/es5/")
        if is_static and (rest == "tex-chtml.js" or rest.startswith("output/chtml/fonts")):
            target = TARGET / "mathjax" / rest
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), target)


def build(number: str) -> list[str]:
    """Write one deck; return what is wrong with it."""
    (name,) = (lesson for lesson in LESSONS if lesson.startswith(number))
    deck = slides_of((SOURCES / f"{name}.md").read_text(encoding="utf-8"))
    cells = outputs_of(name)
    found = problems(name, deck, cells)
    if any("no cell has the tag" in problem for problem in found):
        return found
    html = html_of(deck, cells, deck[0][0].splitlines()[0].removeprefix("# "))
    for _, media in MEDIA.findall(html):
        (TARGET / media).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / media, TARGET / media)
    (TARGET / f"{name}.html").write_text(MEDIA.sub(r"\1\2", html), encoding="utf-8")
    return found


def main() -> int:
    """Build from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("only", nargs="*", help="numbers of lessons; default all that have a deck")
    args = parser.parse_args()
    copy_libraries()
    found = []
    for number in args.only or sorted(path.name[:2] for path in SOURCES.glob("[0-9]*.md")):
        found += [f"{number}: {problem}" for problem in build(number)]
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
