"""Who fetches what: `take(connection, …)` gives a worker the next fetches; what ended without it waits again.

Of a leased row, `next_try` is when its lease ends: one range of the index finds those, and what waits. It is in the
day's time, as collectors on other machines read it, too: where that is set back, another try is so much later.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select, update

from ganvas.catalog.fetch_records import DONE, LEASED, WAITING, Leased
from ganvas.catalog.images import chunks
from ganvas.catalog.records import now as moment
from ganvas.catalog.schema import Body, Collection, Fetch, Image
from ganvas.catalog.wanted import KINDS, LIST, PAGE, PICTURE
from ganvas.catalog.wanting import PLACE

COLUMNS = (
    "id",
    "collection_id",
    "kind",
    "url",
    "host",
    "what",
    "note",
    "attempts",
    "etag",
    "modified",
    "sha256",
    "digest",
    "max_age_s",
)
BACK = {"state": WAITING, "leased_by": None, "leased_until": None}


@dataclass(frozen=True)
class Elsewhere:
    """The same address in another collection."""

    id: int
    state: str
    next_try: float
    sha256: str | None
    fetched_at: Any
    status: int | None
    content_type: str | None


def take(
    connection: Connection, collection_id: int, worker: str, n: int, kinds: Sequence[str], now: float, until: float
) -> list[Leased]:
    """The next `n` fetches that wait, marked as the worker's."""
    _end_leases(connection, collection_id, now)
    taken: list[Any] = []
    elsewhere: dict[str, list[Elsewhere]] = {}
    for kind in kinds:
        seen = 0
        while len(taken) < n:
            wanted = n - len(taken)
            rows = _waiting(connection, collection_id, kind, now, wanted, seen)
            others = _elsewhere(connection, collection_id, [row.digest for row in rows])
            elsewhere |= others
            taken += [row for row in rows if not _is_leased(others.get(row.digest, ()), now)]
            seen += len(rows)
            if len(rows) < wanted:
                break
    ids = [row.id for row in taken]
    mine = {"state": LEASED, "leased_by": worker, "leased_until": until, "next_try": until}
    for chunk in chunks(ids):
        connection.execute(update(Fetch).where(Fetch.id.in_(chunk)).values(mine))
    return _with_data(connection, [_leased(connection, row, elsewhere.get(row.digest, ())) for row in taken])


def leases(connection: Connection, worker: str | None = None) -> Any:
    """The condition on fetches that are leased (by this worker), in terms of the index."""
    collections = connection.scalars(select(Collection.id)).all()
    leased = Fetch.collection_id.in_(collections) & Fetch.kind.in_(KINDS) & (Fetch.state == LEASED)
    return leased if worker is None else leased & (Fetch.leased_by == worker)


def back(condition: Any) -> Any:
    """The statement that lets fetches wait again, at the front of the line."""
    return update(Fetch).where(condition).values(next_try=Fetch.id * PLACE, **BACK)


def _end_leases(connection: Connection, collection_id: int, now: float) -> None:
    ended = (Fetch.collection_id == collection_id, Fetch.state == LEASED, Fetch.next_try <= now)
    query = select(Fetch.id).where(*ended, Fetch.kind.in_(KINDS)).with_for_update(skip_locked=True)
    for chunk in chunks(connection.scalars(query).all()):
        connection.execute(back(Fetch.id.in_(chunk)))


def _waiting(
    connection: Connection, collection_id: int, kind: str, now: float, n: int, passed_over: int
) -> Sequence[Any]:
    query = (
        select(*(getattr(Fetch, name) for name in COLUMNS))
        .where(Fetch.collection_id == collection_id, Fetch.kind == kind, Fetch.state == WAITING, Fetch.next_try <= now)
        .order_by(Fetch.next_try)
        .limit(n)
        .offset(passed_over)
        .with_for_update(skip_locked=True)
    )
    return connection.execute(query).all()


def _elsewhere(connection: Connection, collection_id: int, digests: Sequence[str]) -> dict[str, list[Elsewhere]]:
    """What other collections have, or are at, of these addresses."""
    others = select(Collection.id).where(Collection.id != collection_id).limit(1)
    if not digests or connection.scalar(others) is None:
        return {}
    names = ("digest", "id", "state", "next_try", "sha256", "fetched_at", "status", "content_type")
    query = select(*(getattr(Fetch, name) for name in names))
    query = query.where(Fetch.collection_id != collection_id, Fetch.state.in_((DONE, LEASED)))
    found: dict[str, list[Elsewhere]] = {}
    for chunk in chunks(digests):
        for digest, *row in connection.execute(query.where(Fetch.digest.in_(chunk))):
            found.setdefault(digest, []).append(Elsewhere(*row))
    return found


def _is_leased(others: Iterable[Elsewhere], now: float) -> bool:
    return any(other.state == LEASED and other.next_try > now for other in others)


def _leased(connection: Connection, row: Any, others: Iterable[Elsewhere]) -> Leased:
    fetch = Leased(
        id=row.id,
        collection_id=row.collection_id,
        kind=row.kind,
        url=row.url,
        host=row.host,
        what=row.what,
        note=row.note,
        attempts=row.attempts,
        etag=row.etag,
        modified=row.modified,
        own_sha256=row.sha256,
    )
    done = [other for other in others if other.state == DONE and other.fetched_at is not None]
    if row.kind == LIST or row.sha256 is not None or not done:
        return fetch
    for other in sorted(done, key=lambda one: one.fetched_at, reverse=True):
        known: dict[str, Any] | None = _known(connection, row, other)
        if known:
            at = {"known_at": other.fetched_at, "known_status": other.status, "known_type": other.content_type}
            return replace(fetch, **known, **at)
    return fetch


def _known(connection: Connection, row: Any, other: Elsewhere) -> dict[str, Any] | None:
    """What another collection's answer gives this fetch, if it is there and young enough."""
    age_s = (moment() - other.fetched_at).total_seconds()
    if row.kind == PAGE and (row.max_age_s is None or age_s <= row.max_age_s):
        body = connection.scalar(select(Body.body).where(Body.fetch_id == other.id))
        return None if body is None else {"known_body": zlib.decompress(body)}
    if row.kind == PICTURE and other.sha256 is not None:
        image = select(Image.id).where(Image.sha256 == other.sha256, Image.width.is_not(None))
        return {"known_sha256": other.sha256} if connection.scalar(image) is not None else None
    return None


def _with_data(connection: Connection, fetches: list[Leased]) -> list[Leased]:
    """Pictures that their source gave itself, with their bytes."""
    pictures = [fetch.id for fetch in fetches if fetch.kind == PICTURE]
    data: dict[int, bytes] = {}
    for chunk in chunks(pictures):
        rows = connection.execute(select(Body.fetch_id, Body.body).where(Body.fetch_id.in_(chunk)))
        data.update((id, body) for id, body in rows)
    return [replace(fetch, data=data[fetch.id]) if fetch.id in data else fetch for fetch in fetches]
