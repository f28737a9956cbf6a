"""Which way a score is better: KID, FD and copies are to be low, all the others high."""

from __future__ import annotations

import math

from ganvas.scores.shown import LOWER_IS_BETTER

MAIN_SCORE = "kid"


def lower_is_better(score: str) -> bool:
    """Whether less of this score, by its name in a scorecard, is the better picture."""
    return score in LOWER_IS_BETTER


def loss_of(score: str, value: float | None) -> float:
    """The value such that lower is better; NaN where there is none."""
    if value is None or not math.isfinite(value):
        return math.nan
    return value if lower_is_better(score) else -value
