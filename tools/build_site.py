"""The course as a web site: `make site` writes build/site/html from the stored notebooks.

First a source tree in build/site-src, laid out like the repository, so that most links stay as
they are; then Sphinx, with docs/site/conf.py. Nothing is run and nothing is fetched.

    notebooks/NN_name.ipynb             → a page for each lesson, terms linked to the glossary
    notebooks/deeper, exercises         → the same; each solution folded below its exercise's checks
    docs/**/*.md, README.md, …          → pages
    docs/site/index.md                  → the landing page: list, commands and map filled in
    mmrec_course                        → api/NAME.rst: a page for each package, from docstrings
    build/slides                        → copied, and linked from the lessons, where it exists
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import nbformat
from bs4 import BeautifulSoup
from course_map import FRAMEWORKS, LESSONS
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from sphinx.cmd.build import build_main

ROOT = Path(__file__).resolve().parent.parent
SOURCE, OUT = ROOT / "build/site-src", ROOT / "build/site"
# Pages beside notebooks and docs, in the order of the menu, with their names there.
TEXTS = {
    "README.md": "Results, package, licences",
    "docs/glossary.md": "Glossary",
    "data/mosaic/README.md": "Mosaic, the music shop",
    "data/stamps/README.md": "The stamps",
    "CONTRIBUTING.md": "Contributing",
    "CHANGELOG.md": "Changes",
}
PACKAGES = ("datasets", "preprocessing", "features", "evaluation", "fusion", "recommenders")
MODULES = ("display", "plotting")
TEACHING = [p.relative_to(ROOT).as_posix() for p in sorted(ROOT.glob("docs/teaching/**/*.md"))]
NOTEBOOKS = [
    path.relative_to(ROOT).as_posix()
    for path in sorted(ROOT.glob("notebooks/**/*.ipynb"))
    if not {"solutions", ".ipynb_checkpoints"} & set(path.parts)
]
PAGES = {*TEXTS, *TEACHING, *NOTEBOOKS}
CODE = r"(?s:^```.*?^```|`[^`]+`|\$\$.*?\$\$|\$[^$\n]+\$)"
LINK = r"(?P<bang>!?)\[(?P<text>[^\[\]]*)\]\((?P<target>[^()\s]+)\)"
# What no link to the glossary may stand in: code, formulas, sources, links, HTML and headings.
CLOSED = rf"{CODE}|(?s:^## Sources$.*)|!?\[[^\[\]]*\]\([^()]*\)|<[^>]+>|^#+ .*$"
MEDIA = re.compile(r'src="([^":]+\.\w+)"')


def main() -> int:
    for folder in (SOURCE, OUT):
        shutil.rmtree(folder, ignore_errors=True)
    for place, text in {**notebook_pages(), **text_pages(), **api_pages()}.items():
        write(place, text)
    write("index.md", landing())
    copy_mathjax()
    if (slides := ROOT / "build/slides").is_dir():
        shutil.copytree(slides, SOURCE / "extra/slides")
    options = ["-q", "-j", "auto", "-W", "--keep-going", "-d", str(OUT / "doctrees")]
    return build_main([*options, "-c", str(ROOT / "docs/site"), str(SOURCE), str(OUT / "html")])


def write(place: str, text: str) -> None:
    target = SOURCE / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def copy(place: str, folder: str = "") -> None:
    """Copy a file of the repository to the same place below the source tree or a folder of it."""
    target = SOURCE / folder / place
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / place, target)


# --- notebooks ----------------------------------------------------------------------------------


def notebook_pages() -> dict[str, str]:
    """Every notebook that becomes a page: its place → its prepared text."""
    pages = {}
    for place in NOTEBOOKS:
        path = ROOT / place
        notebook = nbformat.read(path, as_version=4)
        if path.parent.name == "exercises":
            notebook.cells = list(exercise_cells(notebook, path))
        copy(place, "extra")  # to be downloaded as it is
        for media in {m for html in html_outputs(notebook) for m in MEDIA.findall(html)}:
            copy(posixpath.normpath(PurePosixPath(place).parent / media), "extra")
        prepare(notebook, place)
        pages[place] = nbformat.writes(notebook)
    return pages


def exercise_cells(blank: NotebookNode, path: Path) -> Iterator[NotebookNode]:
    """The solved notebook's cells with blanks in place of answers; each answer follows its checks.

    The outputs are those of the solved notebook: the words below them are about these.
    """
    solved = nbformat.read(path.parent.parent / "solutions" / path.name, as_version=4)
    answer = None
    for empty, cell in zip(blank.cells, solved.cells, strict=True):
        kind = cell.metadata.get("nbgrader", {})
        if kind.get("solution"):
            answer = cell
            answer.id += "-solution"
            answer.source = re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.M)
            answer.metadata = {
                "tags": ["hide-cell"],
                "mystnb": {"code_prompt_show": "Show a solution", "code_prompt_hide": "Solution"},
            }
            yield empty
            continue
        if answer is not None and not kind:
            yield answer
            answer = None
        yield cell
    if answer is not None:
        yield answer


def html_outputs(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                yield output.data["text/html"]


def prepare(notebook: NotebookNode, place: str) -> None:
    """Link terms and pages, pass on alt texts, and add downloads and the pages that follow."""
    seen: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = link_terms(relink(cell.source, place), place, seen)
        for output in cell.get("outputs", []):
            picture = output.get("metadata", {}).get("image/png", {})
            if "alt" in picture:
                cell.metadata.setdefault("mystnb", {})["image"] = {"alt": picture["alt"]}
    name, stem = PurePosixPath(place).name, PurePosixPath(place).stem
    links = [f'<a href="{name}" download>Download this notebook</a>']
    if "/exercises/" in place:
        copy(f"notebooks/solutions/{name}", "extra")
        links.append(f'<a href="../solutions/{name}" download>Download the solutions</a>')
    elif place.count("/") == 1:  # a lesson
        if (ROOT / f"build/slides/{stem}.html").exists():
            links.append(f'<a href="../slides/{stem}.html">Slides</a>')
        if f"docs/teaching/{stem}.md" in TEACHING:
            links.append(f'<a href="../docs/teaching/{stem}.html">Teacher’s page</a>')
        links += hosted(name)
        further = [f"exercises/{stem}"] if (ROOT / f"notebooks/exercises/{name}").exists() else []
        further += [f"deeper/{p.stem}" for p in sorted(ROOT.glob(f"notebooks/deeper/{stem[:2]}_*"))]
        entries = [f"{menu_name(f'notebooks/{page}.ipynb')} <{page}>" for page in further]
        notebook.cells.append(new_markdown_cell(toctree(entries)))
    bar = new_markdown_cell(f'<p class="page-links">{" · ".join(links)}</p>')
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[:1] = [new_markdown_cell(title), bar, new_markdown_cell(rest)]


def hosted(name: str) -> list[str]:
    """Links to run a lesson elsewhere, where GitHub builds the site and so has a public copy."""
    if not (repository := os.environ.get("GITHUB_REPOSITORY")):
        return []
    binder = f"https://mybinder.org/v2/gh/{repository}/HEAD?labpath=notebooks/{name}"
    colab = f"https://colab.research.google.com/github/{repository}/blob/colab/{name}"
    links = [f'<a href="{binder}">Binder</a>']
    return links + [f'<a href="{colab}">Colab</a>'] * (name[:2] not in FRAMEWORKS)


def menu_name(place: str) -> str:
    """The short name for the menu: Exercises, Deeper: …, or what stands before a colon."""
    if "/exercises/" in place:
        return "Exercises"
    text = (ROOT / place).read_text(encoding="utf-8")
    if place.endswith(".ipynb"):
        text = nbformat.reads(text, as_version=4).cells[0].source
    title = text.partition("\n")[0].removeprefix("# ")
    deeper = re.fullmatch(r"\d\d · [Dd]eeper: (.+)", title)
    return f"Deeper: {deeper[1]}" if deeper else title.partition(":")[0]


def toctree(entries: list[str], caption: str = "") -> str:
    if not entries:
        return ""
    head = f":caption: {caption}\n" if caption else ""
    return "```{toctree}\n:hidden:\n" + head + "\n" + "\n".join(entries) + "\n```"


# --- links --------------------------------------------------------------------------------------


def relink(text: str, place: str) -> str:
    """Make relative links of a Markdown text lead to pages or copies; of others leave the words."""
    here = PurePosixPath(place).parent

    def one(found: re.Match[str]) -> str:
        target = found["target"]
        if target is None or re.match(r"[a-z]+:|#", target):
            return found[0]
        path, hash_, anchor = target.partition("#")
        path = posixpath.normpath(here / path)
        path = path.replace("notebooks/solutions/", "notebooks/exercises/")
        if path == place:
            return found["text"]
        if path.startswith("mmrec_course") and path.endswith(".py"):
            room = path.split("/")[1].removesuffix(".py")
            path = f"api/{'index' if room == '__init__' else room}.rst"
        elif found["bang"]:
            copy(path)
        elif path not in PAGES:
            deck = f"slides/{PurePosixPath(path).stem}.html"
            if path.startswith("docs/slides/") and (ROOT / "build" / deck).exists():
                return f'<a href="{posixpath.relpath(deck, here)}">{found["text"]}</a>'
            if not (ROOT / path).is_file():
                return found["text"]
            copy(path, "extra")
            return f'<a href="{posixpath.relpath(path, here)}" download>{found["text"]}</a>'
        there = posixpath.relpath(path, here)
        return f"{found['bang']}[{found['text']}]({there}{hash_}{anchor})"

    return re.sub(rf"{CODE}|{LINK}", one, text, flags=re.M)


def slug(term: str) -> str:
    return "term-" + re.sub(r"\W+", "-", term.lower()).strip("-")


def pattern_of(term: str) -> str:
    """Small letters may begin with a capital and end in a plural; EASE is not ease."""
    words = re.escape(term).replace(r"\ ", r"\s").replace(r"\-", "[-‑]")
    if term != term.lower():
        return words
    if words.endswith("y"):
        words = f"{words[:-1]}(?:y|ies)"
    return f"[{words[0]}{words[0].upper()}]{words[1:]}(?:s|es)?"


GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
TERMS = sorted(re.findall(r"^### (.+)$", GLOSSARY, flags=re.M), key=len, reverse=True)
ANY_TERM = re.compile(
    rf"{CLOSED}|(?<![\w-])(?:{'|'.join(f'(?P<t{i}>{pattern_of(t)})' for i, t in enumerate(TERMS))})"
    r"(?![\w-])",
    flags=re.M,
)


def link_terms(text: str, place: str, seen: set[str]) -> str:
    """Link the first use of each glossary term to its entry; `seen` are those linked before."""
    glossary = posixpath.relpath("docs/glossary.md", PurePosixPath(place).parent)

    def one(found: re.Match[str]) -> str:
        if found.lastgroup is None:
            return found[0]
        term = TERMS[int(found.lastgroup[1:])]
        if term in seen:
            return found[0]
        seen.add(term)
        return f"[{found[0]}]({glossary}#{slug(term)})"

    return ANY_TERM.sub(one, text)


# --- other pages --------------------------------------------------------------------------------


def text_pages() -> dict[str, str]:
    """Markdown files of the repository that become pages."""
    pages = {}
    for place in (*TEXTS, *TEACHING):
        text = relink((ROOT / place).read_text(encoding="utf-8"), place)
        text = re.sub(r"(?ms)^```mermaid$.*?^```$", "", text)  # GitHub draws it; a table says it
        if place == "docs/glossary.md":
            text = re.sub(r"^### (.+)$", lambda m: f"({slug(m[1])})=\n{m[0]}", text, flags=re.M)
            text = re.sub(r"[一-鿿][^·\n]*[一-鿿。]", r'<span lang="zh">\g<0></span>', text)
        pages[place] = text
    return pages


def api_pages() -> dict[str, str]:
    """A page of autodoc's directives for each package, extras' modules under headings of theirs."""
    pages = {}
    for name in PACKAGES:
        package = import_module(f"mmrec_course.{name}")
        text = heading(name, "=") + f".. automodule:: {package.__name__}\n   :no-members:\n\n"
        for public in package.__all__:
            home = getattr(package, public).__module__
            kind = "class" if public[0].isupper() else "function"
            if ".extras." in home:
                text += f"Also, from extras: :obj:`{public} <{home}.{public}>`.\n\n"
            else:
                text += f".. auto{kind}:: {package.__name__}.{public}\n\n"
        pages[f"api/{name}.rst"] = text
    extras = sorted(p.stem for p in (ROOT / "mmrec_course/extras").glob("[a-z]*.py"))
    text = heading("extras", "=") + ".. automodule:: mmrec_course.extras\n   :no-members:\n\n"
    for stem in extras:
        text += heading(stem, "-") + f".. automodule:: mmrec_course.extras.{stem}\n\n"
    pages["api/extras.rst"] = text
    for name in MODULES:
        pages[f"api/{name}.rst"] = heading(name, "=") + f".. automodule:: mmrec_course.{name}\n"
    listed = "\n".join(f"   {name}" for name in (*PACKAGES, "extras", *MODULES))
    pages["api/index.rst"] = (
        heading("The package", "=")
        + ".. automodule:: mmrec_course\n   :no-members:\n\n"
        + f".. toctree::\n   :maxdepth: 1\n\n{listed}\n"
    )
    return pages


def heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n\n"


def landing() -> str:
    """docs/site/index.md with list, course map and menu filled in."""
    text = (ROOT / "docs/site/index.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\d) \| \[(.+?)\]\((.+?)\.ipynb\) \| .+ \| (\d+) \|$", readme, re.M)
    course = "\n".join(
        f'<li><a href="{page}.html">{number} {name[0].upper()}{name[1:]}</a> {minutes} min</li>'
        for number, name, page, minutes in rows
    )
    lessons = [f"notebooks/{name}" for name in LESSONS]
    menu = toctree([f"{menu_name(f'{p}.ipynb')} <{p}>" for p in lessons], "The course")
    texts = [f"{name} <{place.removesuffix('.md')}>" for place, name in TEXTS.items()]
    reference = [texts[1], "The package <api/index>", texts[0], *texts[2:]]
    menu += "\n\n" + toctree(reference, "Reference")
    guide = sorted(TEACHING, key=lambda place: "index" not in place and "README" not in place)
    entries = [f"{menu_name(place)} <{place.removesuffix('.md')}>" for place in guide]
    menu += "\n\n" + toctree(entries, "For teachers")
    hours = round(sum(int(minutes) for *_, minutes in rows) / 60)
    teachers = f' · <a href="{guide[0].removesuffix(".md")}.html">For teachers</a>' if guide else ""
    filled = {"list": card_list(), "map": course, "hours": str(hours), "teachers": teachers}
    for name, value in filled.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return f"{text}\n{menu}\n"


def card_list() -> str:
    """The first five cards of the list that lesson 00 ends with, as its stored output has them."""
    notebook = nbformat.read(ROOT / f"notebooks/{LESSONS[0]}.ipynb", as_version=4)
    *_, last = (html for html in html_outputs(notebook) if "<audio" in html)
    cards = BeautifulSoup(last.replace("../data/", "data/"), "html.parser").find_all("ul")[-1]
    for card in cards.find_all("li", recursive=False)[5:]:
        card.decompose()
    del cards["style"]
    return re.sub(r"\s*\n\s*", " ", str(cards))


def copy_mathjax() -> None:
    """MathJax 3 (Apache licence 2.0) and its fonts, from a package of the registry."""
    (package,) = find_spec("mathjax").submodule_search_locations
    source, target = Path(package) / "static/mathjax", SOURCE / "extra/_static/mathjax"
    target.mkdir(parents=True)
    shutil.copyfile(source / "LICENSE", target / "LICENSE")
    shutil.copyfile(source / "es5/tex-chtml.js", target / "tex-chtml.js")
    for part in ("output/chtml/fonts", "input/tex/extensions", "a11y", "sre"):
        shutil.copytree(source / "es5" / part, target / part)


if __name__ == "__main__":
    sys.exit(main())
