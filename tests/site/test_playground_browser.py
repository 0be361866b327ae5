"""The playground in a browser: served by Voilà, used by keyboard, read by its accessible names.

Run by `make test-site`; skipped where Chromium, its driver, selenium or Voilà are absent.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

if "MMREC_SITE" not in os.environ:
    pytest.skip("needs a browser: make test-site", allow_module_level=True)
webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
pytest.importorskip("voila", reason="needs voila")

from selenium.common.exceptions import (  # noqa: E402
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs chromium and chromedriver")

ROOT = Path(__file__).resolve().parent.parent.parent
APP = ROOT / "apps" / "playground" / "playground.ipynb"
# Long, for a machine where no feature is cached yet; usually it takes a tenth of it.
PATIENCE_S = 240
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--mute-audio", "--window-size=1300,1000"),
)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float, why: str) -> Any:
    """What it says once it says something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s: {why}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End the server and the kernels it started, and nobody else."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT if os.name == "nt" else signal.SIGTERM)
    _, left = psutil.wait_procs([psutil.Process(process.pid), *children], timeout=10)
    for one in left:
        one.kill()
    process.wait()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Voilà serves the app as `make app` does."""
    port, folder = free_port(), tmp_path_factory.mktemp("voila")
    command = [sys.executable, "-m", "voila", str(APP), "--no-browser", f"--port={port}"]
    command += ["--Voila.ip=127.0.0.1"]
    # Not the reader's own settings: theirs may well be another page.
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:

        def listening() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            with socket.socket() as knock:
                return knock.connect_ex(("127.0.0.1", port)) == 0

        wait_for(listening, 60, "Voilà listens")
        yield f"http://127.0.0.1:{port}/"
    finally:
        end(process)


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    """Headless Chromium with the page open and its ten cards there."""
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(service=webdriver.ChromeService(DRIVER), options=options)
        try:
            driver.set_page_load_timeout(PATIENCE_S)
            driver.get(address)
            wait_for(lambda: whole(driver), PATIENCE_S, "the page and its ten cards")
            yield driver
        finally:
            driver.quit()


def whole(browser: Any) -> bool:
    """Whether all is there; a cell that failed says so, and waiting on would be in vain."""
    for trouble in browser.find_elements(By.CSS_SELECTOR, "[data-mime-type*=error], .voila-error"):
        raise AssertionError(trouble.text)
    body = browser.find_element(By.TAG_NAME, "body").text
    assert "error when executing cell" not in body, body
    return len(titles(browser)) == 10


def titles(browser: Any) -> list[str]:
    # In one go: cards that are drawn anew between two questions would be gone.
    script = "return [...document.querySelectorAll('.mmrec-page h3')].map(h => h.innerText)"
    return [str(title) for title in browser.execute_script(script)]


def said(browser: Any) -> str:
    return str(browser.find_element(By.CSS_SELECTOR, ".mmrec-page [role=status]").text)


def controls(browser: Any) -> list[Any]:
    """All visible controls; in one go, since a question about each costs the browser far more."""
    css = ".mmrec-page :is(button, input, select, audio)"
    seen = "c => c.checkVisibility({opacityProperty: true, visibilityProperty: true})"
    script = f"return [...document.querySelectorAll('{css}')].filter({seen})"
    return list(browser.execute_script(script))


def control(browser: Any, name: str) -> Any:
    """The visible control with this accessible name; a test of its own says that there is one."""

    def found() -> Any:
        try:
            return next((c for c in controls(browser) if c.accessible_name == name), None)
        except StaleElementReferenceException:  # the cards were drawn anew meanwhile
            return None

    return wait_for(found, 15, f"the page has the control {name!r}")


def after(browser: Any, act: Callable[[], Any]) -> list[str]:
    """The list once the page has said what an act did."""
    before = said(browser)
    act()
    wait_for(lambda: said(browser) != before, 15, f"the status says something new than {before!r}")
    return titles(browser)


def press(browser: Any, name: str, *keys: str) -> None:
    control(browser, name).send_keys(*keys)


def test_a_slider_moved_by_keyboard_changes_the_list_and_the_live_region_says_so(browser):
    after(browser, lambda: press(browser, "Only tracks without ratings (cold-start)", Keys.SPACE))
    region = browser.find_element(By.CSS_SELECTOR, ".mmrec-page [role=status]")
    before, slider = titles(browser), control(browser, "Covers (image)")
    assert slider.aria_role == "slider"
    assert int(slider.get_attribute("value")) < 100
    now = after(browser, lambda: slider.send_keys(Keys.END))
    assert slider.get_attribute("value") == "100"
    assert now != before
    assert sorted(now) != sorted(before), "other tracks, not only another order"
    # The same element with another text: a region that is replaced is not read out.
    assert region.get_attribute("aria-live") == "polite"
    assert "The list has changed" in region.text
    assert browser.switch_to.active_element == slider, "the hand is still on the slider"
    outline = slider.value_of_css_property("outline-style")
    assert outline == "solid", "the focus can be seen"
    assert after(browser, lambda: press(browser, "As learned", Keys.ENTER)) == before


def test_arrow_keys_go_step_by_step_and_every_step_arrives(browser):
    slider = control(browser, "Words (text)")
    start = int(slider.get_attribute("value"))
    after(browser, lambda: slider.send_keys(*[Keys.ARROW_RIGHT] * 4))
    wait_for(lambda: f"text {start + 20}" in shares(browser), 15, "the last step is what counts")
    assert slider.get_attribute("value") == str(start + 20)
    assert slider.get_attribute("aria-valuetext") == f"{start + 20} percent"
    after(browser, lambda: press(browser, "As learned", Keys.ENTER))


def shares(browser: Any) -> str:
    """What the sliders stand at, as the model was told: from the status, times the sum of all."""
    names = ("Covers (image)", "Words (text)", "Sounds (audio)")
    values = {n.split("(")[1][:-1]: int(control(browser, n).get_attribute("value")) for n in names}
    total = sum(values.values())
    expected = ", ".join(f"{m} {value / total:.0%}" for m, value in values.items())
    return f"text {values['text']}" if f"Weights now: {expected}." in said(browser) else ""


def test_a_clip_plays_by_keyboard(browser):
    ready = "return [...document.querySelectorAll('.mmrec-page audio')].filter(a => a.readyState)"
    players = wait_for(lambda: browser.execute_script(ready), 15, "a clip has arrived")
    player = players[0]
    player.send_keys(Keys.SPACE)

    def time_of(name: str) -> float:
        return float(browser.execute_script(f"return arguments[0].{name}", player))

    wait_for(lambda: time_of("currentTime") > 0.2, 15, "the clip's time runs")
    assert 4 < time_of("duration") < 8
    player.send_keys(Keys.SPACE)
    wait_for(lambda: browser.execute_script("return arguments[0].paused", player), 5, "it stops")


def test_a_clip_plays_on_while_the_list_moves_around_it(browser):
    after(browser, lambda: press(browser, "All tracks", Keys.SPACE))
    first = browser.find_element(By.CSS_SELECTOR, ".mmrec-page .cards > li")
    player = wait_for(lambda: first.find_elements(By.TAG_NAME, "audio"), 15, "a player")[0]
    wait_for(lambda: browser.execute_script("return arguments[0].readyState", player), 15, "a clip")
    player.send_keys(Keys.SPACE)
    before = titles(browser)
    now = after(browser, lambda: press(browser, "Diversity", Keys.END))
    assert now != before
    assert now[0] == before[0] == first.find_element(By.TAG_NAME, "h3").text, "the best stays"
    assert not browser.execute_script("return arguments[0].paused", player)
    after(browser, lambda: press(browser, "Diversity", Keys.HOME))


def test_you_pick_tracks_and_the_list_follows(browser):
    average = after(browser, lambda: press(browser, "You, a new listener", Keys.SPACE))
    like = [b for b in names(browser) if b.startswith("I like ")]
    assert len(like) == 10
    now = after(browser, lambda: press(browser, like[2], Keys.ENTER))
    assert average[2] not in now, "what you like already is not recommended"
    assert "1 of 5 tracks picked" in said(browser)
    find = control(browser, "Find a track by its title")
    after(browser, lambda: find.send_keys("no such track", Keys.ENTER))
    assert "There is no track" in said(browser)
    find.clear()
    (remove,) = [n for n in names(browser) if n.startswith("Remove ")]
    assert after(browser, lambda: press(browser, remove, Keys.ENTER)) == average
    assert browser.switch_to.active_element == find, "the focus is not lost with the button"
    after(browser, lambda: press(browser, "A listener", Keys.SPACE))


def names(browser: Any) -> list[str]:
    return [c.accessible_name for c in controls(browser)]


def test_every_control_and_picture_has_a_name_and_no_two_the_same(browser):
    found = names(browser)
    assert len(found) > 15
    assert all(found), f"a control without a name after {found[found.index('') - 1]!r}"
    assert len(set(found)) == len(found)
    pictures = browser.find_elements(By.CSS_SELECTOR, ".mmrec-page img")
    assert pictures
    assert all(one.accessible_name.startswith("Cover of ") for one in pictures)
    assert all(one.accessible_name for one in browser.find_elements(By.CSS_SELECTOR, ".bars"))


def test_all_of_it_can_be_reached_with_the_tab_key(browser):
    wanted = {
        n for n in names(browser) if n.startswith(("Listen to ", "Covers", "Words", "Sounds"))
    } | {"Which listener", "As learned", "Diversity"}
    browser.find_element(By.CSS_SELECTOR, ".mmrec-page input[type=radio]:checked").send_keys("")
    reached: set[str] = set()
    for _ in range(80):
        if wanted <= reached:
            break
        browser.switch_to.active_element.send_keys(Keys.TAB)
        try:
            reached.add(browser.switch_to.active_element.accessible_name)
        except WebDriverException:  # the browser's own part of a player
            continue
    assert wanted <= reached


def test_headings_lead_through_the_page(browser):
    levels = "return [...document.querySelectorAll('.mmrec-page :is(h2,h3)')].map(h => h.tagName)"
    found = browser.execute_script(levels)
    assert found == ["H2", "H2"] + ["H3"] * 10


def test_the_page_itself_raises_nothing(browser):
    ours = [e for e in browser.get_log("browser") if e["level"] == "SEVERE" and "blob:" in str(e)]
    assert ours == []
