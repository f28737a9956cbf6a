"""What became of fetches, as rows: `Outcomes(database, connection, collection_id, source, worker).record(finished)`."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Update, bindparam, func, select, update

from ganvas.catalog.database import Database
from ganvas.catalog.fetch_records import DONE, FAILED, LEASED, REFUSED, STANDBY, WAITING, Finished
from ganvas.catalog.forgetting import label_of
from ganvas.catalog.images import chunks, insert_images
from ganvas.catalog.records import FoundPicture, now
from ganvas.catalog.schema import Body, Fetch, Item, ItemFetch
from ganvas.catalog.thumbnails import mark_thumbnails, marked, originals
from ganvas.catalog.wanted import PICTURE
from ganvas.catalog.wanting import PLACE, Wanting, link_images

ENDING = ("state", "error", "reason", "status", "next_try", "seconds", "fetched_at", "final_url")
ANSWER = ("bytes", "sha256", "content_type", "etag", "modified")
PAGE_LEVEL = 6  # of zlib: records of museums to a fifth, at 60 MB/s


class Outcomes:
    """Records outcomes, in a transaction that somebody else began."""

    def __init__(
        self, database: Database, connection: Connection, collection_id: int, source: str, worker: str
    ) -> None:
        self.database = database
        self.connection = connection
        self.collection_id = collection_id
        self.source = source
        self.worker = worker

    def record(self, finished: Sequence[Finished]) -> None:
        """Rows, bodies, images with their items, thumbnails, and what pages named."""
        rows = self._rows([one.id for one in finished])
        known = [one for one in finished if one.id in rows]
        mine = [one for one in known if (rows[one.id].state, rows[one.id].leased_by) == (LEASED, self.worker)]
        self._update(mine, rows)
        self._keep_bodies(mine)
        self._images(known, rows)
        pictures = [one for one in mine if rows[one.id].kind == PICTURE]
        self._wake_stand_ins([one.id for one in pictures if one.state in (FAILED, REFUSED)])
        had = self._items_of([one.id for one in pictures if one.state == DONE])
        mark_thumbnails(self.connection, [item for _, item, _ in had])
        self._found(mine)

    def _rows(self, ids: Sequence[int]) -> dict[int, Any]:
        names = ("id", "kind", "digest", "state", "leased_by", "stand_in_for")
        query = select(*(getattr(Fetch, name) for name in names)).with_for_update()
        query = query.where(Fetch.collection_id == self.collection_id)  # a forgotten one's numbers may be another's
        found = (self.connection.execute(query.where(Fetch.id.in_(chunk))) for chunk in chunks(ids))
        return {row.id: row for chunk in found for row in chunk}

    def _update(self, finished: Sequence[Finished], rows: dict[int, Any]) -> None:
        at = now()
        others = self._others_answers([rows[one.id].digest for one in finished if one.reused])
        answered: list[dict[str, Any]] = []
        unanswered: list[dict[str, Any]] = []
        for one in finished:
            values = _said(one) | {"fetched_at": at}
            if one.reused:
                values |= others.get(rows[one.id].digest, {})
            row = {f"new_{name}": value for name, value in values.items()}
            is_new = one.state == DONE and (one.reused or values["sha256"] is not None)
            (answered if is_new else unanswered).append(row | {"fetch": one.id, "tries": int(one.counts_as_attempt)})
        if answered:
            self.connection.execute(_ended(keeping=False), answered)
        if unanswered:
            self.connection.execute(_ended(keeping=True), unanswered)

    def _others_answers(self, digests: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Digest -> the newest answer that any collection has, the time it was had too."""
        names = (*ANSWER, "status", "fetched_at", "final_url")
        query = select(Fetch.digest, *(getattr(Fetch, name) for name in names))
        query = query.where(Fetch.state == DONE).order_by(Fetch.fetched_at)
        found = (self.connection.execute(query.where(Fetch.digest.in_(chunk))) for chunk in chunks(digests))
        return {row.digest: {name: getattr(row, name) for name in names} for chunk in found for row in chunk}

    def _keep_bodies(self, finished: Sequence[Finished]) -> None:
        bodies = [
            {"fetch_id": one.id, "body": zlib.compress(one.body, PAGE_LEVEL)}
            for one in finished
            if one.body is not None
        ]
        statement = self.database.insert(Body)
        statement = statement.on_conflict_do_update(index_elements=["fetch_id"], set_={"body": statement.excluded.body})
        for chunk in chunks(bodies):
            self.connection.execute(statement, chunk)

    def _images(self, finished: Sequence[Finished], rows: dict[int, Any]) -> None:
        """Images that are not there yet, and every item that named the address has its one."""
        images = [_found_picture(self.source, one) for one in finished if one.image is not None]
        for chunk in chunks(images):
            insert_images(self.database, self.connection, chunk)
        hashes = {one.id: one.image.sha256 if one.image else one.sha256 for one in finished if one.state == DONE}
        had = [id for id, sha256 in hashes.items() if sha256 and rows[id].kind == PICTURE]
        items_of = self._items_of(had)
        better = self._originals({item for id, item, _ in items_of if rows[id].stand_in_for is not None})
        links = [
            (item, hashes[id], position)
            for id, item, position in items_of
            if rows[id].stand_in_for is None or position not in better.get(item, ())
        ]
        link_images(self.database, self.connection, [(item, sha, at) for item, sha, at in links if sha])

    def _items_of(self, fetches: Iterable[int]) -> list[tuple[int, int, int]]:
        """(fetch, item, position) of those items."""
        query = select(ItemFetch.fetch_id, ItemFetch.item_id, ItemFetch.position)
        found = (self.connection.execute(query.where(ItemFetch.fetch_id.in_(chunk))) for chunk in chunks([*fetches]))
        return [(fetch, item, position) for chunk in found for fetch, item, position in chunk]

    def _originals(self, items: Iterable[int]) -> dict[int, set[int]]:
        had: dict[int, set[int]] = {}
        for chunk in chunks([*items]):
            had |= originals(self.connection, chunk, marked(self.connection, Item.id.in_(chunk)))
        return had

    def _wake_stand_ins(self, failed: Sequence[int]) -> None:
        """Those of originals that cannot be had, also where several originals have the same one."""
        lost = {(item, position) for _, item, position in self._items_of(failed)}
        query = select(Fetch.id, ItemFetch.item_id, ItemFetch.position)
        query = query.join(Fetch, Fetch.id == ItemFetch.fetch_id)
        query = query.where(Fetch.collection_id == self.collection_id, Fetch.state == STANDBY)
        woken: set[int] = set()
        for chunk in chunks(sorted({item for item, _ in lost})):
            for id, *place in self.connection.execute(query.where(ItemFetch.item_id.in_(chunk))):
                woken |= {id} if tuple(place) in lost else set()
        for chunk in chunks(failed):
            standing_by = Fetch.stand_in_for.in_(chunk) & (Fetch.state == STANDBY)
            woken.update(self.connection.scalars(select(Fetch.id).where(standing_by)))
        for ids in chunks(sorted(woken)):
            wake = update(Fetch).where(Fetch.id.in_(ids))
            self.connection.execute(wake.values(state=WAITING, next_try=Fetch.id * PLACE))

    def _found(self, finished: Sequence[Finished]) -> None:
        pages = [one for one in finished if one.found]
        if pages:
            label = label_of(self.connection, self.collection_id)
            wanting = Wanting(self.database, self.connection, self.collection_id, label, self.source)
            wanting.record([piece for page in pages for piece in page.found])
            for page in pages:
                _ask_lists_again(wanting, page)


