"""How a collection goes, told while it goes on: counts of this call, the pace, what is left and for how long."""

from __future__ import annotations

import time

from ganvas.catalog import Catalog
from ganvas.catalog.fetch_records import DONE, LEASED, WAITING, Finished
from ganvas.collect.estimate import Pace, duration
from ganvas.progress import Task

LOOK_EVERY_S = 5.0
SHARE = 50  # counting a large catalog takes part of a second: at most a 50th of the time goes into it


class Headway:
    """`count` what is finished, `look` what is left, `say` both on the task."""

    def __init__(self, catalog: Catalog, collection_id: int) -> None:
        self.task: Task | None = None
        self.pictures = 0
        self.failed = 0
        self.bytes = 0
        self._catalog = catalog
        self._collection_id = collection_id
        self._pace = Pace()
        self._left = 0
        self._looked, self._took = 0.0, 0.0
        self._untold = 0

    def count(self, finished: Finished) -> None:
        if finished.state == WAITING:
            return
        self._pace.add(1)
        if finished.state != DONE:
            self.failed += 1
        elif finished.image is not None or finished.reused:
            self.pictures += 1
            self._untold += 1
            self.bytes += finished.bytes or 0

    def look(self) -> None:
        """Count what is left, now and then. In the catalog's thread."""
        now = time.monotonic()
        if self.task is not None and now - self._looked > max(LOOK_EVERY_S, SHARE * self._took):
            self._count_left()
            self._looked, self._took = now, time.monotonic() - now

    def say(self, cooling: dict[str, float]) -> None:
        if self.task is None:
            return
        self.task.describe(self._line(cooling))
        self.task.advance(self._untold)
        self._untold = 0

    def _count_left(self) -> None:
        counts = self._catalog.fetch_counts(self._collection_id).get(self._collection_id, {})
        self._left = sum(states.get(WAITING, 0) + states.get(LEASED, 0) for states in counts.values())

    def _line(self, cooling: dict[str, float]) -> str:
        parts = [f"{self.pictures:,} pictures ({self.bytes / 2**20:,.0f} MiB), {self._pace.per_s:,.1f} fetches/s"]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self._left:
            left_s = self._pace.left_s(self._left)
            parts.append(f"{self._left:,} left" + (f", {duration(left_s)}" if left_s is not None else ""))
        if cooling:
            host, until = max(cooling.items(), key=lambda pause: pause[1])
            parts.append(f"{host} is left alone until {time.strftime('%H:%M:%S', time.localtime(until))}")
        return "; ".join(parts)
