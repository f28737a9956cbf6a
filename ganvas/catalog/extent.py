"""How many items and bytes a collection's pictures are: counted, or of a sample where they are too many to count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from ganvas.catalog.database import Database
from ganvas.catalog.fetch_records import DONE
from ganvas.catalog.images import chunks
from ganvas.catalog.schema import Fetch, ItemFetch
from ganvas.catalog.wanted import PICTURE

COUNTED = 20_000  # fetches of a collection of which every one is looked at
SAMPLE = 2_000  # rows of the table of fetches, evenly spread


@dataclass(frozen=True)
class Extent:
    """Items with a picture's address and the bytes that were had of them; `estimated`: from a sample."""

    items: int = 0
    bytes: int = 0
    estimated: bool = False


class ExtentQueries(Database):
    """What of a Catalog concerns how much was collected."""

    def extents(self, pictures: Mapping[int, Mapping[str, int]]) -> dict[int, Extent]:
        """Of collections with these numbers of picture fetches by state, as `fetch_counts` gives them."""
        few = [id for id, states in pictures.items() if sum(states.values()) <= COUNTED]
        with self.session() as connection:
            self.look_up_by_index(connection)
            found = _counted(connection, few)
            many = {id: states for id, states in pictures.items() if id not in set(few)}
            return found | (_estimated(connection, many) if many else {})


def _counted(connection: Connection, collections: Sequence[int]) -> dict[int, Extent]:
    ours = (Fetch.collection_id.in_(collections), Fetch.kind == PICTURE)
    size = select(Fetch.collection_id, func.sum(Fetch.bytes)).where(*ours, Fetch.state == DONE)
    items = select(Fetch.collection_id, func.count()).join(ItemFetch, ItemFetch.fetch_id == Fetch.id)
    items = items.where(*ours, ItemFetch.position == 0, Fetch.stand_in_for.is_(None))
    sizes = dict(connection.execute(size.group_by(Fetch.collection_id)).all())
    counts = dict(connection.execute(items.group_by(Fetch.collection_id)).all())
    return {id: Extent(counts.get(id, 0), int(sizes.get(id) or 0)) for id in collections}


def _estimated(connection: Connection, pictures: Mapping[int, Mapping[str, int]]) -> dict[int, Extent]:
    largest = connection.scalar(select(func.max(Fetch.id))) or 0
    ids = range(1, largest + 1, max(1, largest // SAMPLE))
    rows = _sample(connection, ids)
    firsts = _first_links(connection, [row.id for row in rows if row.stand_in_for is None])
    found = {}
    for id, states in pictures.items():
        ours = [row for row in rows if row.collection_id == id]
        sizes = [row.bytes or 0 for row in ours if row.state == DONE]
        items = sum(states.values()) * _mean([firsts.get(row.id, 0) for row in ours])
        found[id] = Extent(round(items), round(states.get(DONE, 0) * _mean(sizes)), True)
    return found


def _sample(connection: Connection, ids: Sequence[int]) -> list[Any]:
    query = select(Fetch.id, Fetch.collection_id, Fetch.state, Fetch.bytes, Fetch.stand_in_for)
    found = (connection.execute(query.where(Fetch.id.in_(chunk), Fetch.kind == PICTURE)) for chunk in chunks(ids))
    return [row for chunk in found for row in chunk]


def _first_links(connection: Connection, fetches: Sequence[int]) -> dict[int, int]:
    """Fetch -> of how many items it is the first picture: every item has one such, stand-ins aside."""
    query = select(ItemFetch.fetch_id, func.count()).where(ItemFetch.position == 0).group_by(ItemFetch.fetch_id)
    found = (connection.execute(query.where(ItemFetch.fetch_id.in_(chunk))) for chunk in chunks(fetches))
    return {fetch: count for chunk in found for fetch, count in chunk}


def _mean(values: Iterable[int]) -> float:
    numbers = list(values)
    return sum(numbers) / max(1, len(numbers))
