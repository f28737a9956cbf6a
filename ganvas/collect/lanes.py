"""What this collector has leased, in two lanes: pages with lists, and pictures, as these are of different hosts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from ganvas.catalog.fetch_records import Leased
from ganvas.catalog.wanted import LIST, PAGE, PICTURE

LANE_OF = {LIST: PAGE, PAGE: PAGE, PICTURE: PICTURE}
MOST = {PAGE: 64, PICTURE: 1024}
FIRST = 64  # pictures, doubled each time: bytes that a source gave come with the lease
LARGE_BYTES = 2**16
LOOK_EVERY_S = 1.0  # whether another collector has left something


class Lanes:
    """Counts, and when it is worth asking the catalog for more."""

    def __init__(self) -> None:
        self._lanes: dict[int, str] = {}
        self._counts: Counter[str] = Counter()
        self._nothing_until = dict.fromkeys(MOST, 0.0)
        self._pictures = FIRST

    def room(self, lane: str, most: int) -> int:
        """How many to lease now: 0 until half of the lane is free, and for a while after there was nothing."""
        most = min(most, self._pictures if lane == PICTURE else MOST[lane])
        free = most - self._counts[lane]
        return free if free >= (most + 1) // 2 and time.monotonic() >= self._nothing_until[lane] else 0

    def got(self, lane: str, leased: Sequence[Leased]) -> None:
        """What the catalog gave: nothing, and it is left alone for a while; large bodies, and fewer are leased."""
        if not leased:
            self._nothing_until[lane] = time.monotonic() + LOOK_EVERY_S
        elif lane == PICTURE:
            held = sum(len(one.data or b"") for one in leased)
            self._pictures = FIRST if held > LARGE_BYTES * len(leased) else min(2 * self._pictures, MOST[PICTURE])

    def something_waits(self) -> None:
        """Something may wait now. From any thread."""
        self._nothing_until = dict.fromkeys(MOST, 0.0)

    def add(self, leased: Leased) -> bool:
        """False where it is here already."""
        if leased.id in self._lanes:
            return False
        lane = LANE_OF[leased.kind]
        self._lanes[leased.id] = lane
        self._counts[lane] += 1
        return True

    def remove(self, id: int) -> None:
        """One that has ended, or was given back; also one that was removed before."""
        if (lane := self._lanes.pop(id, None)) is not None:
            self._counts[lane] -= 1

    def lane_of(self, id: int) -> str | None:
        return self._lanes.get(id)

    def count(self, lane: str) -> int:
        return self._counts[lane]
