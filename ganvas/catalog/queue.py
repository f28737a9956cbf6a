"""The queue of fetches: what is wanted, who is at it, what became of it. Several processes may share one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from ganvas.catalog.database import Database
from ganvas.catalog.fetch_records import Finished, Leased
from ganvas.catalog.wanted import Item, Page


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
        """
        raise NotImplementedError

    def lease(
        self, collection_id: int, worker: str, n: int, kinds: Sequence[str], now: float, until: float
    ) -> list[Leased]:
        """The next `n` fetches that wait, now this worker's until `until`. No other worker gets them till then.

        Leases that ended are waiting again. Passed over: addresses that a worker has leased for another collection.
        """
        raise NotImplementedError

    def renew(self, worker: str, until: float) -> None:
        """Make this worker's leases longer."""
        raise NotImplementedError

    def give_back(self, worker: str, fetches: Iterable[tuple[int, float]]) -> None:
        """Set leased fetches back to waiting: (id, next_try) each."""
        raise NotImplementedError

    def give_all_back(self, worker: str) -> int:
        """Set everything that a worker (of this process, or one that died) has leased back to waiting."""
        raise NotImplementedError

    def workers(self) -> set[str]:
        """Who has anything leased."""
        raise NotImplementedError

    def finish(self, source: str, worker: str, finished: Sequence[Finished]) -> None:
        """Record outcomes in one transaction: rows, images with their items, bodies, what pages named, thumbnails.

        A fetch that is no longer this worker's is left as it is; its image is kept all the same.
        """
        raise NotImplementedError

    def next_try(self, collection_id: int, kinds: Sequence[str]) -> float | None:
        """The earliest next_try of what waits or is leased; None where nothing is left to do."""
        raise NotImplementedError

    def cool_host(self, host: str, until: float, reason: str) -> None:
        """Note that a host asked for a pause."""
        raise NotImplementedError

    def cool_hosts(self, now: float) -> dict[str, float]:
        """Hosts that are to be left alone, and until when."""
        raise NotImplementedError
