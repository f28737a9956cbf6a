"""What a search would do, before it does: `forecast(studio, "vases", space, trials=40, budget="10m")`.

No trial is run. How long a number of images takes follows from earlier runs on the set; where there are none, a probe
trains for some seconds. The same is said when it runs: by then it is known how many trials run at a time, and how fast
if that was measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil
from pathlib import Path
from statistics import fmean
from typing import Any

from ganvas.budget import Budget, parse_budget
from ganvas.counted import counted
from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Progress, Silent
from ganvas.report.words import duration
from ganvas.search.asking import asked_for, planned
from ganvas.search.directions import MAIN_SCORE
from ganvas.search.earlier import ONE_A_GPU, earlier_rate
from ganvas.search.local import gpus_for
from ganvas.search.measuring import START_S, measure
from ganvas.search.samplers import make_sampler
from ganvas.search.space import Space, set_of, settings_of
from ganvas.search.trial import Point, TrialSpec
from ganvas.studio import StudioFolder
from ganvas.train.light_judge import cost_seconds
from ganvas.workers import processors

MOST_NAMED = 1000  # points that are named; of more only how many
MOST_ADDED_UP = 100_000  # points of a grid whose budgets are added up one by one
LIGHTLY = 1.05  # what light judgements add to a training, at most about a twentieth
FOLLOWS = "tpe"  # the sampler whose points follow from what earlier trials find
AS_ASKED, IF_FASTER = "as asked", "if measuring says that so many are quicker here"


@dataclass(frozen=True)
class Forecast:
    """`points` are the first that will be tried (all, if there are few and the sampler knows them beforehand).

    `budget` is in words: 10m, or `1k-images or 2k-images` where it is an axis. `seconds` is the time for all trials one
    after another, `seconds_together` with `at_a_time` beside each other, no less where they share the processors and
    nobody has measured what that gains; None where how fast they are is not known. `at_a_time` is how many run at most,
    and `why` says on what grounds. `basis` says where the speed is known from, if a budget is in images.
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
    why: str
    notes: list[str]
    basis: str = ""

    @property
    def count_said(self) -> str:
        """12 trials: 4 points under 3 seeds, of a grid of 4, 10m each."""
        grid = f", of a grid of {self.grid_count:,}" if self.grid_count is not None else ""
        seeds = f" under {self.repeat} seeds" if self.repeat > 1 else ""
        points = self.trials // self.repeat
        return f"{counted(self.trials, 'trial')}: {counted(points, 'point')}{seeds}{grid}, {self.budget} each"

    @property
    def time_said(self) -> str:
        """About how long, one after another and beside each other."""
        if self.seconds is None or self.seconds_together is None:
            return f"how long {self.budget} take shows when the search runs: its progress tells the time left"
        alone = f"about {duration(self.seconds)} one after another"
        if self.seconds_together >= self.seconds:
            return f"{alone}{self._less}"
        together = f"{duration(self.seconds_together)} with {self.at_a_time} at a time ({self.why})"
        return f"{alone}, {together}{self._less}"

    def left_said(self, left: int) -> str:
        """About how long so many trials take that are left, when it is known how many run at a time."""
        if self.seconds_together is None:
            return f"how long {self.budget} take is not known yet: the progress tells the time left"
        which = "" if left == self.trials else f" for the {left:,} that are left"
        how = "one after another" if self.at_a_time == 1 else f"with {self.at_a_time} at a time"
        return f"about {duration(self.seconds_together * left / self.trials)}{which}, {how}{self._less}"

    @property
    def _less(self) -> str:
        return ", less what is pruned" + (f" ({self.basis})" if self.basis else "")


@dataclass(frozen=True)
class Left:
    """So many trials, and about how long they take one after another; None where that is not known."""

    trials: int
    seconds: float | None = None


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
    progress: Progress | None = None,
    **_: Any,
) -> Forecast:
    """Raises InputError or SettingsError for what cannot be searched, as `search` does."""
    make_sampler(sampler, space, seed, score)
    options = {"set": set_name, "sampler": sampler, "budget": budget, "trials": trials, "repeat": repeat, "seed": seed}
    asked = asked_for(studio, space, options | {"judge_n": judge_n, "score": score})
    if jobs is not None and jobs < 1:
        raise InputError(f"{jobs} trials at a time never end: give 1 or more with --jobs")
    gpus = len(gpus_for(settings_of(make_sampler("random", space, 0, MAIN_SCORE).ask(1)[0])))
    why = AS_ASKED if jobs else ONE_A_GPU if gpus else IF_FASTER
    at_a_time = jobs or gpus or None
    plan = replace(foretold(studio, space, asked, at_a_time, apart=max(1, gpus)), why=why)
    if plan.seconds is not None:
        return plan
    (progress or Silent()).note("measuring for some seconds how fast a trial is here")
    try:
        rate = _measured(studio, space, asked, plan, at_a_time or 1)
    except InputError as error:  # trials of other points may start all the same
        return replace(plan, notes=[*plan.notes, str(error)])
    basis = f"at {rate:,.0f} images a second of a whole trial, as measured here for some seconds"
    plan = foretold(studio, space, asked, at_a_time or 1, (at_a_time or 1) * rate)
    return replace(plan, basis=basis, why=why)


