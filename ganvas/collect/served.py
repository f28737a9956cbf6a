"""How many items of a collection have a picture that is there or still may come: what a limit counts.

Counting them in a large catalog takes a part of a second, so between two counts what is new is added up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ganvas.catalog.wanted import Item, Page

SHARE = 50  # of the time, at most a 50th goes into counting
NO_LIMIT = 2**62


class Served:
    """`room` is how many more are wanted, by the last count and what came since."""

    def __init__(self, most: int | None, count: Callable[[], int]) -> None:
        self.most = most
        self._count = count
        self._served = 0
        self._again_at = 0.0
        self._lock = threading.Lock()  # what is added during a count, which may be without it, is added to it

    @property
    def room(self) -> int:
        return NO_LIMIT if self.most is None else max(0, self.most - self._served)

    def add(self, found: Sequence[Page | Item], new_fetches: int) -> None:
        """Items that were recorded, of which so many addresses are new."""
        with self._lock:
            self._served += min(new_fetches, with_pictures(found))

    def recount(self, now_at_all_costs: bool = False) -> None:
        """In a thread that may wait for the catalog."""
        begun = time.monotonic()
        if self.most is None or (begun < self._again_at and not now_at_all_costs):
            return
        with self._lock:
            self._served = self._count()
        self._again_at = time.monotonic() + SHARE * (time.monotonic() - begun)


def with_pictures(found: Sequence[Page | Item]) -> int:
    """How many of them are items with pictures."""
    return sum(isinstance(one, Item) and bool(one.pictures) for one in found)
