"""Opening a tile of the search page for its original: `Tiles(looking, timeout_s).open(rank)`."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urljoin, urlsplit

from ganvas.catalog.wanted import Picture, digest_of, is_web
from ganvas.collect.sources.data_uri import decode
from ganvas.collect.sources.search_page.looking import Looking, time_left
from ganvas.collect.sources.search_page.selectors import Look
from ganvas.collect.sources.source import NotTheAnswer

if TYPE_CHECKING:
    from playwright.sync_api import Locator

MARK = "data-ganvas-rank"
SMALLEST_PX = 64  # a smaller data: picture holds a place until the tile is scrolled to, or is a site's sign
HASTY_AFTER, HASTY_S = 5, 2.0  # tiles without an original in a row, and what a tile may take from then on
THUMBNAIL_S = 1.0  # for the thumbnail of a tile that was scrolled to
ESCAPE = "Escape"

# Marks tiles that are new, from rank `from` on, and says how many they are.
TAKE = f"""(all, [asides, from]) => {{
    let rank = from;
    for (const tile of all)
        if (!tile.closest('[{MARK}]') && !asides.some(aside => tile.closest(aside)))
            tile.setAttribute('{MARK}', rank++);
    return rank - from;
}}"""
# What each look finds in a tile, in order.
READ_TILE = f"""(tile, looks) => looks.map(look => {{
    const found = look.selector === ':scope' ? [tile] : [...tile.querySelectorAll(look.selector)];
    const holdsAPlace = e => look.attribute === 'src' && (e.getAttribute('src') ?? '').startsWith('data:')
        && Math.max(e.naturalWidth, e.naturalHeight) < {SMALLEST_PX};
    return found.filter(e => !holdsAPlace(e)).map(e => look.attribute ? e.getAttribute(look.attribute) : e.innerText);
}})"""
READ_PREVIEW = """(all, attribute) => all.filter(e => {
    const box = e.getBoundingClientRect();
    return box.right > 0 && box.left < innerWidth;
}).map(e => attribute ? e.getAttribute(attribute) : e.innerText)"""
# So that whatever it shows next was set after the tile was opened.
BLANK = "all => all.forEach(e => e.removeAttribute('src'))"


@dataclass(frozen=True)
class Seen:
    """What a tile gave. `key` is the original's, or the thumbnail's where that is all there is."""

    key: str
    picture: Picture
    only_thumbnail: bool
    title: str | None = None
    link: str | None = None


class Tiles:
    """The tiles of one search, by rank from 1 on."""

    def __init__(self, looking: Looking, timeout_s: float) -> None:
        self.looking = looking
        self.timeout_s = timeout_s
        self.taken = 0
        self.misses = 0
        self.matched: set[str] = set()

    def take(self) -> range:
        """Ranks of the tiles that have come since."""
        found = self.looking.first("tile")
        if found is None:
            return range(0)
        asides = [look.selector for look in self.looking.looks("aside")]
        first = self.taken + 1
        new = self.looking.asked(", ".join(asides), lambda: int(found.evaluate_all(TAKE, [asides, first])), 0)
        self.taken += new
        return range(first, first + new)

    def open(self, rank: int) -> Seen | None:
        """Open a tile and wait for its original, `timeout_s` at most; None for one with no picture at all."""
        tile = self.looking.page.locator(f'[{MARK}="{rank}"]')
        if not self.looking.asked("tile", tile.count, 0):
            return None
        until = time.monotonic() + (self.timeout_s if self.misses < HASTY_AFTER else min(self.timeout_s, HASTY_S))
        self._reach(tile)
        thumbnail = self._awaited_thumbnail(tile, min(until, time.monotonic() + THUMBNAIL_S))
        self._blank_preview()
        self.looking.press(tile)
        original = None
        while original is None and time_left(until) > 0:
            original = self._original(tile, thumbnail)
            thumbnail = thumbnail or self._thumbnail(tile)
            if original is None:
                self.looking.pause()
        self.misses = 0 if original else self.misses + 1
        if original is None:
            self.looking.page.keyboard.press(ESCAPE)  # what comes late must not pass for the next tile's
        return self._seen(tile, original, thumbnail)

    def _seen(self, tile: Locator, original: tuple[str, str] | None, thumbnail: Picture | None) -> Seen | None:
        if original is None and thumbnail is None:
            return None
        within = original[1] if original else "tile"
        title, link = self._word("title", tile, within), self._word("link", tile, within)
        link = link if link and is_web(link) else None
        if original is not None:
            return Seen(digest_of(original[0]), Picture(original[0], instead=thumbnail), False, title, link)
        assert thumbnail is not None
        return Seen(f"thumbnail-{_digest(thumbnail)}", thumbnail, True, title, link)

    def _original(self, tile: Locator, thumbnail: Picture | None) -> tuple[str, str] | None:
        """The address of the original, and where it was found: in the tile, which is surely its own, or the preview."""
        for place in ("tile", "preview"):
            for url in self._found("original", tile, place):
                if self._may_be_original(url) and not (thumbnail and url == thumbnail.url):
                    return url, place
        return None

    def _may_be_original(self, url: str) -> bool:
        return is_web(url) and not self.looking.selectors.is_own(url)

    def _awaited_thumbnail(self, tile: Locator, until: float) -> Picture | None:
        """The preview shows it first, so it must be known by then or would pass for the original."""
        while (found := self._thumbnail(tile)) is None and time_left(until) > 0:
            self.looking.pause()
        return found

    def _thumbnail(self, tile: Locator) -> Picture | None:
        for url in self._found("thumbnail", tile, "tile"):
            if url[:5].lower() == "data:":
                try:
                    data = decode(url)
                except NotTheAnswer:
                    continue
                return Picture(_named(data), data)
            if is_web(url) and (self.looking.selectors.is_thumbnail(url) or not self.looking.selectors.is_own(url)):
                return Picture(url)
        return None

    def _word(self, role: str, tile: Locator, within: str) -> str | None:
        """Of the tile; of the preview only where that is known to be this tile's."""
        places = ("tile", "preview") if within == "preview" else ("tile",)
        found = (" ".join(word.split()) for place in places for word in self._found(role, tile, place))
        return next((word for word in found if word), None)

    def _found(self, role: str, tile: Locator, within: str) -> list[str]:
        looks = self.looking.looks(role, within)
        if not looks:
            return []
        values = self._in_tile(looks, tile) if within == "tile" else [self._in_preview(look) for look in looks]
        base = self.looking.page.url
        found = [_meant(value, look, base) for look, each in zip(looks, values, strict=True) for value in each if value]
        if any(found):
            self.matched.add(role)
        return [value for value in found if value]

    def _in_tile(self, looks: list[Look], tile: Locator) -> list[list[str | None]]:
        given = [{"selector": look.selector, "attribute": look.attribute} for look in looks]
        nothing: list[list[str | None]] = [[] for _ in looks]
        selectors = ", ".join(look.selector for look in looks)

        def read() -> list[list[str | None]]:
            answer: list[list[list[str | None]]] = tile.evaluate_all(
                f"(all, looks) => all.slice(0, 1).map(tile => ({READ_TILE})(tile, looks))", given
            )
            return answer[0] if answer else nothing

        return self.looking.asked(selectors, read, nothing)

    def _in_preview(self, look: Look) -> list[Any]:
        shown = self.looking.page.locator(look.selector)
        return self.looking.asked(look.selector, lambda: list(shown.evaluate_all(READ_PREVIEW, look.attribute)), [])

    def _blank_preview(self) -> None:
        for look in self.looking.looks("original", "preview"):
            shown = self.looking.page.locator(look.selector)
            self.looking.asked(look.selector, lambda shown=shown: shown.evaluate_all(BLANK), None)  # type: ignore[misc]

    def _reach(self, tile: Locator) -> None:
        """Scroll to a tile: what it holds may only come then."""
        self.looking.asked(
            "tile", lambda: tile.evaluate_all("all => all.forEach(e => e.scrollIntoView({block: 'center'}))"), None
        )


def _meant(value: str, look: Look, base: str) -> str | None:
    """The address, or the one named by its parameter, made whole; a text as it is."""
    if look.attribute in (None, "alt", "title", "aria-label"):
        return value
    try:
        url = urljoin(base, value.strip()) if value[:5].lower() != "data:" else value
        return parse_qs(urlsplit(url).query).get(look.parameter, [None])[0] if look.parameter else url
    except ValueError:
        return None


def _named(data: bytes) -> str:
    """A name for bytes that were written into the page: their address is as long as they are."""
    return f"data:;sha256={hashlib.sha256(data).hexdigest()}"


def _digest(picture: Picture) -> str:
    return digest_of(picture.url)
