"""A collection that is given up: `catalog.forget_collection(3, now)`. Pictures and what is known of them stay."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Delete, delete, func, select, update

from ganvas.catalog.database import LEASE_LOCK, Database
from ganvas.catalog.fetch_records import DONE, FORGOTTEN, LEASED
from ganvas.catalog.images import chunks
from ganvas.catalog.schema import Body, Collection, Fetch, Item, ItemFetch, ItemImage
from ganvas.catalog.wanted import KINDS, PICTURE
from ganvas.errors import InputError


@dataclass(frozen=True)
class Forgotten:
    """What went: addresses, with what became of each, and items without a picture. `pictures` stay."""

    collection: int
    addresses: int
    items: int
    pictures: int


class ForgettingQueries(Database):
    """What of a Catalog concerns collections that are given up."""

    def forget_collection(self, id: int, now: float) -> Forgotten:
        """Remove a collection, its fetches, and its items whose pictures were not had, if no other has them.

        All or none. An item that was named without any picture goes with the last collection of its source.
        Raises InputError where there is no such collection, or a collector has something of it leased.
        """
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            self.one_at_a_time(connection, LEASE_LOCK)
            self.look_up_by_index(connection)
            _check_nobody_is_at_it(connection, id, now)
            ours = select(Fetch.id).where(Fetch.collection_id == id)
            had = select(Fetch.sha256).where(Fetch.id.in_(ours), Fetch.kind == PICTURE, Fetch.state == DONE).distinct()
            pictures = connection.scalar(select(func.count()).select_from(had.subquery())) or 0
            bare = _items_without_picture(connection, id)
            connection.execute(delete(Body).where(Body.fetch_id.in_(ours)))
            connection.execute(delete(ItemFetch).where(ItemFetch.fetch_id.in_(ours)))
            addresses = connection.execute(delete(Fetch).where(Fetch.collection_id == id)).rowcount
            elsewhere = select(ItemFetch.item_id).where(ItemFetch.item_id == Item.id).exists()
            unused = (delete(Item).where(Item.id.in_(chunk), ~elsewhere) for chunk in chunks(bare))
            items = sum(connection.execute(statement).rowcount for statement in unused)
            left = {"state": FORGOTTEN, "fingerprint": f"{FORGOTTEN} {id}", "options": {}}
            connection.execute(update(Collection).where(Collection.id == id).values(left))
            items += connection.execute(_named_by_nobody(id)).rowcount
            return Forgotten(id, addresses, items, pictures)


def label_of(connection: Connection, id: int) -> str | None:
    """The label that a collection gives its items. Raises InputError where the collection was forgotten."""
    known = select(Collection.label).where(Collection.id == id, Collection.state != FORGOTTEN)
    labels = connection.scalars(known).all()
    if not labels:
        raise InputError("this collection was forgotten meanwhile: the same command begins it anew")
    return labels[0]


def check_not_forgotten(connection: Connection, id: int) -> None:
    """Raises InputError where the collection was forgotten."""
    label_of(connection, id)


def _check_nobody_is_at_it(connection: Connection, id: int, now: float) -> None:
    if id not in connection.scalars(select(Collection.id).where(Collection.state != FORGOTTEN)).all():
        raise InputError(f"there is no collection {id}: `ganvas collect status` lists them")
    leased = (Fetch.collection_id == id, Fetch.kind.in_(KINDS), Fetch.state == LEASED, Fetch.next_try > now)
    worker = connection.scalar(select(Fetch.leased_by).where(*leased).limit(1))
    if worker is not None:
        host, _, process = worker.partition(":")
        who = f"process {process.partition(':')[0]} on {host.partition('/')[0]}"
        raise InputError(f"a collector is at collection {id}, {who}: end that one first, with Ctrl-C where it runs")


def _items_without_picture(connection: Connection, id: int) -> list[int]:
    pictured = select(ItemImage.item_id).where(ItemImage.item_id == ItemFetch.item_id).exists()
    query = select(ItemFetch.item_id).join(Fetch, Fetch.id == ItemFetch.fetch_id)
    return list(connection.scalars(query.where(Fetch.collection_id == id, ~pictured).distinct()))


def _named_by_nobody(forgotten: int) -> Delete:
    """Items of its source that have no address and no picture, where nobody else collects from that source."""
    source = select(Collection.source).where(Collection.id == forgotten).scalar_subquery()
    others = select(Collection.id).where(Collection.source == source, Collection.state != FORGOTTEN).exists()
    asked = select(ItemFetch.item_id).where(ItemFetch.item_id == Item.id).exists()
    pictured = select(ItemImage.item_id).where(ItemImage.item_id == Item.id).exists()
    return delete(Item).where(Item.source == source, ~others, ~asked, ~pictured)