def _ask_lists_again(wanting: Wanting, page: Finished) -> None:
    # only those that came after it and were asked before it: pages that name one another must not go on for ever
    begun = now() - dt.timedelta(seconds=page.seconds or 0)
    wanting.ask_lists_again(page.found, Fetch.id > page.id, Fetch.fetched_at < begun)


def _said(one: Finished) -> dict[str, Any]:
    """What the row is to say of it."""
    values: dict[str, Any] = {name: getattr(one, name, None) for name in (*ENDING, *ANSWER)}
    if one.image is not None:
        values |= {"bytes": one.image.bytes, "sha256": one.image.sha256}
    if one.body is not None and one.sha256 is None:
        values |= {"bytes": len(one.body), "sha256": hashlib.sha256(one.body).hexdigest()}
    if one.state != DONE:  # or another try would be asked whether that has changed
        values |= {"etag": None, "modified": None}
    return values


def _ended(keeping: bool) -> Update:
    """The statement that ends leases; `keeping` what an earlier answer said, where there is no new one."""
    table: Any = Fetch.__table__
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in (*ENDING, *ANSWER)}
    if keeping:
        values |= {name: func.coalesce(values[name], table.c[name]) for name in ANSWER if name != "sha256"}
        values["sha256"] = func.coalesce(table.c.sha256, values["sha256"])
    values |= {"attempts": table.c.attempts + bindparam("tries"), "leased_by": None, "leased_until": None}
    return update(table).where(table.c.id == bindparam("fetch")).values(values)


def _found_picture(source: str, one: Finished) -> FoundPicture:
    image = one.image
    assert image is not None
    facts = {name: getattr(image, name) for name in ("sha256", "bytes", "format", "width", "height", "mode", "frames")}
    return FoundPicture(**facts, unreadable=None, source=source, key=str(one.id))
