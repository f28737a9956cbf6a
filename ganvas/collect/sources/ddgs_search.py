"""Image search without a browser, by the package ddgs (DuckDuckGo, Bing): `search("greek vases", "en", "on", 20.0)`.

ddgs asks the services itself, at addresses of its own; only the pictures that it names come by the collector.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from ganvas.catalog.wanted import Item, Picture, digest_of, is_web
from ganvas.errors import InputError, MissingExtra

ANYWHERE = "wt-wt"
COUNTRIES = {"cs": "cz", "da": "dk", "el": "gr", "en": "us", "ja": "jp", "ko": "kr", "sv": "se", "uk": "ua", "zh": "cn"}
SAME = {"bg", "de", "es", "fi", "fr", "hr", "hu", "it", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "tr"}
NOTHING = "No results found"


def search(query: str, language: str, safe_search: Literal["on", "off"], timeout_s: float) -> Iterator[Item]:
    """Items page after page, as more are asked for. Raises InputError where the first page gives none."""
    try:
        from ddgs import DDGS
    except ImportError as error:
        raise MissingExtra("image search by ddgs", "browser") from error
    # Bing, as ddgs asks it, knows no safe search
    how = {"region": region_of(language), "safesearch": safe_search, "max_results": None}
    how["backend"] = "duckduckgo" if safe_search == "on" else "auto"
    engine = DDGS(timeout=max(1, round(timeout_s)))
    keys: set[str] = set()
    page = 0
    while results := _page(engine, query, page := page + 1, how):
        before = len(keys)
        for result in results:
            item = item_of(result, query, len(keys) + 1)
            if item is not None and item.key not in keys:
                keys.add(item.key)
                yield item
        if len(keys) == before:
            return
    if not keys:
        raise InputError(f"image search for {query!r} by ddgs found nothing, or was refused: it does not say which")


def region_of(language: str) -> str:
    """A language as ddgs's country and language: pt-BR -> br-pt, en -> us-en; anywhere, for one that it cannot be."""
    name, _, country = language.lower().partition("-")
    if len(country) == 2:
        return f"{country}-{name}"
    country = name if name in SAME else COUNTRIES.get(name, "")
    return f"{country}-{name}" if country else ANYWHERE


def item_of(result: dict[str, Any], query: str, rank: int) -> Item | None:
    """One result of ddgs; None for one without an address of a picture."""
    said = {name: str(value).strip() for name, value in result.items() if value not in (None, "")}
    original, thumbnail = said.get("image", ""), said.get("thumbnail", "")
    only_thumbnail = not is_web(original)
    if only_thumbnail and not is_web(thumbnail):
        return None
    instead = Picture(thumbnail) if is_web(thumbnail) and thumbnail != original else None
    picture = Picture(thumbnail) if only_thumbnail else Picture(original, instead=instead)
    details: dict[str, Any] = {"query": query, "engine": "ddgs", "rank": rank}
    details |= {name: int(said[name]) for name in ("width", "height") if said.get(name, "").isdecimal()}
    details |= {name: said[name] for name in ("source",) if name in said}
    if only_thumbnail:
        details["thumbnail"] = True
    link = said["url"] if is_web(said.get("url", "")) else None
    return Item(digest_of(picture.url), (picture,), title=said.get("title"), link=link, details=details)


def _page(engine: Any, query: str, page: int, how: dict[str, Any]) -> list[dict[str, Any]]:
    from ddgs.exceptions import DDGSException, RatelimitException, TimeoutException

    try:
        return list(engine.images(query, page=page, **how))
    except TimeoutException as error:
        raise InputError(f"image search for {query!r} by ddgs: no answer in time: try again later") from error
    except RatelimitException as error:
        raise InputError(f"image search for {query!r} by ddgs: too many searches: try again later") from error
    except DDGSException as error:
        if NOTHING in str(error):
            return []
        raise InputError(f"image search for {query!r} by ddgs: {_said(error)}: try again later") from error
    except Exception as error:  # it fails in many ways at answers that it does not expect
        raise InputError(f"image search for {query!r}: ddgs failed ({_said(error)}): try engine google") from error


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
