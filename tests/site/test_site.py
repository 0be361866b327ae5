"""The site that `make test-site` has built: every page's links, and what a reader meets.

MMREC_SITE names the folder of the pages. Browser tests are skipped where Chromium is absent.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from course_map import LESSONS

if "MMREC_SITE" not in os.environ:
    pytest.skip("needs the built site: make test-site", allow_module_level=True)
SITE = Path(os.environ["MMREC_SITE"]).resolve()
ROOT = Path(__file__).resolve().parent.parent.parent
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs chromium, chromedriver")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--mute-audio")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
READ = [
    *("index", "notebooks/00_start_here", "notebooks/08_weighted_fusion"),
    *("notebooks/11_the_recommender", "notebooks/deeper/08_shapley_values"),
    *("notebooks/exercises/08_weighted_fusion", "docs/glossary", "api/recommenders"),
    *("search", "_modules/mmrec_course/recommenders/base"),
]


class Page:
    """What the tests ask of a page; Sphinx writes HTML that is regular enough for patterns."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")
        self.ids = set(re.findall(r'\bid="([^"]+)"', self.text))
        self.links = self.all(r'<a\b[^>]*?\bhref="([^"]*)"')
        self.loaded = self.all(r'<(?:img|script|audio|iframe)\b[^>]*?\bsrc="([^"]+)"')
        self.loaded += self.all(r'<link rel="(?!next|prev|search)[^>]*?\bhref="([^"]+)"')
        self.levels = [int(level) for level in self.all(r"<h([1-6])\b")]
        self.without_alt = self.all(r'<img\b(?![^>]*\balt="[^"])[^>]*>')
        (self.title,) = self.all(r"<title>([^<]*)</title>")
        self.next = "".join(self.all(r'<link rel="next"[^>]*?\bhref="([^"]+)"'))

    def all(self, pattern: str) -> list[str]:
        return [unescape(found) for found in re.findall(pattern, self.text)]


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    """Every page of the course (slides are tested elsewhere): its path → what it holds."""
    found = {path.relative_to(SITE).as_posix(): path for path in sorted(SITE.rglob("*.html"))}
    return {n: Page(p) for n, p in found.items() if not n.startswith(("slides/", "_static/"))}


def resolve(page: str, target: str) -> str:
    return os.path.normpath(PurePosixPath(page).parent / unquote(urlsplit(target).path))


def test_every_link_and_anchor_leads_somewhere_and_nothing_is_loaded_from_elsewhere(pages):
    broken = []
    for name, page in pages.items():
        broken += [f"{name}: loads {t}" for t in page.loaded if re.match("(https?:)?//", t)]
        for target in {*page.links, *page.loaded}:
            parts = urlsplit(target)
            if parts.scheme:
                continue
            path = resolve(name, target) if parts.path else name
            if not (SITE / path).is_file():
                broken.append(f"{name}: {target}")
            elif path in pages and parts.fragment not in {"", *pages[path].ids}:
                broken.append(f"{name}: {target}: no such anchor")
    assert broken == []


def test_a_page_has_one_title_one_top_heading_and_the_others_in_order(pages):
    for name, page in pages.items():
        assert page.without_alt == [], name
        assert page.levels[:1] == [1] and page.levels.count(1) == 1, f"{name}: {page.levels}"
        steps = zip(page.levels, page.levels[1:], strict=False)
        assert all(after <= before + 1 for before, after in steps), f"{name}: {page.levels}"
    titles = [page.title for page in pages.values()]
    assert len(set(titles)) == len(titles), sorted(t for t in titles if titles.count(t) > 1)


def test_next_leads_through_the_course_in_order(pages):
    name, way = "index.html", []
    while name:
        way.append(name)
        name = pages[name].next and resolve(name, pages[name].next)
    lessons = [f"notebooks/{lesson}.html" for lesson in LESSONS]
    assert [name for name in way if name in lessons] == lessons
    ours = {name for name in pages if not name.startswith(("_modules/", "search"))}
    assert set(way) == ours, f"not in the menu: {ours - set(way)}"


def test_lessons_link_a_term_once_and_the_package_names_its_lessons(pages):
    for lesson in LESSONS:
        terms = [t for t in pages[f"notebooks/{lesson}.html"].links if "glossary.html#term" in t]
        assert len(terms) >= 10, lesson
        assert len(set(terms)) == len(terms), lesson
    assert any("11_the_recommender" in target for target in pages["api/recommenders.html"].links)


