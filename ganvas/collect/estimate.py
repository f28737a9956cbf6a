"""How long a collection takes: said before it starts, and while it goes on. `planned(pages, pictures, rate)`."""

from __future__ import annotations

import time
from collections import deque

from ganvas.counted import counted

WINDOW_S = 60.0


def planned(what: str, pages: int, pictures: int, rate_per_s: float | None, most: int | None, *, more: bool) -> str:
    """The line that a person reads before anything is fetched; `more`: its source has not named everything yet."""
    parts = []
    if pages:
        pace = "" if rate_per_s is None else f" at {rate_per_s:g} a second: {duration(pages / rate_per_s)}"
        names = "it names" if pages == 1 else "they name"
        parts.append(f"{counted(pages, 'page')} to ask for{pace}, and the pictures {names}")
    if pictures:
        parts.append(f"{counted(pictures, 'picture')} to fetch")
    if not parts and not more:
        return f"{what}: nothing is left to fetch"
    if more:
        parts.append("more as they are found")
    until = f", or until {counted(most, 'item has', 'items have')} pictures" if most is not None else ""
    return f"{what}: {', '.join(parts)}{until}; when stopped, the same command goes on"


def duration(seconds: float) -> str:
    """'28 h 10 min', '12 min', '40 s'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02} min" if hours < 100 else f"{hours / 24:,.0f} days"


class Pace:
    """How many came in the last minute; `left_s(n)` is what `n` more take at that pace."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self._total = 0

    def add(self, n: int) -> None:
        now = time.monotonic()
        self._total += n
        self._marks.append((now, self._total))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW_S:
            self._marks.popleft()

    @property
    def per_s(self) -> float:
        (begun, before), (now, after) = self._marks[0], (time.monotonic(), self._total)
        return (after - before) / max(now - begun, 1e-3)

    def left_s(self, n: int) -> float | None:
        return n / self.per_s if self.per_s > 0 else None
