"""The queue of fetches: what is wanted, who is at it, what became of it. Several processes may share one.

What is found goes through wanting.py, what is given out through leasing.py, what came of it through outcomes.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import Float, bindparam, case, func, select, update

from ganvas.catalog.database import LEASE_LOCK, Database
from ganvas.catalog.fetch_records import LEASED, WAITING, Finished, Leased
from ganvas.catalog.forgetting import check_not_forgotten, label_of
from ganvas.catalog.leasing import BACK, back, leases, take
from ganvas.catalog.outcomes import Outcomes
from ganvas.catalog.schema import Fetch, Host
from ganvas.catalog.sound import Unsound, sound
from ganvas.catalog.wanted import Item, Page
from ganvas.catalog.wanting import PLACE, Wanting
from ganvas.errors import InputError


class QueueQueries(Database):
    """What of a Catalog concerns fetches under way."""

    def want(
        self,
        collection_id: int,
        source: str,
        found: Iterable[Page | Item],
        line: Literal["in order", "mixed"] = "in order",
    ) -> int:
        """Record pages and items, with a fetch for each address; what is known already stays. Returns new fetches.

        One transaction. `line` is how pictures wait: in the order of finding, or mixed, so that hosts alternate. An
        item found again takes what is said of it now and keeps its pictures. A list page that is done waits again.
        Raises InputError where the collection was forgotten, and, what was found before being recorded, where the
        source named what cannot be kept.
        """
        pieces, unsound = _sound(found)
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            self.look_up_by_index(connection)
            label = label_of(connection, collection_id)
            wanting = Wanting(self, connection, collection_id, label, source, mixed=line == "mixed")
            new = wanting.record(pieces)
            wanting.ask_lists_again(pieces)
        if unsound is not None:
            raise InputError(f"source {source} named what cannot be kept: {unsound}; whoever wrote it can mend that")
        return new

    def lease(
        self, collection_id: int, worker: str, n: int, kinds: Sequence[str], now: float, until: float
    ) -> list[Leased]:
        """The next `n` fetches that wait, now this worker's until `until`. No other worker gets them till then.

        Leases that ended are waiting again. Passed over: addresses that a worker has leased for another collection.
        Raises InputError where the collection was forgotten.
        """
        with self.session(write=True) as connection:
            self.one_at_a_time(connection, LEASE_LOCK)  # or two might take one address for two collections
            self.look_up_by_index(connection)
            check_not_forgotten(connection, collection_id)
            return take(connection, collection_id, worker, n, kinds, now, until)

    def renew(self, worker: str, until: float) -> None:
        """Make this worker's leases longer."""
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            self.look_up_by_index(connection)
            longer = update(Fetch).where(leases(connection, worker))
            connection.execute(longer.values(leased_until=until, next_try=until))

    def give_back(self, worker: str, fetches: Iterable[tuple[int, float]]) -> None:
        """Set leased fetches back to waiting: (id, next_try) each."""
        rows = [{"fetch": id, "at": next_try} for id, next_try in fetches]
        table: Any = Fetch.__table__
        at = bindparam("at", type_=Float)
        place = case((at < 1, table.c.id * PLACE), else_=at)
        own = (table.c.id == bindparam("fetch")) & (table.c.leased_by == worker)
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            if rows:
                connection.execute(update(table).where(own).values(next_try=place, **BACK), rows)

    def give_all_back(self, worker: str) -> int:
        """Set everything that a worker (of this process, or one that died) has leased back to waiting."""
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            self.look_up_by_index(connection)
            return connection.execute(back(leases(connection, worker))).rowcount

    def workers(self) -> set[str]:
        """Who has anything leased."""
        with self.session() as connection:
            self.look_up_by_index(connection)
            query = select(Fetch.leased_by).where(leases(connection)).distinct()
            return {worker for worker in connection.scalars(query) if worker is not None}

    def finish(self, collection_id: int, source: str, worker: str, finished: Sequence[Finished]) -> None:
        """Record outcomes in one transaction: rows, images with their items, bodies, what pages named, thumbnails.

        A fetch that is no longer this worker's is left as it is; its image is kept all the same. Of one that is no
        longer this collection's no row is kept: the collection was forgotten, and its items with it. An original that
        was stored before lies in images/ without a row, until a picture of the same bytes is had.
        """
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            self.look_up_by_index(connection)
            Outcomes(self, connection, collection_id, source, worker).record(finished)

    def next_try(self, collection_id: int, kinds: Sequence[str]) -> float | None:
        """The earliest next_try of what waits or is leased (then the lease's end); None where nothing is left to do."""
        first = [
            select(func.min(Fetch.next_try))
            .where(Fetch.collection_id == collection_id, Fetch.kind == kind, Fetch.state == state)
            .scalar_subquery()
            for kind in kinds
            for state in (WAITING, LEASED)
        ]
        with self.session() as connection:
            self.look_up_by_index(connection)
            times = connection.execute(select(*first)).one() if first else ()
            return min((time for time in times if time is not None), default=None)

    def cool_host(self, host: str, until: float, reason: str) -> None:
        """Note that a host asked for a pause."""
        statement = self.insert(Host)
        new = statement.excluded
        longer = new.cool_until > Host.cool_until
        changes = {
            "cool_until": case((longer, new.cool_until), else_=Host.cool_until),
            "reason": case((longer, new.reason), else_=Host.reason),
        }
        statement = statement.on_conflict_do_update(index_elements=["host"], set_=changes)
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            connection.execute(statement, {"host": host, "cool_until": until, "reason": reason})

    def cool_hosts(self, now: float) -> dict[str, float]:
        """Hosts that are to be left alone, and until when."""
        query = select(Host.host, Host.cool_until).where(Host.cool_until > now)
        with self.session() as connection:
            return dict(connection.execute(query).all())


def _sound(found: Iterable[Page | Item]) -> tuple[list[Page | Item], Unsound | None]:
    """What can be kept, up to the first that cannot, and what is wrong with that one."""
    pieces: list[Page | Item] = []
    for one in found:
        try:
            pieces.append(sound(one))
        except Unsound as error:
            return pieces, error
    return pieces, None
