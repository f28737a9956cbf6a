"""One search from the first address to the last tile: `search(Asked(query="vancouver houses", …), progress)`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ganvas.catalog.wanted import Item
from ganvas.collect.sources.search_page.browser import first_line, open_browser
from ganvas.collect.sources.search_page.fence import Fence
from ganvas.collect.sources.search_page.looking import Looking, time_left
from ganvas.collect.sources.search_page.report import save_page
from ganvas.collect.sources.search_page.selectors import OWN_FILE, Selectors
from ganvas.collect.sources.search_page.tiles import Seen, Tiles
from ganvas.errors import InputError
from ganvas.progress import Progress

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

OPEN_TIMEOUT_S = 30.0
CONSENTS = 3  # forms in a row
PRESS_AGAIN_S = 1.0
REFUSALS = (403, 429, 503)
TO_THE_END = "window.scrollTo(0, document.documentElement.scrollHeight)"


@dataclass(frozen=True)
class Asked:
    """A search, and how it is made."""

    query: str
    selectors: Selectors
    base_url: str | None = None
    allow_hosts: tuple[str, ...] = ()
    language: str = "en"
    safe_search: Literal["on", "off"] = "on"
    browser: str | None = None
    headless: bool = True
    picture_timeout_s: float = 15.0
    selectors_file: Path = OWN_FILE

    @property
    def address(self) -> str:
        return self.selectors.address(self.base_url, self.query, self.language, self.safe_search)


def search(asked: Asked, progress: Progress) -> Iterator[Item]:
    """Items as more are asked for; the browser closes with the iterator, which stays in the thread that began it.

    Raises InputError where nothing is found, or the page asks for a captcha: with where the page has been saved.
    """
    hosts = asked.selectors.hosts if asked.base_url is None else []
    fence = Fence.of(asked.address, hosts, asked.allow_hosts)
    with open_browser(asked.browser, asked.headless, asked.language, fence, progress) as page:
        from playwright.sync_api import Error

        try:
            yield from _Search(asked, page, fence, progress).items()
        except Error as error:
            raise InputError(f"image search for {asked.query!r} stopped: {first_line(error)}") from error


class _Search:
    def __init__(self, asked: Asked, page: Page, fence: Fence, progress: Progress) -> None:
        self.asked = asked
        self.page = page
        self.fence = fence
        self.progress = progress
        self.looking = Looking(page, asked.selectors)
        self.tiles = Tiles(self.looking, asked.picture_timeout_s)
        self.keys: set[str] = set()
        self.originals = 0
        self.refused: int | None = None
        page.on("response", self._note_refusal)

    def items(self) -> Iterator[Item]:
        new = self.begin()
        while new:
            self.fence.stays = True
            for rank in new:
                seen = self.tiles.open(rank)
                if seen is not None and seen.key not in self.keys:
                    self.keys.add(seen.key)
                    self.originals += not seen.only_thumbnail
                    self.say_if_only_thumbnails()
                    yield self.item(rank, seen)
                self.looking.pause(self.asked.selectors.pace_s)
            new = self.more()
        if not self.keys:
            roles = [role for role in ("original", "thumbnail") if role not in self.tiles.matched]
            raise self.trouble(f"{self.tiles.taken} tiles and no picture in any", *roles)

    def item(self, rank: int, seen: Seen) -> Item:
        details: dict[str, Any] = {"query": self.asked.query, "engine": self.asked.selectors.name, "rank": rank}
        if seen.only_thumbnail:
            details["thumbnail"] = True
        return Item(seen.key, (seen.picture,), title=seen.title, link=seen.link, details=details)

    def begin(self) -> range:
        """Open the page, pass its consent form, wait for the first tiles."""
        self.page.goto(self.asked.address, wait_until="domcontentloaded", timeout=OPEN_TIMEOUT_S * 1000)
        until = self.patience()
        consents = 0
        while time_left(until) > 0:
            if consents < CONSENTS and (button := self.looking.first("consent")):
                self.looking.press(button.first)
                consents += 1
                until = self.patience()
            elif new := self.tiles.take():
                return new
            else:
                self.stop_if_told()
            self.looking.pause()
        self.stop_if_refused()
        raise self.trouble("no tile on the page", "tile")

    def more(self) -> range:
        """Scroll to the end and press "more" until there are new tiles; none where there is no more."""
        self.fence.stays = False
        until = self.patience()
        pressed = 0.0
        while time_left(until) > 0:
            self.looking.asked("page", lambda: self.page.evaluate(TO_THE_END), None)
            if new := self.tiles.take():
                self.refused = None
                return new
            if self.looking.first("end"):
                return range(0)
            if time.monotonic() - pressed > PRESS_AGAIN_S and (button := self.looking.first("more")):
                self.looking.press(button.first)
                pressed = time.monotonic()
            self.looking.pause()
        self.stop_if_told()
        self.stop_if_refused()
        return range(0)

    def patience(self) -> float:
        return time.monotonic() + self.asked.selectors.patience_s

    def stop_if_told(self) -> None:
        if self.looking.first("captcha"):
            raise self.trouble(f"the page asks for a captcha after {len(self.keys)} pictures: wait, or search by ddgs")
        if not self.keys and self.looking.first("none"):
            raise self.trouble("the page says that there is nothing: search for something else")

    def stop_if_refused(self) -> None:
        if self.refused:
            raise self.trouble(
                f"the page was answered {self.refused} after {len(self.keys)} pictures: wait before more"
            )

    def _note_refusal(self, answer: Response) -> None:
        kind = answer.request.resource_type
        if answer.status == 429 and kind in ("xhr", "fetch") or answer.status in REFUSALS and kind == "document":
            self.refused = answer.status

    def say_if_only_thumbnails(self) -> None:
        if self.originals == 0 and len(self.keys) == 5:
            self.progress.note(
                f"no original in the first 5 tiles, only thumbnails (selectors of `original`, the newest of "
                f"{self.asked.selectors.newest('original')}, in {self.asked.selectors_file}): the page may have changed"
            )

    def trouble(self, what: str, *roles: str) -> InputError:
        """What there is to say, with the page saved; `roles` are those whose selectors matched nothing."""
        said = f"image search for {self.asked.query!r}: {what}"
        for role in roles:
            count, newest = len(self.looking.looks(role)), self.asked.selectors.newest(role)
            said += f"; none of the {count} selectors of `{role}` (the newest of {newest}) matches"
        if roles:
            said += f": mend a copy of {self.asked.selectors_file} and name it as `selectors` in [collect.web]"
        return InputError(f"{said}. {save_page(self.page)}")
