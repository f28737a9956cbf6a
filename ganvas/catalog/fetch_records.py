"""Rows about fetching: a collection, what is to be fetched next, what became of it. Times are seconds since 1970."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ganvas.catalog.wanted import Item, Page

WAITING = "waiting"  # to be fetched, now or at next_try
LEASED = "leased"  # a collector is at it until leased_until
STANDBY = "standby"  # a thumbnail, fetched only if the original cannot be had
DONE = "done"
FAILED = "failed"  # cannot be had; the reason is in the row
REFUSED = "refused"  # could be had, and is not to be: robots.txt, an opt-out, an address that is not public

OPEN, COMPLETE = "open", "complete"  # of a collection
FORGOTTEN = "forgotten"  # of one of which only the number is left: no other is ever to have it


@dataclass(frozen=True)
class CollectionRow:
    """What one command asked for: the same source and options are the same collection, whatever its limit."""

    id: int
    source: str
    options: dict[str, Any]
    label: str | None
    most: int | None
    state: str
    made_at: dt.datetime


@dataclass(frozen=True)
class Leased:
    """A fetch that this collector has until its lease ends.

    `own_sha256`: it was had before and is asked anew, under the condition that `etag` or `modified` changed.
    `known_body` (a page) and `known_sha256` (a picture) are what the same address gave another collection: nothing need
    be asked; `known_at`, `known_status` and `known_type` are that answer's. `data` is a picture that the source gave.
    """

    id: int
    collection_id: int
    kind: str
    url: str
    host: str
    what: str
    note: dict[str, Any]
    attempts: int
    etag: str | None = None
    modified: str | None = None
    own_sha256: str | None = None
    known_body: bytes | None = None
    known_sha256: str | None = None
    known_at: dt.datetime | None = None
    known_status: int | None = None
    known_type: str | None = None
    data: bytes | None = None


@dataclass(frozen=True)
class StoredImage:
    """What a decoder said of a picture whose original is stored."""

    sha256: str
    bytes: int
    format: str
    width: int
    height: int
    mode: str
    frames: int


@dataclass(frozen=True)
class Finished:
    """What became of one leased fetch: DONE, FAILED or REFUSED, or WAITING for another try at `next_try`.

    `image` is a picture's; of a page, `body` is kept and `found` is what its source read in it. A page that is asked
    anew and has not changed is DONE with neither. `reused`: nothing was asked, another collection's answer did.
    """

    id: int
    state: str
    error: str | None = None
    reason: str | None = None
    status: int | None = None
    next_try: float = 0.0
    counts_as_attempt: bool = True
    body: bytes | None = None
    bytes: int | None = None
    sha256: str | None = None
    content_type: str | None = None
    etag: str | None = None
    modified: str | None = None
    final_url: str | None = None
    seconds: float | None = None
    image: StoredImage | None = None
    found: Sequence[Page | Item] = ()
    reused: bool = False


@dataclass(frozen=True)
class FetchRow:
    """All that is known of one address in one collection."""

    collection_id: int
    source: str
    kind: str
    url: str
    host: str
    state: str
    attempts: int
    status: int | None
    error: str | None
    reason: str | None
    next_try: float
    bytes: int | None
    sha256: str | None
    content_type: str | None
    final_url: str | None
    fetched_at: dt.datetime | None
    items: list[str] = field(default_factory=list)
