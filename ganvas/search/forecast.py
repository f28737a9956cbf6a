"""What a search would do, before it does: `forecast(studio, "vases", space, trials=40, budget="10m")`. Nothing is run.

The same is said when it runs: by then it is known how many trials run at a time, and how fast if that was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from statistics import fmean
from typing import Any

from ganvas.budget import parse_budget
from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet
from ganvas.report.words import duration
from ganvas.search.asking import asked_for, planned
from ganvas.search.directions import MAIN_SCORE
from ganvas.search.samplers import make_sampler
from ganvas.search.space import Space, set_of
from ganvas.search.trial import Point
from ganvas.studio import StudioFolder
from ganvas.train.light_judge import cost_seconds
from ganvas.workers import processors

MOST_NAMED = 1000  # points that are named; of more only how many
MOST_ADDED_UP = 100_000  # points of a grid whose budgets are added up one by one
START_S = 6.0  # of a trial's process: imports, networks, the encoder (about, on two cores)
LIGHTLY = 1.05  # what light judgements add to a training, at most about a twentieth
FOLLOWS = "tpe"  # the sampler whose points follow from what earlier trials find


@dataclass(frozen=True)
class Forecast:
    """`points` are the first that will be tried (all, if there are few and the sampler knows them beforehand).

    `budget` is in words: 10m, or `1k-images or 2k-images` where it is an axis. `seconds` is the time for all trials one
    after another, `seconds_together` with `at_a_time` beside each other; None where how fast they are is not known, as
    with a number of images that was not measured. `at_a_time` is how many run at most, and `as_asked` whether that
    was asked for.
    """

    trials: int
    repeat: int
    points: list[Point]
    grid_count: int | None
    budget: str
    seconds_a_trial: float | None
    seconds: float | None
    seconds_together: float | None
    at_a_time: int
    as_asked: bool
    notes: list[str]

    @property
    def count_said(self) -> str:
        """12 trials: 4 points under 3 seeds, of a grid of 4, 10m each."""
        grid = f", of a grid of {self.grid_count:,}" if self.grid_count is not None else ""
        seeds = f" under {self.repeat} seeds" if self.repeat > 1 else ""
        points = self.trials // self.repeat
        trials = f"{self.trials:,} trial{'' if self.trials == 1 else 's'}"
        return f"{trials}: {points:,} point{'' if points == 1 else 's'}{seeds}{grid}, {self.budget} each"

    @property
    def time_said(self) -> str:
        """About how long, one after another and beside each other."""
        if self.seconds is None or self.seconds_together is None:
            return f"how long {self.budget} take shows when the search runs: its progress tells the time left"
        alone = f"about {duration(self.seconds)} one after another"
        if self.at_a_time == 1:
            return f"{alone}, less what is pruned"
        how = "as asked" if self.as_asked else "if measuring says that so many are quicker here"
        together = f"{duration(self.seconds_together)} with {self.at_a_time} at a time ({how})"
        return f"{alone}, {together}, less what is pruned"

    def left_said(self, left: int) -> str:
        """About how long so many trials take that are left, when it is known how many run at a time."""
        if self.seconds_together is None:
            return f"how long {self.budget} take is not known yet: the progress tells the time left"
        which = "" if left == self.trials else f" for the {left:,} that are left"
        how = "one after another" if self.at_a_time == 1 else f"with {self.at_a_time} at a time"
        return f"about {duration(self.seconds_together * left / self.trials)}{which}, {how}, less what is pruned"


def forecast(
    studio: StudioFolder,
    set_name: str,
    space: Space,
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
    make_sampler(sampler, space, seed, score)
    options = {"set": set_name, "sampler": sampler, "budget": budget, "trials": trials, "repeat": repeat, "seed": seed}
    asked = asked_for(studio, space, options | {"judge_n": judge_n, "score": score})
    if jobs is not None and jobs < 1:
        raise InputError(f"{jobs} trials at a time never end: give 1 or more with --jobs")
    return foretold(studio, space, asked, jobs)


def foretold(
    studio: StudioFolder,
    space: Space,
    asked: Mapping[str, Any],
    jobs: int | None = None,
    images_a_second: float | None = None,
) -> Forecast:
    """Of what was asked for and found to be possible; `images_a_second` is of all trials at a time together."""
    sampler, repeat = str(asked["sampler"]), int(asked["repeat"])
    proposer = make_sampler(sampler, space, asked["seed"], asked["score"])
    count = planned(space, asked)
    assert count is not None  # asked_for refuses what never ends
    known = 0 if sampler == FOLLOWS else min(count // repeat, MOST_NAMED)
    points = list(islice(space.points(), known)) if sampler == "grid" else proposer.ask(known)
    if sampler not in ("grid", FOLLOWS) and len(points) < known:
        count = len(points) * repeat  # the space holds no more
    at_a_time = jobs or min(processors(), max(1, count))
    rate = None if images_a_second is None else images_a_second / at_a_time
    each = _seconds_each(studio, space, asked, count // repeat, points, rate)
    mean = fmean(each) if each else None
    notes = list(space.notes())
    if sampler == FOLLOWS:
        notes.append("which points come is not known beforehand: each follows from what earlier trials find")
    return Forecast(
        trials=count,
        repeat=repeat,
        points=points,
        grid_count=space.count(),
        budget=" or ".join(_budgets(space, asked)),
        seconds_a_trial=mean,
        seconds=None if mean is None else mean * count,
        seconds_together=None if mean is None else max(*each, ceil(count / at_a_time) * mean, 0.0),
        at_a_time=at_a_time,
        as_asked=jobs is not None,
        notes=notes,
    )


def _budgets(space: Space, asked: Mapping[str, Any]) -> list[str]:
    """Every budget that a trial may have."""
    parts = [{axis.name: axis for axis in part} for part in space.parts]
    own = [part["budget"].values or () if "budget" in part else (asked["budget"],) for part in parts]
    return list(dict.fromkeys(str(value or asked["budget"]) for values in own for value in values))


def _seconds_each(
    studio: StudioFolder,
    space: Space,
    asked: Mapping[str, Any],
    count: int,
    points: Sequence[Point],
    rate: float | None,
) -> list[float]:
    """About what trials take, of each point or of a fair sample of them; empty where that of any is not known."""
    if len(_budgets(space, asked)) == 1 and len(space.sets()) < 2:
        points = points[:1] or [{}]
    elif asked["sampler"] == "grid":  # the first thousand may all have the budget that comes first
        points = list(islice(space.points(), min(count, MOST_ADDED_UP)))
    elif not points:  # nobody knows them yet: about as random ones are
        points = make_sampler("random", space, 0, MAIN_SCORE).ask(min(count, MOST_NAMED))
    sizes = {name: len(PackedSet.open(studio.sets / name).train) for name in space.sets() or [asked["set"]]}
    found = {}
    for point in points:
        budget, name = str(point.get("budget") or asked["budget"]), set_of(point, asked["set"])
        if (budget, name) not in found:
            size = sizes.get(name) or len(PackedSet.open(studio.sets / name).train)
            found[budget, name] = _seconds(budget, size, asked["judge_n"], rate)
    each = [found[str(p.get("budget") or asked["budget"]), set_of(p, asked["set"])] for p in points]
    known = [seconds for seconds in each if seconds is not None]
    return known if len(known) == len(each) else []


def _seconds(budget: str, images_per_epoch: int, judge_n: int, rate: float | None) -> float | None:
    """Of one trial, about: the budget counts training steps only, and a measured rate all that a trial does."""
    amount = parse_budget(budget, images_per_epoch)
    if amount.kind == "images":
        return None if rate is None else amount.amount / rate
    return amount.amount * LIGHTLY + START_S + 2 * cost_seconds(judge_n)
