"""How far collections are, what failed and why, another try, an end: `status(studio)`, `retry`, `why_url`, `forget`."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ganvas.catalog import Catalog
from ganvas.catalog.extent import Extent
from ganvas.catalog.fetch_records import DONE, FAILED, LEASED, OPEN, WAITING, CollectionRow
from ganvas.catalog.forgetting import Forgotten
from ganvas.catalog.wanted import KINDS, PICTURE
from ganvas.collect.leases import take_over
from ganvas.counted import counted
from ganvas.errors import InputError, did_you_mean
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder

MOST_TROUBLES = 1000  # of the kinds of failure that are listed: a list of a million hosts helps nobody


@dataclass(frozen=True)
class CollectionStatus:
    """One collection: what was asked, and its fetches by kind and state.

    `items` and `bytes` are those of its pictures; `estimated`: there are so many that a sample was counted.
    """

    id: int
    source: str
    options: dict[str, Any]
    label: str | None
    most: int | None
    state: str
    fetches: dict[str, dict[str, int]]
    items: int
    bytes: int
    estimated: bool


@dataclass(frozen=True)
class Trouble:
    """How many fetches of a host ended with an error, or wait after one."""

    collection: int
    state: str
    error: str
    host: str
    count: int


@dataclass(frozen=True)
class Status:
    """Everything about fetches: pictures by state, collections, what failed, hosts that cool (seconds since 1970)."""

    pictures: dict[str, int]
    collections: list[CollectionStatus]
    troubles: list[Trouble]
    cooling: dict[str, float]
    next: str


def status(studio: StudioFolder) -> Status:
    """How far everything is."""
    return status_of(studio.catalog)


def status_of(catalog: Catalog) -> Status:
    """The same of a catalog. Under a second for a million fetches (benchmarks/collect_queue.py)."""
    rows, counts = catalog.collections(), catalog.fetch_counts()
    extents = catalog.extents({row.id: counts.get(row.id, {}).get(PICTURE, {}) for row in rows})
    collections = [_collection(row, counts.get(row.id, {}), extents[row.id]) for row in rows]
    troubles = [Trouble(*row) for row in catalog.error_counts(at_most=MOST_TROUBLES)]
    pictures: Counter[str] = Counter()
    for one in collections:
        pictures.update(one.fetches.get(PICTURE, {}))
    return Status(dict(pictures), collections, troubles, catalog.cool_hosts(time.time()), _what_next(collections))


def retry(
    studio: StudioFolder,
    *,
    error: str | None = None,
    host: str | None = None,
    url: str | None = None,
    collection: int | None = None,
) -> int:
    """Set what failed back to waiting, all or what is named; returns how many. It does not fetch.

    What was refused only where `error` or `url` names it. Raises InputError for an error, a host, an address or a
    collection that is not there.
    """
    catalog = studio.catalog
    if collection is not None:
        known = [row.id for row in catalog.collections()]
        if collection not in known:
            raise InputError(f"there is no collection {collection}: `ganvas collect status` lists them")
    if url is not None and not catalog.fetches_of(url):
        raise _unknown(url)
    if error is not None or host is not None:
        _check_named(catalog, error, host)
    return catalog.try_again(collection_id=collection, error=error, host=host, url=url)


def forget(studio: StudioFolder, collection: int, progress: Progress = Silent()) -> Forgotten:  # noqa: B008 stateless
    """Remove a collection and what became of its addresses; its pictures stay, with all that is known of them.

    Raises InputError where there is no such collection, or a collector is at it.
    """
    take_over(studio.catalog, progress)
    return studio.catalog.forget_collection(collection, time.time())


def why_url(studio: StudioFolder, url: str) -> dict[str, Any]:
    """Everything known of an address, or of those that begin or end so. Raises InputError where there is none."""
    fetches = studio.catalog.fetches_of(url)
    if not fetches:
        raise _unknown(url)
    return {"url": url, "fetches": [dataclasses.asdict(one) for one in fetches]}


def _collection(row: CollectionRow, fetches: dict[str, dict[str, int]], extent: Extent) -> CollectionStatus:
    asked = {name: getattr(row, name) for name in ("id", "source", "options", "label", "most", "state")}
    return CollectionStatus(**asked, fetches=fetches, **dataclasses.asdict(extent))


def _what_next(collections: Sequence[CollectionStatus]) -> str:
    states: Counter[str] = Counter()
    for one in collections:
        for kind in KINDS:
            states.update(one.fetches.get(kind, {}))
    unfinished = [str(one.id) for one in collections if one.state == OPEN]
    if not states and not unfinished:
        return "nothing was collected yet: `ganvas collect --help` names the sources"
    if states[LEASED]:
        leased = counted(states[LEASED], "is", "are")
        return f"{leased} under way; a collector that was killed goes on with the same command"
    if states[WAITING]:
        return f"{counted(states[WAITING], 'waits', 'wait')}: the same `ganvas collect` command again goes on"
    if states[FAILED]:
        return f"{states[FAILED]:,} failed: `ganvas collect why URL` says more, `ganvas collect retry` tries again"
    if unfinished:
        has_not = f"collection {', '.join(unfinished)} has not ended"
        return f"{has_not}: the same `ganvas collect` command goes on with it, `ganvas collect forget N` removes it"
    return "all is there: `ganvas clean` looks through it" if states[DONE] else "nothing could be had"


def _check_named(catalog: Catalog, error: str | None, host: str | None) -> None:
    rows = catalog.error_counts()
    errors, hosts = {row[2] for row in rows}, {row[3] for row in rows}
    if error is not None and error not in errors:
        raise InputError(f"nothing failed with {error!r}.{did_you_mean(error, errors)}")
    if host is not None and host.lower() not in hosts:
        raise InputError(f"nothing of the host {host!r} failed.{did_you_mean(host.lower(), hosts)}")


def _unknown(url: str) -> InputError:
    return InputError(
        f"no address in the catalog is, begins or ends like {url!r}: `ganvas collect status` says what is"
    )
