"""What this collector has leased, in two lanes: pages with lists, and pictures, as these are of different hosts."""

from __future__ import annotations

import time
from collections import Counter

from ganvas.catalog.fetch_records import Leased
from ganvas.catalog.wanted import LIST, PAGE, PICTURE

LANE_OF = {LIST: PAGE, PAGE: PAGE, PICTURE: PICTURE}
MOST = {PAGE: 64, PICTURE: 1024}
LOOK_EVERY_S = 1.0  # whether another collector has left something


class Lanes:
    """Counts, and when it is worth asking the catalog for more."""

    def __init__(self) -> None:
        self._lanes: dict[int, str] = {}
        self._counts: Counter[str] = Counter()
        self._nothing_until = dict.fromkeys(MOST, 0.0)

    def room(self, lane: str, most: int) -> int:
        """How many to lease now: 0 until half of the lane is free, and for a while after there was nothing."""
        most = min(most, MOST[lane])
        free = most - self._counts[lane]
        return free if free >= (most + 1) // 2 and time.monotonic() >= self._nothing_until[lane] else 0

    def was_empty(self, lane: str) -> None:
        """Nothing waited in the catalog."""
        self._nothing_until[lane] = time.monotonic() + LOOK_EVERY_S

    def something_waits(self) -> None:
        """Something may wait now. From any thread."""
        self._nothing_until = dict.fromkeys(MOST, 0.0)

    def add(self, leased: Leased) -> None:
        lane = LANE_OF[leased.kind]
        self._lanes[leased.id] = lane
        self._counts[lane] += 1

    def remove(self, id: int) -> None:
        """One that has ended, or was given back; also one that was removed before."""
        if (lane := self._lanes.pop(id, None)) is not None:
            self._counts[lane] -= 1

    def lane_of(self, id: int) -> str | None:
        return self._lanes.get(id)

    def count(self, lane: str) -> int:
        return self._counts[lane]
