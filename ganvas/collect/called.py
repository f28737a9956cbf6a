"""What lists and metadata call what, one table for both: `called(CALLED[ARTIST], ["Creator", "n"])` -> ["Creator"].

Case does not matter, nor whether words are parted by blanks, punctuation or capitals: creditLine is "Credit Line".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from unicodedata import category

LABEL, SPLIT, TITLE, ARTIST, LICENCE, ATTRIBUTION = "label", "split", "title", "artist", "licence", "attribution"
CALLED = {  # the likeliest first: a row's is the first that it fills (a label is of one column); the others stay
    LABEL: ("label", "class", "class_name", "category"),
    SPLIT: ("split",),
    TITLE: ("title", "caption", "text", "alt"),
    ARTIST: (
        *("artist", "artist_name", "artist_display_name", "creator", "creator_name"),
        *("photographer", "photographer_name", "painter", "author", "author_name"),
    ),
    LICENCE: ("licence", "license", "licence_name", "license_name"),
    ATTRIBUTION: ("attribution", "credit", "credits", "credit_line", "byline"),
}

JOINERS = "\u200c\u200d"  # they are not seen, but shape the letters about them in many a script


def called(names: Iterable[str], columns: Iterable[str]) -> list[str]:
    """Those of the columns that are called by one of these plain names, in the order of the names."""
    by_plain: dict[str, list[str]] = {}
    for column in columns:
        by_plain.setdefault(plain(column), []).append(column)
    return [column for name in names for column in by_plain.get(name, ())]


def first_said(row: Mapping[str, Any], columns: Iterable[str]) -> tuple[str, str] | None:
    """The first of these columns in which a row says something, and what: texts and numbers, or a list of them."""
    return next(((column, words) for column in columns if (words := _words(row.get(column)))), None)


def no_lists(row: Mapping[str, Any], columns: Iterable[str]) -> list[str]:
    """Those of these columns that may hold a label: a list of several would be a class of its own."""
    return [column for column in columns if not isinstance(row.get(column), list)]


def says_something(value: Any) -> bool:
    """Whether a value is more than null, blanks, an empty list or an empty object."""
    return (value.strip() if isinstance(value, str) else value) not in (None, "", [], {})


def _words(value: Any) -> str:
    parts = value if isinstance(value, list | tuple) else [value]
    words = (str(part).strip() for part in parts if part is not None and not isinstance(part, dict | list | tuple))
    return ", ".join(word for word in words if word)


@lru_cache(4096)
def plain(column: str) -> str:
    """A column's name in lower case, its words parted by underscores."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column).casefold()
    return "_".join("".join(" " if _parts(character) else character for character in words).split())


def _parts(character: str) -> bool:
    """Whether it is punctuation, a symbol or not seen at all, as blanks do; marks (M) are half of a letter."""
    kind = category(character)
    return kind[0] in "PS" or (kind == "Cf" and character not in JOINERS)
