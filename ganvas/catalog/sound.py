"""What a source names, as the catalog can keep it: `sound(one)`. Sources are anybody's code, and their answers odd."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from ganvas.catalog.columns import storable, to_json
from ganvas.catalog.wanted import Item, Page, Picture
from ganvas.catalog.wanting import KEPT_WHERE_NOT_SAID, TEXTS

Named = TypeVar("Named", Page, Item, Picture)
LONGEST_KEY = 2000  # bytes: PostgreSQL indexes no text of more than 2.7 kB, and the source's name goes with it
DEEPEST = 100  # levels of details: Python writes, and SQLite reads, less than a thousand
MOST_PARTS = 10_000_000  # of details; what holds itself has more
LARGEST_INT_BITS = 14_000  # Python reads no number of more than 4,300 digits again
MOST_STAND_INS = 8
ALL_TEXTS = (*TEXTS, *KEPT_WHERE_NOT_SAID)
STRINGS = frozenset((str,))
LEAVES = frozenset((str, float, bool, type(None)))


class Unsound(ValueError):
    """What a source named and no catalog can keep; the message says what of it."""


def sound(one: object) -> Page | Item:
    """The same page or item, its key and texts text, its pictures a tuple, a key that is too long for an index cut.

    Raises Unsound for anything else: no key, an address that is no text, details that no JSON can hold.
    """
    if isinstance(one, Item):
        return _changed(one, _of_item(one))
    if isinstance(one, Page):
        return _changed(one, _of_page(one))
    raise Unsound(f"neither a Page nor an Item but {_kind(one)}")


def _changed(one: Named, values: dict[str, Any]) -> Named:
    changes = {name: value for name, value in values.items() if value is not getattr(one, name)}
    return replace(one, **changes) if changes else one


def _of_item(item: Item) -> dict[str, Any]:
    return {
        "key": _key(item.key),
        "pictures": _pictures(item.pictures),
        "tags": _tags(item.tags),
        "details": _details(item.details, "details"),
        **{name: _text(said, name) for name in ALL_TEXTS if (said := getattr(item, name)) is not None},
    }


def _of_page(page: Page) -> dict[str, Any]:
    return {
        "url": _address(page.url, "a page's address"),
        "what": "" if page.what is None else _text(page.what, "what"),
        "note": _details(page.note, "note"),
        "max_age_s": None if page.max_age_s is None else _seconds(page.max_age_s),
    }


def _key(key: Any) -> str:
    if not isinstance(key, (str, int)) or isinstance(key, bool):
        raise Unsound(f"an item's key is {_kind(key)}")
    text = _text(key, "key")
    if len(text) <= LONGEST_KEY // 6:  # bytes that a character takes at most
        return text
    written = storable(text).encode()
    if len(written) <= LONGEST_KEY:
        return text
    return f"{text[: LONGEST_KEY // 20]}…{hashlib.sha256(written).hexdigest()[:32]}"


def _pictures(pictures: Any) -> tuple[Picture, ...]:
    if not isinstance(pictures, (tuple, list)):
        raise Unsound(f"an item's pictures are {_kind(pictures)}")
    checked = tuple(map(_picture, pictures))
    return pictures if pictures == checked else checked


def _picture(one: Any, stand_ins: int = 0) -> Picture:
    if not isinstance(one, Picture):
        raise Unsound(f"among an item's pictures is {_kind(one)}")
    if stand_ins > MOST_STAND_INS:
        raise Unsound(f"a picture with more than {MOST_STAND_INS} to stand in for it")
    _address(one.url, "a picture's address")
    if not isinstance(one.data, (bytes, bytearray, memoryview, type(None))):
        raise Unsound(f"a picture's data are {_kind(one.data)}")
    values = {
        "data": one.data if one.data is None else bytes(one.data),
        "instead": one.instead if one.instead is None else _picture(one.instead, stand_ins + 1),
    }
    return _changed(one, values)


def _tags(tags: Any) -> tuple[Any, ...]:
    if not isinstance(tags, (tuple, list, type(None))):
        raise Unsound(f"an item's tags are {_kind(tags)}")
    _check_json(tags, "tags")
    return tags if isinstance(tags, tuple) else tuple(tags or ())


def _details(details: Any, name: str) -> dict[str, Any]:
    if details is None:
        return {}
    if not isinstance(details, dict):
        raise Unsound(f"{name} are {_kind(details)}")
    _check_json(details, name)
    return details


def _check_json(value: Any, name: str) -> None:
    """Level by level, so that no depth is too much for looking at it. Raises Unsound."""
    level, parts = [value], 0
    for _ in range(DEEPEST + 1):
        below = [part for one in level for part in _parts(one, name)]
        if not below:
            return
        parts += len(below)
        if parts > MOST_PARTS:
            raise Unsound(f"{name} of more than {MOST_PARTS:,} parts")
        level = below
    raise Unsound(f"{name} more than {DEEPEST} levels deep")


def _parts(one: Any, name: str) -> Iterable[Any]:
    """What is in it and is to be looked at."""
    if isinstance(one, dict):
        if not STRINGS.issuperset(map(type, one)):
            for key in one:
                _check_leaf(key if isinstance(key, int) else {key: None}, name)
        inside: Iterable[Any] = one.values()
    elif isinstance(one, (list, tuple)):
        inside = one
    else:
        _check_leaf(one, name)
        return ()
    return () if LEAVES.issuperset(map(type, inside)) else inside


def _check_leaf(one: Any, name: str) -> None:
    if isinstance(one, int):
        if one.bit_length() > LARGEST_INT_BITS:
            raise Unsound(f"in {name} is a number of more than {LARGEST_INT_BITS:,} bits")
    elif type(one) not in LEAVES:
        try:
            to_json(one)
        except Exception as error:
            raise Unsound(f"{name} cannot be written as JSON: {error}") from error


def _address(url: Any, what: str) -> str:
    if not isinstance(url, str):
        raise Unsound(f"{what} is {_kind(url)}")
    return url


def _text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    try:
        return str(value)
    except Exception as error:
        raise Unsound(f"{name} is {_kind(value)} and cannot be written: {error}") from error


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unsound(f"max_age_s is no number of seconds: {error}") from error
    if math.isnan(seconds):
        raise Unsound("max_age_s is no number of seconds: NaN")
    return seconds


def _kind(value: object) -> str:
    """None, or the name of its type: words for a row."""
    return "None" if value is None else f"of type {type(value).__name__}"
