"""Where numbers lie on a line, and which of them are written beside it: `Axis.of(values).share(3)`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

LOGARITHMIC_FROM = 20.0  # highest by lowest, from which on a line is drawn by powers
STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, by powers of ten where `logarithmic`."""

    low: float
    high: float
    logarithmic: bool = False

    @classmethod
    def of(cls, values: Iterable[float], *, room: float = 0.0) -> Axis:
        """One that holds every finite value, with a share of `room` beyond both ends. Without values, 0 to 1."""
        known = [float(value) for value in values if math.isfinite(value)]
        if not known:
            return cls(0.0, 1.0)
        low, high = min(known), max(known)
        if low > 0 and high / low >= LOGARITHMIC_FROM:
            wider = (high / low) ** room
            return cls(low / wider, high * wider, True)
        wider = room * (high - low) or (room * abs(low) or room)
        return cls(low - wider, high + wider)

    def share(self, value: float) -> float:
        """How far along it a value lies: 0 at the low end, 1 at the high one, kept within; the middle of one point."""
        if self.high == self.low:
            return 0.5
        value = min(max(value, self.low), self.high)
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int = 5) -> list[float]:
        """Round numbers on it, `most` of them at most; its ends where there is no round one between."""
        if self.high == self.low:
            return [self.low]
        found = self._powers(most) if self.logarithmic else self._steps(most)
        return found if len(found) >= 2 else [self.low, self.high]

    def _steps(self, most: int) -> list[float]:
        rough = (self.high - self.low) / max(1, most - 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = power * next(size for size in STEPS if size * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(count * step, 12) for count in range(first, last + 1)]

    def _powers(self, most: int) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for sizes in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
            powers = range(first, last + 1)
            found = [size * 10.0**power for power in powers for size in sizes]
            found = [value for value in found if self.low * (1 - 1e-9) <= value <= self.high * (1 + 1e-9)]
            if len(found) <= most:
                return found
        every = math.ceil(len(found) / most)
        return found[::every]
