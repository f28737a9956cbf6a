"""How a search stands, in a line: what has ended, what runs and how far it is, the best so far."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from ganvas.counted import counted
from ganvas.progress import Task
from ganvas.search.axes import Axis
from ganvas.search.directions import loss_of
from ganvas.search.space import SET, Space
from ganvas.search.table import best_groups, best_trial
from ganvas.search.trial import ENDED, FINISHED, Tick, Trial

SHOWN = 4  # running trials by name; of more only how many


class Standing:
    """Tells one bar, which counts trials, and the share of each that runs."""

    def __init__(self, name: str, total: int | None, score: str, varied: Collection[str]) -> None:
        self._name, self._total, self._score, self._varied = name, total, score, varied
        self._told = 0.0

    def show(
        self,
        bar: Task,
        trials: Mapping[int, Trial],
        active: Collection[int],
        ticks: Mapping[int, Sequence[Tick]],
    ) -> None:
        ended = sum(trial.state in ENDED for trial in trials.values())
        shares = {number: ticks[number][-1].progress if ticks.get(number) else 0.0 for number in sorted(active)}
        bar.describe(" · ".join(self._parts(trials, ended, shares)))
        done = ended + sum(share for number, share in shares.items() if trials[number].state not in ENDED)
        bar.advance(max(0.0, done - self._told))
        self._told = max(done, self._told)

    def said(self, trial: Trial) -> str:
        """A line for a trial that has just ended."""
        point = ", ".join(f"{name}={value}" for name, value in trial.point.items() if name in self._varied)
        is_scored = trial.state == FINISHED and self._is_number(trial.scores.get(self._score))
        scored = f", {self._shown(trial.scores[self._score])}" if is_scored else ""
        reason = f": {trial.reason}" if trial.reason else ""
        point = f" ({point}, seed {trial.seed})" if point else f" (seed {trial.seed})"
        return f"{trial.run}{point} {trial.state}{scored}, {trial.seconds:,.0f} s{reason}"

    def said_at_end(self, trials: Collection[Trial]) -> str:
        counts = Counter(trial.state for trial in trials)
        states = ", ".join(f"{count} {state}" for state, count in counts.items())
        told = [f"the best{of_set} is {best.run} with {scored}" for of_set, best, scored in self._bests(trials)]
        found = f"; {', '.join(told) or 'none could be judged'}"
        return f"search {self._name}: {counted(len(trials), 'trial')}, {states or 'nothing to try'}{found}"

    def _parts(self, trials: Mapping[int, Trial], ended: int, shares: Mapping[int, float]) -> list[str]:
        parts = [f"{ended} of {self._total or 'many'} ended"]
        if 0 < len(shares) <= SHOWN:
            parts.append("running " + ", ".join(f"{number} {at(share)}" for number, share in shares.items()))
        elif shares:
            parts.append(f"{len(shares)} running")
        parts += [f"best{of_set} {scored} ({best.number})" for of_set, best, scored in self._bests(trials.values())]
        return parts

    def _bests(self, trials: Collection[Trial]) -> list[tuple[str, Trial, str]]:
        """(of which set, the best run of its best point, that point's score), as `ganvas search best` names them."""
        found = []
        for group in best_groups(trials, self._score):
            trial, value = best_trial(group, self._score), group.score(self._score)
            if value is not None and trial.state == FINISHED and self._is_number(value):
                seeds = len(group.finished)
                found.append((_of_set(trial), trial, self._shown(value) + f", mean of {seeds} seeds" * (seeds > 1)))
        return found

    def _is_number(self, value: float | None) -> bool:
        return not math.isnan(loss_of(self._score, value))

    def _shown(self, value: float) -> str:
        return f"KID×1000 {1000 * value:.0f}" if self._score == "kid" else f"{self._score} {value:.2f}"


def at(share: float) -> str:
    """Where a running trial is, of whose budget so much is used."""
    return f"at {share:.0%}" if share < 1 else "being judged"


def _of_set(trial: Trial) -> str:
    return f" of {trial.point[SET]}" if SET in trial.point else ""


def varied(space: Space) -> list[str]:
    """The axes on which points differ."""
    axes = space.axes()
    return [name for name in space.names() if not _is_fixed([axis for axis in axes if axis.name == name])]


def _is_fixed(axes: Sequence[Axis]) -> bool:
    return all(axis.values is not None and len(axis.values) == 1 and axis.values == axes[0].values for axis in axes)


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
