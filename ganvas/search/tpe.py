"""TPE (Bergstra et al. 2011) through Optuna's ask and tell: the next point where good ones were and bad ones were not.

The study lives in memory and is made anew from what was asked and told before each point, under a seed of its own: what
is proposed after a restart is what would have been proposed without one.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from ganvas.errors import MissingExtra
from ganvas.search.axes import Axis, Value, key
from ganvas.search.directions import MAIN_SCORE
from ganvas.search.samplers import Asked, Sampler, draw_new, register
from ganvas.search.space import Part, Space
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
        self._count = space.count()

    def _next(self) -> Point | None:
        if len(self.asked) < STARTUP or len(self.asked) == self._count:
            return draw_new(self)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that `group` is experimental
            study = self._study()
            for i in range(TRIES):
                trial = study.ask()
                point = self._suggested(trial)
                if self.is_new(point):
                    return point
                study.tell(trial, state=_state("FAIL"))
        return draw_new(self)

    def _study(self) -> Study:
        import optuna

        sampler = optuna.samplers.TPESampler(
            seed=self.seed * 1_000_003 % 2**31 + len(self.asked),
            n_startup_trials=STARTUP,
            multivariate=True,
            group=True,
            constant_liar=True,
            warn_independent_sampling=False,
        )
        study = optuna.create_study(sampler=sampler, direction="minimize")
        study.add_trials([self._frozen(asked) for asked in self.asked.values()])
        return study