def _measured(studio: StudioFolder, space: Space, asked: Mapping[str, Any], plan: Forecast, jobs: int) -> float:
    """Images a second of the first point's trial (or of one at random), alone with the threads that it would have."""
    (point,) = plan.points[:1] or make_sampler("random", space, 0, MAIN_SCORE).ask(1)
    settings = {"budget": asked["budget"], "seed": asked["seed"], **settings_of(point)}
    spec = TrialSpec(0, "probe", set_of(point, asked["set"]), settings, asked["judge_n"], 1)
    with tempfile.TemporaryDirectory(prefix="ganvas-") as scratch:
        return max(measure(studio, Path(scratch), spec, {1: max(1, processors() // jobs)}, plan.trials)[1])


def foretold(
    studio: StudioFolder,
    space: Space,
    asked: Mapping[str, Any],
    jobs: int | None = None,
    images_a_second: float | None = None,
    apart: int = 1,
) -> Forecast:
    """Of what was asked for and found to be possible; `images_a_second` is of all trials at a time together.

    So many have what they run on `apart`, a GPU or a place in a cluster: 1 where they share this machine's processors.
    """
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
    lasting = _lasting(studio, space, asked, count // repeat, points, rate)
    mean = fmean(one.seconds for one in lasting) if lasting else None
    by_earlier = any(one.by_earlier for one in lasting)
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
        seconds_together=None if mean is None else _together(lasting, count, at_a_time, apart),
        at_a_time=at_a_time,
        why=IF_FASTER if jobs is None else AS_ASKED,
        notes=notes,
        basis="by the speed of earlier runs on the set" if by_earlier else "",
    )


@dataclass(frozen=True)
class _Lasting:
    """What a trial takes: where earlier runs say so, with all of a GPU or of the processors; else beside the others."""

    seconds: float
    by_earlier: bool


def _together(lasting: Sequence[_Lasting], count: int, at_a_time: int, apart: int) -> float:
    """Of all, beside each other; what is known by earlier runs only so many as run `apart`."""
    beside: dict[int, list[float]] = {}
    for one in lasting:
        beside.setdefault(min(at_a_time, apart) if one.by_earlier else at_a_time, []).append(one.seconds)
    rounds = {jobs: ceil(count * len(each) / (len(lasting) * jobs)) for jobs, each in beside.items()}
    return max(*(one.seconds for one in lasting), sum(rounds[jobs] * fmean(each) for jobs, each in beside.items()), 0.0)


def _budgets(space: Space, asked: Mapping[str, Any]) -> list[str]:
    """Every budget that a trial may have."""
    parts = [{axis.name: axis for axis in part} for part in space.parts]
    own = [part["budget"].values or () if "budget" in part else (asked["budget"],) for part in parts]
    return list(dict.fromkeys(str(value or asked["budget"]) for values in own for value in values))


def _lasting(
    studio: StudioFolder,
    space: Space,
    asked: Mapping[str, Any],
    count: int,
    points: Sequence[Point],
    rate: float | None,
) -> list[_Lasting]:
    """About what trials take, of each point or of a fair sample of them; empty where that of any is not known."""
    if len(_budgets(space, asked)) == 1 and len(space.sets()) < 2:
        points = points[:1] or [{}]
    elif asked["sampler"] == "grid":  # the first thousand may all have the budget that comes first
        points = list(islice(space.points(), min(count, MOST_ADDED_UP)))
    elif not points:  # nobody knows them yet: about as random ones are
        points = make_sampler("random", space, 0, MAIN_SCORE).ask(min(count, MOST_NAMED))
    sizes = {name: len(PackedSet.open(studio.sets / name).train) for name in space.sets() or [asked["set"]]}
    found: dict[tuple[str, str], _Lasting | None] = {}
    earlier: dict[str, float | None] = {}
    for point in points:
        budget, name = str(point.get("budget") or asked["budget"]), set_of(point, asked["set"])
        if (budget, name) not in found:
            size = sizes.get(name) or len(PackedSet.open(studio.sets / name).train)
            amount = parse_budget(budget, size)
            by_earlier = amount.kind == "images" and rate is None
            if by_earlier and name not in earlier:
                earlier[name] = earlier_rate(studio, name)
            seconds = _seconds(amount, asked["judge_n"], rate, earlier.get(name))
            found[budget, name] = None if seconds is None else _Lasting(seconds, by_earlier)
    each = [found[str(p.get("budget") or asked["budget"]), set_of(p, asked["set"])] for p in points]
    known = [one for one in each if one is not None]
    return known if len(known) == len(each) else []


def _seconds(budget: Budget, judge_n: int, rate: float | None, trained: float | None) -> float | None:
    """Of one trial, about. The budget counts training steps only, as the rate of an earlier run does (`trained`); a
    measured `rate` counts all that a trial does.
    """
    seconds = budget.amount
    if budget.kind == "images":
        if rate is not None:
            return budget.amount / rate
        if trained is None:
            return None
        seconds = budget.amount / trained
    return seconds * LIGHTLY + START_S + 2 * cost_seconds(judge_n)
