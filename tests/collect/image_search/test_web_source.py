"""What the source `web` refuses before anything is opened, and where it finds a browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ganvas.collect.collecting import collect
from ganvas.collect.sources.search_page import browser
from ganvas.collect.sources.source import SOURCES
from ganvas.collect.sources.web import Web
from ganvas.collect_settings import CollectSettings
from ganvas.errors import GanvasError, MissingExtra
from ganvas.studio import StudioFolder


def start(query: str = "vases", *, web: dict[str, Any] | None = None, **options: Any) -> list[Any]:
    settings = CollectSettings.model_validate({"web": web or {}})
    return list(Web(Web.Options(query=query, **options), settings, None).start())  # type: ignore[arg-type]


def test_it_is_the_source_web_and_every_option_has_its_help() -> None:
    assert SOURCES["web"] is Web
    helps = [field.description or "" for field in Web.Options.model_fields.values()]
    assert all(help[0].isupper() and help.endswith((".", "…")) for help in helps)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "gogle"}, "no image search engine called 'gogle'. Did you mean google?"),
        ({"query": "  "}, "say what to search for"),
        ({"language": "english please"}, "no language: 'english please'"),
        ({"selectors": "/nowhere/mine.toml"}, "/nowhere/mine.toml cannot be read"),
        ({"browser": "/nowhere/chromium"}, "no browser at /nowhere/chromium"),
        ({"engine": "ddgs", "web": {"base_url": "http://127.0.0.1:1"}}, "`base_url` is for the browser"),
    ],
)
def test_what_cannot_be_searched_is_one_line(options: dict[str, Any], words: str) -> None:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with pytest.raises(GanvasError) as caught:
        start(**options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"engine": "bing"}, {"language": "x y"}, {"selectors": "/nowhere/mine.toml"}, {"query": " "}]
)
def test_what_cannot_be_is_refused_before_a_collection_begins(tmp_path: Path, options: dict[str, Any]) -> None:
    studio = StudioFolder.create(tmp_path / "studio")
    with pytest.raises(GanvasError):
        collect(studio, "web", {"query": "vases"} | options)
    assert studio.catalog.collections() == []
    studio.catalog.close()


def test_options_come_before_settings() -> None:
    with pytest.raises(GanvasError, match="no browser at /from/options"):
        start(web={"browser": "/from/settings"}, browser="/from/options")
    with pytest.raises(GanvasError, match="no browser at /from/settings"):
        start(web={"browser": "/from/settings"})


def test_without_a_browser_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    monkeypatch.setattr(browser, "DEBIANS", str(tmp_path / "chromium"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with pytest.raises(GanvasError, match="playwright install chromium") as caught:
        start()
    assert "\n" not in str(caught.value)
    program = tmp_path / "chromium-browser"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    with playwright.sync_playwright() as started:
        assert browser.find_chromium(None, started) == str(program)


def test_without_playwright_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(MissingExtra, match=r"pip install 'ganvas\[browser\]'"):
        start()
