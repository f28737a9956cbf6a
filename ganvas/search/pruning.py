"""Which trials end early: successive halving on the light judge's KID, as soon as a trial comes to a rung.

Rungs and the share that goes on are those of ASHA (Li et al. 2020, "A System for Massively Parallel Hyperparameter
Tuning", arXiv 1810.05934, algorithm 2). There a trial pauses at a rung until it is among the best 1/η there; here it
trains on unless it is not, once η trials have been there: nothing waits, and no machine is idle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ganvas.search.trial import Tick

ETA = 3
RUNGS = (1 / 9, 1 / 3)  # shares of the budget; before the first one differences are noise
SCORE = "kid"


def decide(
    ticks: Mapping[int, Sequence[Tick]], number: int, rungs: Sequence[float] = RUNGS, eta: int = ETA
) -> str | None:
    """Why a trial should end now, by the light judgements of all trials with the same budget; None to train on.

    Its KID at the highest rung it came to must be among the best 1/η of all that came there, or no farther from these
    than its own error. Fewer than η trials at a rung end nobody.
    """
    reached = [rung for rung in rungs if _at(ticks.get(number, ()), rung) is not None]
    if not reached:
        return None
    rung = max(reached)
    found = {other: tick for other, theirs in ticks.items() if (tick := _at(theirs, rung)) is not None}
    scores = sorted(tick.scores[SCORE] for tick in found.values())
    last_good = scores[max(1, len(scores) // eta) - 1]
    own = found[number]
    error = own.scores[f"{SCORE}_sd"] if _is_number(own, f"{SCORE}_sd") else 0.0
    if len(scores) < eta or own.scores[SCORE] - error <= last_good:
        return None
    place = scores.index(own.scores[SCORE]) + 1
    return (
        f"at {own.progress:.0%} of its budget KID×1000 was {1000 * own.scores[SCORE]:.0f}, {place} of {len(scores)} "
        f"that came so far; the best 1/{eta} had {1000 * last_good:.0f} or less"
    )


def _at(ticks: Sequence[Tick], rung: float) -> Tick | None:
    """The first judgement at a rung or after it; one that only came with the end of the budget decides nothing."""
    return next((t for t in ticks if rung <= t.progress + 1e-9 and t.progress < 1 and _is_number(t, SCORE)), None)


def _is_number(tick: Tick, score: str) -> bool:
    """Whether it has the score: a light judgement of broken pictures may be null or NaN."""
    value = tick.scores.get(score)
    return isinstance(value, int | float) and math.isfinite(value)
