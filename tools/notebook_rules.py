"""House rules for stored notebooks, one plain function each: notebook in, list of problems out.

The builder prints what they find and the tests insist on it. `hygiene_problems` runs every rule
that applies to a notebook of its kind; CONTRIBUTING.md says in words what the rules are for.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode
from reading_time import reading_minutes

MAX_MINUTES = 90
MAX_CELL_LINES = 20
MAX_CODE_CELLS = 35
MIN_CODE_CELLS = 20
MAX_CODE_RUN = 3
MAX_BYTES = 1024 * 1024
TOP_WORDS = ("Aim", "Time", "Needs")
SECTIONS = ("## Your turn", "## Recap", "## Sources")
REASON = "# Output not compared:"
UNCOMPARED_TAGS = {"nbval-ignore-output", "nbval-skip"}
NEEDS_ENCODERS, NEEDS_MOVIELENS = "needs-encoders", "needs-movielens"
UNCOMPARED_COMMENTS = {"NBVAL_IGNORE_OUTPUT", "NBVAL_SKIP", "PYTEST_VALIDATE_IGNORE_OUTPUT"}

ABSOLUTE_PATH = re.compile(
    r"(?<![\w.~/-])/(?:home|work|tmp|Users|root|mnt|var|opt)/|C:\\{1,2}Users"
)
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
STOPWATCH = re.compile(
    r"^\s*%{1,2}(?:time|timeit|prun)\b|\bperf_counter\(|\btime\.time\(|\bprocess_time\("
    r"|\bmonotonic\(|\btimeit\.|\bdatetime\.now\(|\bTimestamp\.now\(",
    re.MULTILINE,
)
ELAPSED = re.compile(r"Wall time|CPU times|\belapsed\b|\btook \d|\bper loop\b", re.IGNORECASE)
PROGRESS = re.compile(r"\r(?!\n)|\d+%\|[█▏▎▍▌▋▊▉ #]|\bit/s\b")
EMBEDDED = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]+")
MARKDOWN_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)")
HTML_LINK = re.compile(r"(?:src|href)\s*=\s*[\"']([^\"']+)[\"']")
IMG_TAG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
EMPTY_ALT = re.compile(r"!\[\s*\]\(")


def not_run_in_order(notebook: NotebookNode) -> list[str]:
    """Execution counts are 1..n: nbval passes a cell that has none without looking at it."""
    return [
        f"code cell {number}: execution count {cell.execution_count}, expected {number}"
        for number, cell in enumerate(_code(notebook), start=1)
        if cell.execution_count != number
    ]


def stderr_or_errors(notebook: NotebookNode) -> list[str]:
    """Nothing on stderr, and an error only where `raises-exception` announces one."""
    problems = []
    for number, cell in enumerate(_code(notebook), start=1):
        announced = "raises-exception" in cell.metadata.get("tags", [])
        kinds = [
            "stderr" if output.get("name") == "stderr" else output.output_type
            for output in cell.outputs
        ]
        if "stderr" in kinds:
            problems.append(f"code cell {number}: output on stderr; fix what causes it")
        if "error" in kinds and not announced:
            problems.append(f"code cell {number}: stored error")
        if announced and "error" not in kinds:
            problems.append(f"code cell {number}: raises-exception, but no error is stored")
    return problems


def long_cells(notebook: NotebookNode) -> list[str]:
    """No code cell is over twenty lines."""
    lengths = [len(cell.source.splitlines()) for cell in _code(notebook)]
    return [
        f"code cell {number}: {length} lines, at most {MAX_CELL_LINES}; split it"
        for number, length in enumerate(lengths, start=1)
        if length > MAX_CELL_LINES
    ]


def absolute_paths(notebook: NotebookNode) -> list[str]:
    """No path of the machine that built the notebook, in sources or outputs."""
    return [
        f"{place}: absolute path {match.group()!r}; use a relative one"
        for place, text in _all_text(notebook)
        if (match := ABSOLUTE_PATH.search(text))
    ]


def memory_addresses(notebook: NotebookNode) -> list[str]:
    """No `<object at 0x…>`: it is different in every run."""
    return [
        f"{place}: memory address {match.group()!r}; print something readable"
        for place, text in _output_text(notebook)
        if (match := ADDRESS.search(text))
    ]


def too_big(notebook: NotebookNode) -> list[str]:
    """A stored notebook stays under 1 MiB."""
    size = len(nbformat.writes(notebook, version=nbformat.NO_CONVERT).encode("utf-8"))
    return [f"{size} bytes, limit {MAX_BYTES}; link media instead of embedding"] * (
        size >= MAX_BYTES
    )


def unstable_outputs(notebook: NotebookNode) -> list[str]:
    """No output kind that changes with versions or runs: SVG, PDF, widgets, pandas' HTML."""
    problems = []
    if "widgets" in notebook.metadata:
        problems.append("widget state stored in the metadata")
    for number, kind, text in _bundles(notebook):
        if kind in ("image/svg+xml", "application/pdf"):
            problems.append(f"code cell {number}: {kind} output is compared byte by byte; use PNG")
        if kind.startswith("application/vnd.jupyter.widget"):
            problems.append(f"code cell {number}: widget output; its ids are random")
        if kind == "text/html" and re.search(r"class=[\"'][^\"']*\bdataframe\b", text):
            problems.append(f"code cell {number}: pandas' HTML table; print text or show cards")
        if kind == "text/html" and re.search(r"<progress\b|progress-bar", text):
            problems.append(f"code cell {number}: progress bar")
    return problems


