"""Points become trials, one a seed: `plan_trials("vases-search", points, repeat=3)`; those of a point are a group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from ganvas.search.samplers import Sampler
from ganvas.search.trial import ENDED, FAILED, FINISHED, PRUNED, RUNNING, STOPPED, WAITING, Point, Trial


def plan_trials(
    search: str, points: Iterable[Point], repeat: int = 1, seed: int = 0, so_far: Sequence[Trial] = ()
) -> list[Trial]:
    """New trials of these points, numbered after those there are; every point has the same `repeat` seeds."""
    number = max((trial.number for trial in so_far), default=-1) + 1
    group = max((trial.group for trial in so_far), default=-1) + 1
    trials = []
    for point in points:
        for i in range(repeat):
            trials.append(Trial(number, group, point, seed + i, f"{search}-{number:03d}"))
            number += 1
        group += 1
    return trials


@dataclass(frozen=True)
class Group:
    """The trials of one point."""

    number: int
    point: Point
    trials: tuple[Trial, ...]

    @property
    def ended(self) -> bool:
        return all(trial.state in ENDED for trial in self.trials)

    @property
    def finished(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.state == FINISHED]

    @property
    def unfinished(self) -> int:
        """How many seeds have no score: a mean over those that went well is none beside one over all."""
        return len(self.trials) - len(self.finished)

    @property
    def state(self) -> str:
        """Of all trials together: at work until all have ended, finished where one is."""
        states = {trial.state for trial in self.trials}
        if not self.ended:
            return WAITING if states == {WAITING} else RUNNING
        return next(state for state in (FINISHED, PRUNED, STOPPED, FAILED) if state in states)

    @property
    def reason(self) -> str | None:
        """Why trials ended that did not finish; how many, where others did."""
        reasons = list(dict.fromkeys(trial.reason for trial in self.trials if trial.reason))
        if len(self.trials) == 1 or not reasons:
            return reasons[0] if reasons else None
        seeds = len(self.trials)
        return "; ".join(f"{sum(t.reason == why for t in self.trials)} of {seeds} seeds: {why}" for why in reasons)

    def score(self, name: str) -> float | None:
        """The mean over the seeds that finished; where none did, over what the others last had."""
        if not self.finished:
            return _mean(
                trial.scores.get(name, trial.light.get(name))
                for trial in self.trials
                if trial.state in (PRUNED, STOPPED)
            )
        return _mean(trial.scores.get(name) for trial in self.finished)


def groups_of(trials: Iterable[Trial]) -> list[Group]:
    """By their number, each with its trials by theirs."""
    found: dict[int, list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.number):
        found.setdefault(trial.group, []).append(trial)
    return [Group(number, found[number][0].point, tuple(found[number])) for number in sorted(found)]


def tell(sampler: Sampler, group: Group) -> None:
    """Tell the sampler of a point once all its trials have ended; before that, that it was asked for.

    One of which only some seeds finished is told as pruned, after as many images as its seeds had on average.
    """
    sampler.recall(group.point)
    if group.ended:
        images = round(fmean(trial.images for trial in group.trials))
        state = PRUNED if group.finished and group.unfinished else group.state
        sampler.tell(group.point, group.score(sampler.score), state, images)


def recall(sampler: Sampler, trials: Iterable[Trial]) -> None:
    """Tell a new sampler all that is recorded: it goes on as the one did that asked for these trials."""
    for group in groups_of(trials):
        tell(sampler, group)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None and value == value]
    return fmean(known) if known else None
