"""TPE (Bergstra et al. 2011) through Optuna's ask and tell: the next point where good ones were and bad ones were not.

The study lives in memory and is made anew from what was asked and told before each point, under a seed of its own: what
is proposed after a restart is what would have been proposed without one.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ganvas.errors import MissingExtra
from ganvas.search.axes import Axis, Range, Value, key
from ganvas.search.directions import MAIN_SCORE
from ganvas.search.samplers import Asked, Sampler, draw_new, register
from ganvas.search.space import Space
from ganvas.search.trial import FINISHED, PRUNED, RUNNING, STOPPED, WAITING, Point

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

STARTUP = 10  # points at random before the first that is proposed
TRIES = 20  # proposals that were there already, before a random one is taken
ALTERNATIVE = "either"


@register("tpe")
class Tpe(Sampler):
    """Running points count as bad until they are told (constant liar), so that several at a time differ."""

    def __init__(self, space: Space, seed: int = 0, score: str = MAIN_SCORE) -> None:
        super().__init__(space, seed, score)
        try:
            import optuna
        except ImportError as error:
            raise MissingExtra("TPE", "search") from error
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._parts = _parts(space)

    def _next(self) -> Point | None:
        from optuna.trial import TrialState

        if len(self.asked) < STARTUP or len(self.asked) == self.count:
            return draw_new(self)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that `group` is experimental
            study = self._study()
            for _ in range(TRIES):
                trial = study.ask()
                point = self._suggested(trial)
                if self.is_new(point):
                    return point
                study.tell(trial, state=TrialState.FAIL)
        return draw_new(self)

    def _study(self) -> Study:
        import optuna

        sampler = optuna.samplers.TPESampler(
            seed=(self.seed * 1_000_003 + len(self.asked)) % 2**32,
            n_startup_trials=STARTUP,
            multivariate=True,
            group=True,
            constant_liar=True,
            warn_independent_sampling=False,
        )
        study = optuna.create_study(sampler=sampler, direction="minimize")
        study.add_trials([trial for asked in self.asked.values() if (trial := self._frozen(asked)) is not None])
        return study

    def _suggested(self, trial: Trial) -> Point:
        numbers = list(range(len(self._parts)))
        part = self._parts[trial.suggest_categorical(ALTERNATIVE, numbers) if len(numbers) > 1 else 0]
        point: Point = {}
        for dial in part:
            if dial.axis.holds(point):
                point[dial.axis.name] = dial.suggested(trial)
        return point

    def _frozen(self, asked: Asked) -> FrozenTrial | None:
        """The point as a trial of the study; None for one that is not of this space."""
        from optuna.trial import TrialState, create_trial

        found = next(filter(None, (_dials(part, asked.point) for part in self._parts)), None)
        if found is None:
            return None
        states = {FINISHED: TrialState.COMPLETE, RUNNING: TrialState.RUNNING, WAITING: TrialState.RUNNING}
        state = states.get(asked.state, TrialState.PRUNED if asked.state in (PRUNED, STOPPED) else TrialState.FAIL)
        scored = math.isfinite(asked.loss)
        if state == TrialState.COMPLETE and not scored:
            state = TrialState.FAIL
        params = {dial.label: dial.param(asked.point) for dial in found if dial.is_free}
        distributions = {dial.label: dial.distribution() for dial in found if dial.is_free}
        if len(self._parts) > 1:
            number = next(i for i, part in enumerate(self._parts) if _dials(part, asked.point))
            params[ALTERNATIVE] = number
            distributions[ALTERNATIVE] = _categories(len(self._parts))
        return create_trial(
            state=state,
            value=asked.loss if state == TrialState.COMPLETE else None,
            params=params,
            distributions=distributions,
            intermediate_values={asked.images: asked.loss} if state == TrialState.PRUNED and scored else {},
        )


@dataclass(frozen=True)
class Dial:
    """An axis as Optuna turns it: a range, or the number of a value; values that are numbers have an order."""

    label: str
    axis: Axis

    @cached_property
    def values(self) -> list[Value] | None:
        values = self.axis.values
        if values is None:
            return None
        return sorted(values) if self._ordered else list(values)

    @property
    def is_free(self) -> bool:
        return self.values is None or len(self.values) > 1

    @property
    def _ordered(self) -> bool:
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.axis.values or ())

    def suggested(self, trial: Trial) -> Value:
        """The value that Optuna proposes."""
        if self.values is not None:
            if not self.is_free:
                return self.values[0]
            last = len(self.values) - 1
            if self._ordered:
                return self.values[trial.suggest_int(self.label, 0, last)]
            return self.values[trial.suggest_categorical(self.label, list(range(last + 1)))]
        span = self._span
        if span.whole:
            return trial.suggest_int(self.label, int(span.low), int(span.high), log=span.log)
        return span.as_written(trial.suggest_float(self.label, span.low, span.high, log=span.log))

    def param(self, point: Point) -> Any:
        """What Optuna knows the point's value as."""
        value = point[self.axis.name]
        return value if self.values is None else list(map(key, self.values)).index(key(value))

    def distribution(self) -> BaseDistribution:
        from optuna.distributions import FloatDistribution, IntDistribution

        if self.values is not None:
            return IntDistribution(0, len(self.values) - 1) if self._ordered else _categories(len(self.values))
        span = self._span
        if span.whole:
            return IntDistribution(int(span.low), int(span.high), log=span.log)
        return FloatDistribution(span.low, span.high, log=span.log)

    def takes(self, value: Value) -> bool:
        """Whether the axis has this value."""
        if self.values is not None:
            return key(value) in map(key, self.values)
        return isinstance(value, int | float) and self._span.low <= value <= self._span.high

    @property
    def _span(self) -> Range:
        assert self.axis.range is not None
        return self.axis.range


def _categories(count: int) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution

    return CategoricalDistribution(list(range(count)))


def _parts(space: Space) -> list[list[Dial]]:
    """The dials of each alternative; those of one name and the same values are one dial."""
    values: dict[str, list[object]] = {}
    for axis in space.axes():
        values.setdefault(axis.name, []).append((axis.values, axis.range))
    shared = {name for name, found in values.items() if all(one == found[0] for one in found)}
    return [
        [Dial(axis.name if axis.name in shared else f"{axis.name}/{i}", axis) for axis in part]
        for i, part in enumerate(space.parts)
    ]


def _dials(part: list[Dial], point: Point) -> list[Dial] | None:
    """The dials that this point sets; None where it is no point of this alternative."""
    there = [dial for dial in part if dial.axis.holds(point)]
    fits = {dial.axis.name for dial in there} == set(point)
    return there if fits and all(dial.takes(point[dial.axis.name]) for dial in there) else None