def clocks_and_progress(notebook: NotebookNode) -> list[str]:
    """No stopwatch in a cell, no elapsed time or progress bar in an output."""
    problems = [
        f"code cell {number}: {match.group().strip()!r} measures time; benchmarks do that"
        for number, cell in enumerate(_code(notebook), start=1)
        if (match := STOPWATCH.search(cell.source))
    ]
    for place, text in _output_text(notebook):
        if match := ELAPSED.search(text):
            problems.append(f"{place}: elapsed time {match.group()!r}")
        if PROGRESS.search(text):
            problems.append(f"{place}: progress bar")
    return problems


def missing_alt_text(notebook: NotebookNode) -> list[str]:
    """Every figure, and every picture in text and HTML, has alt text."""
    problems = [
        f"cell {number}: picture without alt text"
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == "markdown"
        and (EMPTY_ALT.search(cell.source) or _images_without_alt(cell.source))
    ]
    for number, kind, text in _bundles(notebook):
        if kind == "text/html" and _images_without_alt(text):
            problems.append(f"code cell {number}: <img> without alt text")
    for number, cell in enumerate(_code(notebook), start=1):
        for output in cell.outputs:
            figures = {"image/png", "image/jpeg"} & set(output.get("data", {}))
            if any(not output.metadata.get(kind, {}).get("alt") for kind in figures):
                problems.append(
                    f"code cell {number}: figure without alt text; end with plotting.finish(…, alt)"
                )
    return problems


def unreasoned_exceptions(notebook: NotebookNode) -> list[str]:
    """A cell whose output is not compared says why, in a comment a reader can see."""
    problems = []
    for number, cell in enumerate(_code(notebook), start=1):
        lines = [line.strip() for line in cell.source.splitlines()]
        marked = bool(UNCOMPARED_TAGS & set(cell.metadata.get("tags", []))) or any(
            line.startswith("#") and line.lstrip("# ") in UNCOMPARED_COMMENTS for line in lines
        )
        reasons = [line for line in lines if line.startswith(REASON)]
        if marked and not any(len(line) >= len(REASON) + 10 for line in reasons):
            problems.append(f"code cell {number}: output is not compared; add `{REASON} why`")
        if reasons and not marked:
            problems.append(f"code cell {number}: has a reason but no tag nbval-ignore-output")
    return problems


