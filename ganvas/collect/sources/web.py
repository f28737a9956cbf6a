"""Image search: `ganvas collect web "vancouver houses" -n 400`, in a real browser (google) or without one (ddgs)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ganvas.catalog.wanted import Item
from ganvas.collect.sources.own_thread import in_own_thread
from ganvas.collect.sources.source import Options, Source, source
from ganvas.collect_settings import CollectSettings
from ganvas.errors import InputError, did_you_mean
from ganvas.progress import Progress

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class WebOptions(Options):
    """What to search for, and how. What is not given is as in `[collect.web]`.

    The excluded ones do not change what is asked for: with others, it is still the same collection that goes on.
    """

    query: str = Field(description="What to search for.", min_length=1, json_schema_extra={"argument": True})
    engine: str | None = Field(default=None, description="What searches: google (in a browser) or ddgs (without one).")
    language: str | None = Field(default=None, description="Language of the search page: en, fr, pt-BR…")
    safe_search: Literal["on", "off"] | None = Field(
        default=None, description="Leave out what is not for everybody: on or off."
    )
    browser: str | None = Field(default=None, exclude=True, description="Path of Chromium; found when not given.")
    window: bool = Field(default=False, exclude=True, description="Show the browser's window.")
    picture_timeout_s: float | None = Field(
        default=None, gt=0, exclude=True, description="Seconds that one tile may take to show its original."
    )
    selectors: str | None = Field(default=None, exclude=True, description="A selectors file of your own.")


@source("web")
class Web(Source):
    """Pictures as a search engine finds them; their licences are not known."""

    Options = WebOptions
    is_api = False
    mixes_hosts = True

    def __init__(self, options: Any, settings: CollectSettings, progress: Progress) -> None:
        """Raises InputError for an engine, a query, a language or a selectors file that cannot be."""
        super().__init__(options, settings, progress)
        engine, language = self._chosen("engine"), self._chosen("language")
        if engine not in ENGINES:
            raise InputError(f"no image search engine called {engine!r}.{did_you_mean(engine, ENGINES)}")
        if not options.query.strip():
            raise InputError("image search for nothing: say what to search for")
        if not LANGUAGE.fullmatch(language):
            raise InputError(f"no language: {language!r}. A code is meant, such as en, fr or pt-BR")
        if engine == "ddgs" and settings.web.base_url:
            raise InputError("ddgs goes to the services that it knows: `base_url` is for the browser's search page")
        if engine == "google" and (file := self._chosen("selectors")):
            from ganvas.collect.sources.search_page.selectors import read_selectors

            read_selectors(file)

    def start(self) -> Iterator[Item]:
        """Items as more are asked for, by any thread: the browser has its own, and closes with the iterator."""
        return ENGINES[self._chosen("engine")](self)

    def in_browser(self) -> Iterator[Item]:
        from ganvas.collect.sources.search_page.searching import Asked, search
        from ganvas.collect.sources.search_page.selectors import OWN_FILE, read_selectors

        file = self._chosen("selectors")
        asked = Asked(
            self.options.query.strip(),
            read_selectors(file),
            self.settings.web.base_url,
            tuple(self.settings.allow_hosts),
            self._chosen("language"),
            self._chosen("safe_search"),
            self._chosen("browser"),
            self.settings.web.headless and not self.options.window,
            self._chosen("picture_timeout_s"),
            Path(file) if file else OWN_FILE,
        )
        return in_own_thread(lambda: search(asked, self.progress))

    def by_ddgs(self) -> Iterator[Item]:
        from ganvas.collect.sources.ddgs_search import search

        return search(
            self.options.query.strip(), self._chosen("language"), self._chosen("safe_search"), self.settings.timeout_s
        )

    def _chosen(self, name: str) -> Any:
        given = getattr(self.options, name)
        return getattr(self.settings.web, name) if given is None else given


ENGINES: dict[str, Callable[[Web], Iterator[Item]]] = {"google": Web.in_browser, "ddgs": Web.by_ddgs}