def test_each_exercise_has_a_folded_solution(pages):
    for path in ROOT.glob("notebooks/exercises/*.ipynb"):
        blanks = path.read_text(encoding="utf-8").count('"grade_id": "exercise-')
        page = pages[f"notebooks/exercises/{path.stem}.html"].text
        assert page.count("Show a solution") == blanks, path.name
        assert page.count('<details class="admonition hide above-input">') == blanks, path.name


def test_a_notebook_can_be_downloaded_as_it_is(pages):
    for path in ROOT.glob("notebooks/**/*.ipynb"):
        name = path.relative_to(ROOT).as_posix()
        if path.parent.name != "solutions":
            assert path.name in pages[name.replace(".ipynb", ".html")].links
            assert (SITE / name).read_bytes() == path.read_bytes(), name


# --- in a browser -------------------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=webdriver.ChromeService(DRIVER), options=options)
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


def wait_for(what: Callable[[], Any], why: str, seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited in vain: {why}")


def axe_problems(browser: Any) -> list[str]:
    """What axe-core finds against WCAG 2.1 AA: rule, how often, where first."""
    options = {"runOnly": WCAG, "resultTypes": ["violations"], "preload": False}
    script = "axe.run(arguments[0]).then(arguments[1])"
    result = browser.execute_async_script(script, options)
    return [
        f"{rule['id']}: {len(rule['nodes'])} × {rule['nodes'][0]['html'][:200]}"
        f" {rule['nodes'][0]['failureSummary']}"
        for rule in result["violations"]
    ]


@needs_browser
@pytest.mark.parametrize("name", READ)
def test_a_page_is_quiet_readable_on_a_phone_and_accessible_in_both_colours(browser, address, name):
    package = find_spec("axe_playwright_python")
    if package is None:
        pytest.skip("needs axe-playwright-python: make test-site")
    axe = Path(package.submodule_search_locations[0]) / "axe.min.js"
    browser.set_window_size(1280, 900)
    browser.get_log("browser")  # of the page before
    browser.get(f"{address}/{name}.html")
    loaded = "return performance.getEntriesByType('resource').map(e => e.name)"
    raw = "return document.querySelectorAll('.math:not(:has(*))').length"
    wait_for(lambda: browser.execute_script(raw) == 0, "the formulas are drawn")
    assert [url for url in browser.execute_script(loaded) if not url.startswith(address)] == []
    loud = [e["message"] for e in browser.get_log("browser") if e["level"] != "INFO"]
    assert loud == []
    browser.execute_script(axe.read_text(encoding="utf-8"))
    for theme in ("light", "dark"):
        browser.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
        time.sleep(0.5)  # colours change gradually
        assert axe_problems(browser) == [], theme
    metrics = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        width = browser.execute_script("return document.documentElement.scrollWidth")
        assert width <= 400, f"the page is {width} px wide"
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@needs_browser
def test_formulas_are_drawn(browser, address):
    browser.get(f"{address}/notebooks/08_weighted_fusion.html")
    drawn = "return [...document.querySelectorAll('mjx-container')].map(m => m.offsetWidth)"
    widths = wait_for(lambda: browser.execute_script(drawn), "MathJax has drawn")
    assert len(widths) > 10
    assert all(width > 0 for width in widths)
    assert browser.execute_script("return document.querySelector('mjx-merror')") is None


@needs_browser
def test_a_clip_plays(browser, address):
    browser.get(f"{address}/index.html")
    clip = browser.find_element("css selector", "audio")
    clip.send_keys(" ")
    played = "return arguments[0].currentTime > 0.2"
    wait_for(lambda: browser.execute_script(played, clip), "the clip's time runs")


@needs_browser
def test_the_search_finds_the_lesson_on_cold_start(browser, address):
    browser.get(f"{address}/search.html?q=cold+start")
    hits = "return [...document.querySelectorAll('#search-results li a')].map(a => a.href)"
    done = "return document.querySelector('#search-results .search-summary')?.innerText"
    wait_for(lambda: "finished" in (browser.execute_script(done) or ""), "the search is done")
    found = browser.execute_script(hits)
    assert any("10_incomplete_data" in url for url in found[:10])
    assert any("glossary" in url for url in found)


@needs_browser
def test_the_button_switches_between_light_and_dark(browser, address):
    browser.get(f"{address}/index.html")
    now = "return document.documentElement.dataset.theme"
    for mode in ("dark", "light"):
        browser.find_element("css selector", "button.theme-switch-button").click()
        browser.find_element("css selector", f"button[data-mode={mode}]").click()
        assert browser.execute_script(now) == mode