def silent_needs(notebook: NotebookNode) -> list[str]:
    """A cell that needs encoders or MovieLens has the tag, and no other cell leans on it.

    The tag lets the tests skip the cell where weights or ratings are absent. A reader without
    encoders goes on to the next cell, as this one asks `encoders_available`; without MovieLens
    `load_movielens` says what to do.
    """
    problems = []
    for number, cell in enumerate(_code(notebook), start=1):
        tags = cell.metadata.get("tags", [])
        if NEEDS_ENCODERS in tags and "encoders_available" not in cell.source:
            problems.append(f"code cell {number}: {NEEDS_ENCODERS}, but no encoders_available()")
        for needed, pattern in (
            (NEEDS_ENCODERS, r"\b(?:Image|Text)Encoder\("),
            (NEEDS_MOVIELENS, r"\bload_movielens\("),
        ):
            if needed not in tags and re.search(pattern, cell.source):
                problems.append(f'code cell {number}: needs the mark tags=["{needed}"]')
    return problems + _leaning(notebook)


def _leaning(notebook: NotebookNode) -> list[str]:
    """Cells that use a name which, before them, only a cell with other needs has made."""
    problems = []
    made: dict[str, set[str]] = {}  # name → needs without which it would not be there
    for number, cell in enumerate(_code(notebook), start=1):
        needs = {NEEDS_ENCODERS, NEEDS_MOVIELENS} & set(cell.metadata.get("tags", []))
        stored, used = names_made_and_used(cell.source)
        for name in sorted(used & set(made)):
            if lacking := made[name] - needs:
                problems.append(
                    f"code cell {number}: {name!r} comes from a cell that is skipped without"
                    f" its needs; add the tag {min(lacking)} or make it here"
                )
        for name in stored:
            made[name] = made.get(name, needs) & needs
    return problems


def names_made_and_used(source: str) -> tuple[set[str], set[str]]:
    """Names that a cell makes, and names that it takes from elsewhere."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:  # a magic command, or a cell that shows an error
        return set(), set()
    stored, used = set(), set()
    for node in nodes:
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else stored).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            stored.add(node.name)
        elif isinstance(node, ast.arg):
            stored.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            stored |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return stored, used - stored


def text_around_code(notebook: NotebookNode) -> list[str]:
    """Words before code: starts and ends with text, never more than three code cells in a row."""
    problems = []
    kinds = [cell.cell_type for cell in notebook.cells]
    if not kinds or kinds[0] != "markdown" or not notebook.cells[0].source.startswith("# "):
        problems.append("first cell is not text that starts with a `# Title`")
    if kinds and kinds[-1] != "markdown":
        problems.append("ends with code; say what was seen")
    run = 0
    for number, kind in enumerate(kinds, start=1):
        run = run + 1 if kind == "code" else 0
        if run == MAX_CODE_RUN + 1:
            problems.append(f"cell {number}: more than {MAX_CODE_RUN} code cells without text")
    return problems


def lesson_shape(notebook: NotebookNode, sections: tuple[str, ...] = SECTIONS) -> list[str]:
    """Aim, time and needs at the top; your turn, recap and sources at the end, in that order."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    top = texts[0] if texts else ""
    problems = [
        f"first cell: no **{word}** line"
        for word in TOP_WORDS
        if not re.search(rf"\*\*{word}", top)
    ]
    headings = [
        line.strip() for text in texts for line in text.splitlines() if line.startswith("## ")
    ]
    problems += [f"no heading `{name}`" for name in sections if name not in headings]
    if not problems and headings[-len(sections) :] != list(sections):
        problems.append(f"the last headings are not {', '.join(sections)}")
    return problems


def deeper_shape(notebook: NotebookNode) -> list[str]:
    """A deeper notebook needs no exercises."""
    return lesson_shape(notebook, SECTIONS[1:])


