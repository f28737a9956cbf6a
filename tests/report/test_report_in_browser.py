"""The page in a real browser: it opens from a file, asks nobody for anything, and fits a phone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganvas.report import write_report

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Open = Callable[[Path, int], "playwright.Page"]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: playwright.Browser) -> Iterator[Open]:
    """Open a page of some width; at the end nothing may have been said on the console, asked for, or run."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_at(path: Path, width: int) -> playwright.Page:
        context = browser.new_context(viewport={"width": width, "height": 844})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("width", [1200, 390])
def test_a_whole_run_opens_and_shows_every_picture_at_any_width(
    make_run: Callable, open_page: Open, width: int
) -> None:
    page = open_page(write_report(make_run()), width)
    images = page.eval_on_selector_all("img", "all => all.map(i => [i.naturalWidth, i.alt, i.complete])")
    assert len(images) == 10  # sheet, nearest, animation, 3 score plots, 4 training plots
    assert all(natural > 0 and alt and complete for natural, alt, complete in images)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    right = "[...document.querySelectorAll('body *')].map(e => e.getBoundingClientRect().right)"
    assert max(page.evaluate(right)) <= width + 1


def test_the_page_is_well_made(make_run: Callable, open_page: Open) -> None:
    page = open_page(write_report(make_run()), 1200)
    count = "selector => document.querySelectorAll(selector).length"
    assert page.evaluate(count, "h1") == page.evaluate(count, "main") == page.evaluate(count, "title") == 1
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate(count, "section") == page.evaluate(count, "section[aria-labelledby] > h2[id]") == 5
    assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == page.evaluate(
        count, "[id]"
    )
    assert page.evaluate(count, "table thead th[scope=col]") == 3


def test_it_follows_light_and_dark(make_run: Callable, open_page: Open) -> None:
    page = open_page(write_report(make_run(ticks=2)), 800)
    shade = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(shade)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(shade) != light


def test_a_run_stopped_at_its_first_moment_has_a_page(make_run: Callable, open_page: Open) -> None:
    page = open_page(write_report(make_run(ticks=0, scored=False)), 390)
    text = page.inner_text("body")
    for line in ("No sheet has been drawn yet", "Not judged yet", "No step has been logged yet"):
        assert line in text
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_what_comes_from_outside_is_shown_and_never_run(make_run: Callable, open_page: Open) -> None:
    trap = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
    settings = {
        "settings": {"budget": trap, trap: trap, "network": {"name": trap}},
        "choices": [{"name": trap, "value": trap, "reason": trap}],
        "set": {"name": trap, "labels": [trap], "credits": [trap], "width": trap, "height": 3},
        "machine": {trap: trap},
    }
    state = {"state": trap, "reason": trap}
    folder = make_run(name="<script>alert(3)<x>", ticks=2, settings=settings, state=state)
    page = open_page(write_report(folder), 390)
    assert page.evaluate("document.querySelectorAll('script, img[src=x], x').length") == 0
    assert page.inner_text("h1") == "<script>alert(3)<x>"
    assert page.inner_text("body").count("<script>alert(1)</script>") >= 6
    assert page.evaluate("document.documentElement.scrollWidth") == 390
