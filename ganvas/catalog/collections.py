"""What was asked of sources: collections, how far each is, what is to be tried again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, text, update

from ganvas.catalog.columns import to_json
from ganvas.catalog.database import Database
from ganvas.catalog.fetch_records import (
    DONE,
    FAILED,
    FORGOTTEN,
    LEASED,
    OPEN,
    REFUSED,
    WAITING,
    CollectionRow,
    FetchRow,
)
from ganvas.catalog.forgetting import check_not_forgotten
from ganvas.catalog.records import now
from ganvas.catalog.schema import Body, Collection, Fetch, Host, Item, ItemFetch
from ganvas.catalog.wanted import KINDS, PICTURE, digest_of, host_of, same_address
from ganvas.catalog.wanting import LONGEST_ADDRESS, PLACE

FIELDS = ("id", "source", "options", "label", "most", "state", "made_at")
PART = 20_000  # rows a transaction: PostgreSQL changes 50,000 a second
PAUSE_S = 0.1  # as often SQLite's other writers look whether it is their turn
ALIKE = 20  # addresses that are shown where none is called exactly what was asked for


class CollectionQueries(Database):
    """What of a Catalog concerns collections as a whole, and what people ask about fetches."""

    def begin_collection(
        self,
        source: str,
        options: dict[str, Any],
        label: str | None,
        most: int | None,
        *,
        only_look: bool = False,
        recorded: dict[str, Any] | None = None,
    ) -> CollectionRow:
        """The collection of this source, options and label, made where there is none.

        `most` replaces what it had; with `only_look` in what is returned alone. `recorded`: what its options were
        written as until now.
        """
        values = {
            "source": source,
            "options": options,
            "label": label,
            "most": most,
            "fingerprint": _fingerprint(source, options, label),
            "state": OPEN,
            "made_at": now(),
        }
        statement = self.insert(Collection).values(values)
        statement = statement.on_conflict_do_update(
            index_elements=["fingerprint"], set_={"most": Collection.most if only_look else most}
        )
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            if recorded is not None:
                known = Collection.fingerprint == _fingerprint(source, recorded, label)
                anew = {"options": options, "fingerprint": values["fingerprint"]}
                connection.execute(update(Collection).where(known).values(anew))
            id = connection.scalar(statement.returning(Collection.id))
            return replace(_collections(connection, Collection.id == id)[0], most=most)

    def collections(self) -> list[CollectionRow]:
        """Every collection, oldest first."""
        with self.session() as connection:
            return _collections(connection)

    def end_collection(self, id: int, state: str) -> None:
        """Say that a collection is OPEN or COMPLETE. Raises InputError where it was forgotten."""
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            check_not_forgotten(connection, id)
            connection.execute(update(Collection).where(Collection.id == id).values(state=state))

    def fetch_counts(self, collection_id: int | None = None) -> dict[int, dict[str, dict[str, int]]]:
        """{collection id: {kind: {state: how many}}}; every kind and state that there is."""
        by = (Fetch.collection_id, Fetch.kind, Fetch.state)
        query = select(*by, func.count()).group_by(*by)
        if collection_id is not None:
            query = query.where(Fetch.collection_id == collection_id)
        counts: dict[int, dict[str, dict[str, int]]] = {}
        with self.session() as connection:
            if not self.is_sqlite:  # without statistics it expects too many groups to count with all processors
                eager = "set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true)"
                connection.execute(text(f"SELECT {eager}"))
            for collection, kind, state, count in connection.execute(query):
                counts.setdefault(collection, {}).setdefault(kind, {})[state] = count
        return counts

    def error_counts(
        self, collection_id: int | None = None, at_most: int | None = None
    ) -> list[tuple[int, str, str, str, int]]:
        """(collection id, state, error, host, how many) of fetches with an error, most first.

        Those that wait for another try are among them.
        """
        by = (Fetch.collection_id, Fetch.state, Fetch.error, Fetch.host)
        with self.session() as connection:
            ids = [row.id for row in _collections(connection)] if collection_id is None else [collection_id]
            query = select(*by, func.count()).where(_not_had(ids), Fetch.error.is_not(None)).group_by(*by)
            query = query.order_by(func.count().desc(), *by).limit(at_most)
            rows = connection.execute(query).all()
        return [(id, state, error or "", host, count) for id, state, error, host, count in rows]

    def reason_of(self, collection_id: int, error: str, host: str) -> str | None:
        """What the newest fetch of a host with this error says of it."""
        of = (Fetch.collection_id == collection_id, Fetch.error == error, Fetch.host == host)
        ended = Fetch.state.in_((FAILED, REFUSED))
        with self.session() as connection:
            return connection.scalar(select(Fetch.reason).where(*of, ended).order_by(Fetch.id.desc()).limit(1))

    def items_served(self, collection_id: int) -> int:
        """How many items of a collection have a picture that is there, under way or waiting."""
        ours = (Fetch.collection_id == collection_id, Fetch.kind == PICTURE, Fetch.state.in_((WAITING, LEASED, DONE)))
        items = select(ItemFetch.item_id).join(Fetch, Fetch.id == ItemFetch.fetch_id).where(*ours).distinct()
        with self.session() as connection:
            return connection.scalar(select(func.count()).select_from(items.subquery())) or 0

    def fetches_of(self, url: str) -> list[FetchRow]:
        """What is known of an address (or of one that begins or ends so, where none is called exactly that)."""
        with self.session() as connection:
            rows = _fetches(connection, Fetch.digest == digest_of(url))
            part = same_address(url)
            if not rows and part:
                alike = or_(Fetch.url.startswith(part, autoescape=True), Fetch.url.endswith(part, autoescape=True))
                rows = _fetches(connection, alike, ALIKE)
            return rows

    def try_again(
        self,
        *,
        collection_id: int | None = None,
        error: str | None = None,
        host: str | None = None,
        url: str | None = None,
    ) -> int:
        """Set failed fetches back to waiting, attempts forgotten, hosts no longer cooling; returns how many.

        Hosts are their own, and those that redirects led to. Refused ones are set back only where `error` or `url`
        names them. What waits for a later try waits no longer.
        """
        states = (FAILED, REFUSED) if error is not None or url is not None else (FAILED,)
        with self.session() as connection:
            ids = [row.id for row in _collections(connection)] if collection_id is None else [collection_id]
        those = [func.length(Fetch.url) <= LONGEST_ADDRESS]
        those += [Fetch.error == error] if error is not None else []
        those += [Fetch.host == host.lower()] if host is not None else []
        those += [Fetch.digest == digest_of(url)] if url is not None else []
        failed, later = Fetch.state.in_(states), (Fetch.state == WAITING) & (Fetch.next_try >= 1)
        with self.session() as connection:
            led_to = _led_to(connection, _of(ids), *those, or_(failed, later))
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            hosts = select(Fetch.host).where(_of(ids), *those, or_(failed, later))
            connection.execute(delete(Host).where(or_(Host.host.in_(hosts), Host.host.in_(led_to))))
        again = {"state": WAITING, "attempts": 0, "next_try": Fetch.id * PLACE}
        self._change(ids, [*those, later], again)
        return self._change(ids, [*those, failed], again | {"sha256": None, "etag": None, "modified": None})

    def ask_anew(self, collection_id: int) -> int:
        """Set done fetches back to waiting, to be asked whether they changed; returns how many."""
        given = select(Body.fetch_id).where(Body.fetch_id == Fetch.id, Fetch.kind == PICTURE)
        done = [Fetch.state == DONE, ~given.exists()]
        return self._change([collection_id], done, {"state": WAITING, "attempts": 0, "next_try": Fetch.id * PLACE})

    def _change(self, collections: Sequence[int], those: Sequence[Any], values: dict[str, Any]) -> int:
        """Change fetches of these collections, which are open then; returns how many.

        A transaction for some thousands of them: collectors are at work meanwhile, and wait for no lock for long.
        """
        row = func.row_number().over(order_by=Fetch.id).label("row")
        numbered = select(Fetch.id, row).where(_of(collections), *those).subquery()
        first = select(numbered.c.id).where(numbered.c.row % PART == 1).order_by(numbered.c.id)
        with self.session() as connection:
            firsts = connection.scalars(first).all()
        if len(firsts) <= 1:
            return self._change_part([_of(collections), *those], values)
        # "+ 0": by their ids, not by the index of collections, which leads to those of all parts
        ours = (Fetch.collection_id + 0).in_(collections) & Fetch.kind.in_(KINDS)
        changed = 0
        for begin, end in pairwise([*firsts, None]):
            part = Fetch.id >= begin if end is None else Fetch.id.between(begin, end - 1)
            changed += self._change_part([part, ours, *those], values)
            if self.is_sqlite:
                time.sleep(PAUSE_S)
        return changed

    def _change_part(self, those: Sequence[Any], values: dict[str, Any]) -> int:
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            self.look_up_by_index(connection)
            change = update(Fetch).where(*those).values(values).returning(Fetch.collection_id)
            changed = connection.scalars(change).all()
            opened = update(Collection).where(Collection.id.in_(set(changed)))
            connection.execute(opened.values(state=OPEN))
            return len(changed)


def _collections(connection: Connection, *conditions: Any) -> list[CollectionRow]:
    query = select(*(getattr(Collection, name) for name in FIELDS)).where(*conditions, Collection.state != FORGOTTEN)
    query = query.order_by(Collection.id)
    return [CollectionRow(**row._mapping) for row in connection.execute(query)]


def _fingerprint(source: str, options: dict[str, Any], label: str | None) -> str:
    asked = json.loads(to_json([source, options, label]))
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _of(collections: Sequence[int]) -> Any:
    """Of these collections, in terms of the index."""
    return Fetch.collection_id.in_(collections) & Fetch.kind.in_(KINDS)


def _led_to(connection: Connection, *those: Any) -> set[str]:
    """Of the hosts that asked for a pause those that gave these fetches their last answers."""
    cooling = set(connection.scalars(select(Host.host)))
    urls = select(Fetch.final_url).where(*those, Fetch.final_url.is_not(None))
    return cooling & {host_of(url) for url in connection.scalars(urls) if url} if cooling else set()


def _not_had(collections: Sequence[int]) -> Any:
    """What failed, was refused, or waits after a try."""
    later = (Fetch.state == WAITING) & (Fetch.next_try >= 1)
    return _of(collections) & or_(Fetch.state.in_((FAILED, REFUSED)), later)


def _fetches(connection: Connection, condition: Any, at_most: int | None = None) -> list[FetchRow]:
    names = [name for name in FetchRow.__dataclass_fields__ if name not in ("source", "items")]
    query = (
        select(Fetch.id, Collection.source, *(getattr(Fetch, name) for name in names))
        .join(Collection, Collection.id == Fetch.collection_id)
        .where(condition)
        .order_by(Fetch.id)
        .limit(at_most)
    )
    rows = connection.execute(query).all()
    items: dict[int, list[str]] = {row.id: [] for row in rows}
    keys = select(ItemFetch.fetch_id, Item.key).join(Item, Item.id == ItemFetch.item_id)
    for fetch, key in connection.execute(keys.where(ItemFetch.fetch_id.in_(list(items))).order_by(Item.id)):
        items[fetch].append(key)
    return [FetchRow(**{name: getattr(row, name) for name in ("source", *names)}, items=items[row.id]) for row in rows]