def too_long(notebook: NotebookNode) -> list[str]:
    """The core path of a lesson takes at most 90 minutes; depth moves to notebooks/deeper."""
    minutes = reading_minutes(notebook)
    return [f"{minutes} minutes by tools/reading_time.py, at most {MAX_MINUTES}"] * (
        minutes > MAX_MINUTES
    )


def too_many_cells(notebook: NotebookNode) -> list[str]:
    """At most 35 code cells."""
    count = len(_code(notebook))
    return [f"{count} code cells, at most {MAX_CODE_CELLS}"] * (count > MAX_CODE_CELLS)


def too_few_cells(notebook: NotebookNode) -> list[str]:
    """At least 20 code cells; only the opening lesson may be shorter."""
    count = len(_code(notebook))
    return [f"{count} code cells, at least {MIN_CODE_CELLS}"] * (count < MIN_CODE_CELLS)


def broken_links(notebook: NotebookNode, folder: Path) -> list[str]:
    """Relative links of text and of HTML output lead to a file, seen from the notebook's folder."""
    texts = [
        (f"cell {number}", cell.source)
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == "markdown"
    ]
    texts += [
        (f"code cell {number}", text)
        for number, kind, text in _bundles(notebook)
        if kind in ("text/html", "text/markdown")
    ]
    problems = []
    for place, text in texts:
        links = HTML_LINK.findall(text) + (MARKDOWN_LINK.findall(text) if "](" in text else [])
        for link in dict.fromkeys(links):
            path = unquote(link.split("#")[0].split("?")[0])
            if not path or re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue
            if not (folder / path).exists():
                problems.append(f"{place}: link to {link!r} leads nowhere")
    return problems


RULES: tuple[Callable[[NotebookNode], list[str]], ...] = (
    not_run_in_order,
    stderr_or_errors,
    long_cells,
    absolute_paths,
    memory_addresses,
    too_big,
    unstable_outputs,
    clocks_and_progress,
    missing_alt_text,
    unreasoned_exceptions,
    silent_needs,
    text_around_code,
)


def hygiene_problems(notebook: NotebookNode, path: Path) -> list[str]:
    """Run every rule that applies to the notebook stored at `path`."""
    problems = [problem for rule in RULES for problem in rule(notebook)]
    problems += broken_links(notebook, path.parent)
    if path.parent.name != "solutions" and path.name[0].isdigit():  # an app has no number
        if path.parent.name == "deeper":
            return problems + deeper_shape(notebook) + too_many_cells(notebook)
        problems += lesson_shape(notebook) + too_many_cells(notebook) + too_long(notebook)
        if not path.name.startswith("00_"):
            problems += too_few_cells(notebook)
    return problems


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _bundles(notebook: NotebookNode) -> Iterator[tuple[int, str, str]]:
    """Yield code cell number, MIME type and text of every displayed output."""
    for number, cell in enumerate(_code(notebook), start=1):
        for output in cell.outputs:
            for kind, content in output.get("data", {}).items():
                yield number, kind, content if isinstance(content, str) else json.dumps(content)


def _output_text(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield every readable output, embedded media left out: base64 can spell anything."""
    for number, cell in enumerate(_code(notebook), start=1):
        for output in cell.outputs:
            stream = output.get("text", "") + "\n".join(output.get("traceback", []))
            if stream:
                yield f"code cell {number}: output", stream
    for number, kind, text in _bundles(notebook):
        if not kind.startswith(("image/", "audio/", "video/")):
            yield f"code cell {number}: {kind}", EMBEDDED.sub("", text)


def _all_text(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    for number, cell in enumerate(notebook.cells, start=1):
        yield f"cell {number}", cell.source
    yield from _output_text(notebook)


def _images_without_alt(html: str) -> bool:
    tags = IMG_TAG.findall(html)
    return any(not re.search(r"\balt\s*=\s*([\"'])\s*[^\"'\s]", tag) for tag in tags)
