"""What a source named, as rows: `Wanting(database, connection, collection, source).record(found)`.

Written for lists of millions: a handful of statements for some hundred items, whatever is known already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, update

from ganvas.catalog.bulk import insert_rows, written
from ganvas.catalog.columns import storable
from ganvas.catalog.database import Database
from ganvas.catalog.fetch_records import DONE, FAILED, REFUSED, STANDBY, WAITING
from ganvas.catalog.images import chunks, known_ids
from ganvas.catalog.records import now
from ganvas.catalog.schema import Body, Fetch, ItemFetch, ItemImage
from ganvas.catalog.schema import Item as ItemTable
from ganvas.catalog.thumbnails import mark_thumbnails, marked, originals
from ganvas.catalog.wanted import (
    MUSEUM_TEXTS,
    MUSEUM_YEARS,
    PICTURE,
    Item,
    Page,
    Picture,
    digest_of,
    host_of,
    same_address,
)

LONGEST_ADDRESS = 8000  # characters: servers take no longer ones (RFC 9110, 4.1)
PLACE = 1e-10  # a place in line is below 1
LARGEST_YEAR = 2**31 - 1
TEXTS = ("title", "licence", "attribution", *MUSEUM_TEXTS)
KEPT_WHERE_NOT_SAID = ("label", "split")  # another collection of the same items may have said it


class Named(NamedTuple):
    """A picture that an item has; `original`: the fetch that it stands in for."""

    item: int
    position: int
    picture: Picture
    original: int | None = None
    state: str = WAITING


@dataclass(frozen=True)
class Known:
    """A fetch that is in the catalog."""

    id: int
    state: str
    sha256: str | None


class Wanting:
    """Records what one collection found, in a transaction that somebody else began."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        collection_id: int,
        label: str | None,
        source: str,
        mixed: bool = False,
    ) -> None:
        self.database = database
        self.connection = connection
        self.collection_id = collection_id
        self.label = label
        self.source = storable(source)
        self.mixed = mixed
        self.with_thumbnails: list[int] = []
        self.were_marked: set[int] = set()
        self.place = connection.scalar(select(func.max(Fetch.id))) or 0

    def record(self, found: Iterable[Page | Item]) -> int:
        """Pages and items with a fetch for each address; what is known stays. Returns how many fetches are new."""
        new = 0
        for chunk in chunks(list(found)):
            new += self._pages([one for one in chunk if isinstance(one, Page)])
            new += self._items([one for one in chunk if isinstance(one, Item)])
        return new

    def ask_lists_again(self, found: Iterable[Page | Item], *conditions: Any) -> None:
        """Those list pages among them that came to an end, and fulfil the conditions, wait again."""
        digests = [digest_of(page.url) for page in found if isinstance(page, Page) and page.is_list]
        for chunk in chunks(digests):
            ended = (Fetch.digest.in_(chunk), Fetch.state.in_((DONE, FAILED, REFUSED)))
            again = update(Fetch).where(Fetch.collection_id == self.collection_id, *ended, *conditions)
            again = again.where(func.length(Fetch.url) <= LONGEST_ADDRESS)
            self.connection.execute(again.values(state=WAITING, attempts=0, next_try=Fetch.id * PLACE))

    def _pages(self, pages: Sequence[Page]) -> int:
        rows: dict[str, dict[str, Any]] = {}
        for page in pages:
            row = self._row(page.kind, page.url, digest_of(page.url))
            rows.setdefault(row["digest"], row | {"what": page.what, "note": page.note, "max_age_s": page.max_age_s})
        return len(self._insert(rows))

    def _items(self, items: Sequence[Item]) -> int:
        if not items:
            return 0
        newest = self.connection.scalar(select(func.max(ItemTable.id))) or 0
        keys = [self._key(item) for item in items]
        self.were_marked = marked(self.connection, (ItemTable.source == self.source) & ItemTable.key.in_(keys))
        ids = self._item_ids(items)
        named = [
            Named(ids[self._key(item)], position, picture)
            for item in items
            for position, picture in enumerate(item.pictures)
        ]
        new = 0
        while named:
            added, named = self._pictures(named)
            new += added
        known = [id for id in ids.values() if id <= newest]
        mark_thumbnails(self.connection, known + self.with_thumbnails, self.were_marked)
        return new

    def _item_ids(self, items: Sequence[Item]) -> dict[str, int]:
        added_at = written(now())
        rows = {self._key(item): self._item_values(item) | {"added_at": added_at} for item in items}
        statement = insert_rows(self.database, ItemTable, list(rows.values()))
        new = statement.excluded
        changes = {name: new[name] for name in (*TEXTS, *MUSEUM_YEARS, "tags", "details")}
        changes |= {name: func.coalesce(new[name], getattr(ItemTable, name)) for name in KEPT_WHERE_NOT_SAID}
        statement = statement.on_conflict_do_update(index_elements=["source", "key"], set_=changes)
        ids = self.connection.execute(statement.returning(ItemTable.key, ItemTable.id))
        return dict(ids.all())

    def _key(self, item: Item) -> str:
        """With the label that the collection gives it: under another label it is another item; each keeps its own."""
        labelled = self.label is not None and item.label is None
        return storable(f"{item.key}={self.label}" if labelled else item.key)

    def _item_values(self, item: Item) -> dict[str, Any]:
        values: dict[str, Any] = {name: _text(value) for name in TEXTS if (value := getattr(item, name)) is not None}
        values |= {name: _year(value) for name in MUSEUM_YEARS if (value := getattr(item, name)) is not None}
        label = self.label if item.label is None else item.label
        values |= {name: _text(value) for name, value in (("label", label), ("split", item.split)) if value is not None}
        if item.tags:
            values["tags"] = list(item.tags)
        return values | {"source": self.source, "key": self._key(item), "details": item.details or {}}

    def _pictures(self, named: Sequence[Named]) -> tuple[int, list[Named]]:
        """How many fetches are new, and the pictures that stand in for these."""
        rows: dict[str, dict[str, Any]] = {}
        digests = []
        for one in named:
            row = self._row(PICTURE, one.picture.url, _digest(one.picture), one.picture.data is not None)
            if row["state"] == WAITING:
                row["state"] = one.state
            digests.append(row["digest"])
            if one.original is not None:
                row["stand_in_for"] = one.original
            rows.setdefault(row["digest"], row)
        added = self._insert(rows)
        fetches = self._known([digest for digest in rows if digest not in added])
        fetches |= {digest: Known(id, rows[digest]["state"], None) for digest, id in added.items()}
        bodies = {added[d]: one.picture.data for d, one in zip(digests, named, strict=True) if d in added}
        self._keep_bodies({id: data for id, data in bodies.items() if data is not None})
        pairs = [(one, fetches[digest]) for one, digest in zip(named, digests, strict=True)]
        self._wake([fetch.id for one, fetch in pairs if one.state == WAITING and fetch.state == STANDBY])
        self._link(pairs)
        return len(added), [
            Named(one.item, one.position, one.picture.instead, fetch.id, _of_stand_in(fetch.state))
            for one, fetch in pairs
            if one.picture.instead is not None
        ]

    def _row(self, kind: str, url: str, digest: str, has_data: bool = False) -> dict[str, Any]:
        address = same_address(url)
        self.place += 1
        mixed = self.mixed and kind == PICTURE
        row: dict[str, Any] = {
            "collection_id": self.collection_id,
            "digest": digest,
            "kind": kind,
            "url": address,
            "host": host_of(address),
            "what": "",
            "note": {},
            "state": WAITING,
            "next_try": int(digest[:8], 16) / 2**32 if mixed else self.place * PLACE,
            "attempts": 0,
        }
        if len(address) > LONGEST_ADDRESS:
            row["url"] = address[:LONGEST_ADDRESS] + "…"
        if not has_data and not 0 < len(address) <= LONGEST_ADDRESS:
            reason = f"an address of {len(address):,} characters" if address else "no address"
            row |= {"state": REFUSED, "error": "address", "reason": reason}
        return row

    def _insert(self, rows: dict[str, dict[str, Any]]) -> dict[str, int]:
        """Digest -> id of those that are new."""
        added: dict[str, int] = {}
        for chunk in chunks(list(rows.values())):
            statement = insert_rows(self.database, Fetch, chunk)
            statement = statement.on_conflict_do_nothing(index_elements=["digest", "collection_id"])
            added.update(dict(self.connection.execute(statement.returning(Fetch.digest, Fetch.id)).all()))
        return added

    def _known(self, digests: Sequence[str]) -> dict[str, Known]:
        known: dict[str, Known] = {}
        query = select(Fetch.digest, Fetch.id, Fetch.state, Fetch.sha256)
        for chunk in chunks(digests):
            these = query.where(Fetch.collection_id == self.collection_id, Fetch.digest.in_(chunk))
            known.update((digest, Known(id, state, sha)) for digest, id, state, sha in self.connection.execute(these))
        return known

    def _keep_bodies(self, bodies: dict[int, bytes]) -> None:
        if bodies:
            rows = [{"fetch_id": id, "body": body} for id, body in bodies.items()]
            self.connection.execute(self.database.insert(Body).on_conflict_do_nothing(), rows)

    def _wake(self, fetches: Sequence[int]) -> None:
        """What stood by and is now wanted for itself, or because its original cannot be had, waits."""
        for chunk in chunks(fetches):
            standing_by = update(Fetch).where(Fetch.id.in_(chunk), Fetch.state == STANDBY)
            self.connection.execute(standing_by.values(state=WAITING, next_try=Fetch.id * PLACE))

    def _link(self, pairs: Sequence[tuple[Named, Known]]) -> None:
        if not pairs:
            return
        links = {(one.item, fetch.id): one.position for one, fetch in pairs}
        rows = [{"item_id": item, "fetch_id": id, "position": position} for (item, id), position in links.items()]
        self.connection.execute(insert_rows(self.database, ItemFetch, rows).on_conflict_do_nothing())
        stand_ins = [one.item for one, _ in pairs if one.original is not None and one.state == WAITING]
        better = originals(self.connection, stand_ins, self.were_marked) if stand_ins else {}
        had = [
            (one.item, fetch.sha256, one.position)
            for one, fetch in pairs
            if fetch.sha256 is not None
            and fetch.state not in (FAILED, REFUSED)
            and (one.original is None or (one.state == WAITING and one.position not in better.get(one.item, ())))
        ]
        link_images(self.database, self.connection, had)
        self.with_thumbnails += stand_ins


def link_images(database: Database, connection: Connection, links: Sequence[tuple[int, str, int]]) -> None:
    """(item id, hash, position): the item has this image, if that is in the catalog."""
    ids = known_ids(connection, {sha256 for _, sha256, _ in links})
    pairs = {(item, ids[sha256]): position for item, sha256, position in links if sha256 in ids}
    values = [{"item_id": item, "image_id": id, "position": position} for (item, id), position in pairs.items()]
    if values:
        connection.execute(insert_rows(database, ItemImage, values).on_conflict_do_nothing())


def _digest(picture: Picture) -> str:
    # names of pictures that a source gave need not differ: it is their bytes that do
    return digest_of(picture.url) if picture.data is None else hashlib.sha256(picture.data).hexdigest()[:32]


def _of_stand_in(original: str) -> str:
    return WAITING if original in (FAILED, REFUSED) else STANDBY


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _year(value: Any) -> int | None:
    return value if type(value) is int and abs(value) <= LARGEST_YEAR else None
