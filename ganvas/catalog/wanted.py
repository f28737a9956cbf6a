"""What a source of the web names: pages to be asked, and items with their pictures. `Page`, `Item`, `Picture`.

Plain values that a source yields and the catalog keeps; what becomes of each address is a row of the table `fetches`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

LIST, PAGE, PICTURE = "list", "page", "picture"
KINDS = (LIST, PAGE, PICTURE)
MUSEUM_TEXTS = (  # what museums say of their objects, each a column of the catalog
    "link",
    "artist",
    "object_name",
    "department",
    "culture",
    "period",
    "date",
    "medium",
    "classification",
)
MUSEUM_YEARS = ("begin_date", "end_date")


@dataclass(frozen=True)
class Page:
    """An address that its source reads, a record or a page of results. `what` and `note` come back with the answer.

    `is_list`: it says what there is, so it is asked before all others, and anew whenever the command is run again. Any
    other page is asked once; `max_age_s` is how old an answer to another collection may be to do for this one.
    """

    url: str
    what: str = ""
    note: dict[str, Any] = field(default_factory=dict)
    is_list: bool = False
    max_age_s: float | None = None

    @property
    def kind(self) -> str:
        return LIST if self.is_list else PAGE


@dataclass(frozen=True)
class Picture:
    """A picture's address, or its bytes where the source has them already (`url` then only names them).

    `instead` is tried where this one cannot be had, a thumbnail: the item's details then say {"thumbnail": true}.
    """

    url: str
    data: bytes | None = None
    instead: Picture | None = None


@dataclass(frozen=True)
class Item:
    """One thing a source described, known by `key` within it, with its pictures in its own order.

    `details` keeps all that the source said; the fields before it are what most sources have. `link` is the item's own
    page, for people. `begin_date` and `end_date` are years, negative before our era.
    """

    key: str
    pictures: tuple[Picture, ...] = ()
    label: str | None = None
    split: str | None = None
    title: str | None = None
    licence: str | None = None
    attribution: str | None = None
    link: str | None = None
    artist: str | None = None
    object_name: str | None = None
    department: str | None = None
    culture: str | None = None
    period: str | None = None
    date: str | None = None
    begin_date: int | None = None
    end_date: int | None = None
    medium: str | None = None
    classification: str | None = None
    tags: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


def host_of(url: str) -> str:
    """The host (with its port, where one is named) that an address is asked of; "" where it names none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def is_web(url: str) -> bool:
    """Whether it is an address of http or https that names a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def same_address(url: str) -> str:
    """The address without what never reaches a server: blanks around it and a fragment."""
    return url.strip().partition("#")[0] if not url.startswith("data:") else url


def digest_of(url: str) -> str:
    """128 bits of the address's hash, by which the catalog finds it."""
    return hashlib.sha256(same_address(url).encode("utf-8", "surrogatepass")).hexdigest()[:32]
