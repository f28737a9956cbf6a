"""What a search would do, before it does: `forecast(space, packed, trials=40, budget="10m")`. Nothing is run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from ganvas.budget import parse_budget
from ganvas.errors import InputError, SettingsError
from ganvas.search.asking import planned
from ganvas.search.directions import MAIN_SCORE
from ganvas.search.samplers import make_sampler
from ganvas.search.trial import Point
from ganvas.train.light_judge import cost_seconds
from ganvas.workers import processors

if TYPE_CHECKING:
    from ganvas.pictures.packed import PackedSet
    from ganvas.search.space import Space

MOST_NAMED = 1000  # points that are named; of more only how many
START_S = 6.0  # of a trial's process: imports, networks, the encoder (about, on two cores)
LIGHTLY = 1.05  # what light judgements add to a training, at most about a twentieth
FOLLOWS = "tpe"  # the sampler whose points follow from what earlier trials find


@dataclass(frozen=True)
class Forecast:
    """`points` are the first that will be tried (all, if there are few and the sampler knows them beforehand).

    `seconds` is the time for all trials one after another, None where the budget is a number of images; `at_a_time`
    how many run beside each other at most, and whether that was asked for.
    """

    trials: int
    repeat: int
    points: list[Point]
    grid_count: int | None
    budget: str
    seconds_a_trial: float | None
    seconds: float | None
    at_a_time: int
    as_asked: bool
    notes: list[str]


def forecast(
    space: Space,
    packed: PackedSet,
    *,
    sampler: str = "grid",
    trials: int | None = None,
    budget: str = "10m",
    jobs: int | None = None,
    repeat: int = 1,
    judge_n: int = 1000,
    score: str = MAIN_SCORE,
    seed: int = 0,
    **_: Any,
) -> Forecast:
    """Raises InputError or SettingsError for what cannot be searched, as `search` does."""
    proposer = make_sampler(sampler, space, seed, score)
    if repeat < 1 or (trials is not None and trials < repeat):
        raise InputError(f"{trials} trials do not hold one point under {repeat} seeds: give more --trials")
    count = _planned(space, sampler, trials, repeat)
    known = 0 if sampler == FOLLOWS else min(count // repeat, MOST_NAMED)
    points = list(islice(space.points(), known)) if sampler == "grid" else proposer.ask(known)
    if sampler != "grid" and len(points) < known:
        count = len(points) * repeat  # the space holds no more
    seconds = _seconds(budget, packed, judge_n)
    notes = list(space.notes())
    if sampler == FOLLOWS:
        notes.append("which points come is not known beforehand: each follows from what earlier trials find")
    return Forecast(
        trials=count,
        repeat=repeat,
        points=points,
        grid_count=space.count(),
        budget=budget,
        seconds_a_trial=seconds,
        seconds=None if seconds is None else seconds * count,
        at_a_time=jobs or min(processors(), max(1, count)),
        as_asked=jobs is not None,
        notes=notes,
    )


def _planned(space: Space, sampler: str, trials: int | None, repeat: int) -> int:
    count = planned(space, {"sampler": sampler, "trials": trials, "repeat": repeat})
    if count is None:
        raise SettingsError(f"a {sampler} search never comes to an end: say how many trials with --trials")
    return count


def _seconds(budget: str, packed: PackedSet, judge_n: int) -> float | None:
    """Of one trial, about: the budget counts training steps only."""
    amount = parse_budget(budget, len(packed.train))
    if amount.kind != "seconds":
        return None
    return amount.amount * LIGHTLY + START_S + 2 * cost_seconds(judge_n)
