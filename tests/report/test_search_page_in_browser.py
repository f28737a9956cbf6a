"""The page of a search in a real browser: sorting, showing one trial everywhere, light and dark, a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ganvas.report import write_search_page
from tests.report.searches import made_up_search
from tests.report.test_report_in_browser import browser, open_page, pytestmark  # noqa: F401

Open = Callable
FIRST = "[...document.querySelectorAll('.sortable tbody tr')].map(row => row.dataset.trial)"
LIT = "[...document.querySelectorAll('.lit')].map(part => [part.tagName.toLowerCase(), part.dataset.trial])"


@pytest.fixture
def page(tmp_path: Path, open_page: Open):  # noqa: F811
    search = made_up_search(tmp_path)
    return open_page(write_search_page(search), 1200)


def column(page: object, name: str) -> list[str]:
    script = """name => {
        const heads = [...document.querySelectorAll('.sortable thead th')];
        const place = heads.findIndex(head => head.textContent.trim().split(/\\s+/).at(-1) === name);
        return [...document.querySelectorAll('.sortable tbody tr')].map(row => row.cells[place].textContent.trim());
    }"""
    return page.evaluate(script, name)  # type: ignore[attr-defined, no-any-return]


def test_a_column_s_name_sorts_by_it_and_again_the_other_way_and_what_has_no_value_stays_last(page) -> None:
    head = page.locator("th", has_text="generator_rate")
    head.locator("button").click()
    up = [float(text) for text in column(page, "generator_rate")]
    assert up == sorted(up)
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert [float(text) for text in column(page, "generator_rate")] == sorted(up, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator("th[aria-sort=ascending]").count() == 0
    kid = page.locator("th", has_text="KID×1000").locator("button")
    for _ in range(2):
        kid.click()
        scores = column(page, "KID×1000")
        assert scores[6:] == ["–"] * 6
    assert [float(text) for text in scores[:6]] == sorted((float(text) for text in scores[:6]), reverse=True)


def test_the_keyboard_sorts_and_shows_a_trial_everywhere(page) -> None:
    page.locator("th", has_text="batch").locator("button").focus()
    page.keyboard.press("Enter")
    assert column(page, "batch") == sorted(column(page, "batch"), key=int)
    page.locator("tr[data-trial='3'] th button").focus()
    assert {trial for _, trial in page.evaluate(LIT)} == {"3"}
    page.keyboard.press("Space")
    assert page.locator("tr[data-trial='3'] th button").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert page.locator("tr[data-trial='3'] th button").get_attribute("aria-pressed") == "false"


def test_pointing_at_a_line_lights_its_row_its_curves_and_its_sheet_and_says_its_values(page) -> None:
    where = """() => {
        const line = document.querySelector(".parallel [data-trial='0']");
        line.scrollIntoView({block: "center"});
        const point = line.getPointAtLength(line.getTotalLength() * 0.93).matrixTransform(line.getScreenCTM());
        return [point.x, point.y];
    }"""
    page.mouse.move(*page.evaluate(where))
    lit = page.evaluate(LIT)
    assert {trial for _, trial in lit} == {"0"}
    assert sorted({tag for tag, _ in lit}) == ["figure", "polyline", "tr"]
    told = page.locator("p.told")
    assert told.is_visible()
    assert told.inner_text().startswith("trial 0 · rank 1 · KID×1000 20.0")
    other = page.locator(".parallel [data-trial='1']")
    assert float(other.evaluate("line => getComputedStyle(line).opacity")) < 0.5
    page.mouse.move(5, 5)
    assert page.evaluate(LIT) == []
    assert not told.is_visible()


def test_a_click_on_a_line_keeps_it_lit(page) -> None:
    page.locator(".parallel [data-trial='1']").dispatch_event("click")
    page.mouse.move(5, 5)
    assert {trial for _, trial in page.evaluate(LIT)} == {"1"}


def test_curves_are_shown_over_the_budget_or_over_seconds(page) -> None:
    assert page.locator(".by-share").is_visible()
    assert not page.locator(".by-seconds").is_visible()
    page.get_by_label("seconds").check()
    assert page.locator(".by-seconds").is_visible()
    assert not page.locator(".by-share").is_visible()


@pytest.mark.parametrize("width", [1200, 390])
def test_it_is_well_made_and_fits(tmp_path: Path, open_page: Open, width: int) -> None:  # noqa: F811
    search = made_up_search(tmp_path)
    page = open_page(write_search_page(search), width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    count = "selector => document.querySelectorAll(selector).length"
    assert page.evaluate(count, "h1") == page.evaluate(count, "main") == 1
    assert page.evaluate(count, "section") == page.evaluate(count, "section[aria-labelledby] > h2[id]")
    assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == page.evaluate(
        count, "[id]"
    )
    pictures = page.eval_on_selector_all("img", "all => all.map(i => i.complete && i.naturalWidth > 0)")
    assert pictures == [True] * 12


def test_a_search_without_trials_opens_without_a_fault(tmp_path: Path, open_page: Open) -> None:  # noqa: F811
    page = open_page(write_search_page(made_up_search(tmp_path, count=0)), 390)
    page.locator("th button").first.click()
    assert "No trial has finished" in page.inner_text("body")
