"""Which axes matter: `importance(trials)` -> shares of the differences between points, largest first.

A forest learns to foretell the ranks of points from their axes; how much worse it foretells points it has not seen,
once an axis is shuffled among them, is what the axis tells (Breiman 2001, section 10, on held-out points). An axis
that tells nothing comes out at 0, and where the points are too few to tell, all do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.search.axes import key
from ganvas.search.directions import MAIN_SCORE, loss_of
from ganvas.search.groups import Group, groups_of
from ganvas.search.space import SET
from ganvas.search.trial import FINISHED, PRUNED, STOPPED, Trial

FEWEST = 8  # points that finished
FOLDS = 12  # the fewer points there are, the fewer may be left out at a time
LEARNED = 600  # points over all folds, about: many points need few folds
SHUFFLES = 10
TREES = 60
NOT_THERE = -1.0  # an axis whose condition did not hold


@dataclass(frozen=True)
class Importance:
    """The share of the variance of the ranks, 0 to 1, that an axis accounts for by points not learned from."""

    name: str
    share: float


def importance(trials: Iterable[Trial], score: str = MAIN_SCORE) -> list[Importance] | None:
    """Axes with more than one value, the one that matters most first; None for fewer than 8 points that finished.

    Points that were pruned or stopped count as worse than all that finished, the earlier the worse.
    """
    groups = [group for group in groups_of(trials) if group.state in (FINISHED, PRUNED, STOPPED)]
    if sum(group.state == FINISHED for group in groups) < FEWEST:
        return None
    named = dict.fromkeys(name for group in groups for name in group.point)
    names = [name for name in named if name != SET and _varies(groups, name)]
    if not names:
        return []
    columns = [_numbers(groups, name) for name in names]
    shares = _shares(np.hstack(columns), [column.shape[1] for column in columns], _ranks(groups, score))
    found = [Importance(name, share) for name, share in zip(names, shares, strict=True)]
    return sorted(found, key=lambda one: -one.share)


def _varies(groups: Sequence[Group], name: str) -> bool:
    return len({key(group.point[name]) if name in group.point else None for group in groups}) > 1


def _numbers(groups: Sequence[Group], name: str) -> NDArray[np.float64]:
    """float [N, columns]: the places of numbers in their order, which no logarithm changes; else a column a value."""
    values = [group.point.get(name) for group in groups]
    known = [value for value in values if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        places = {value: float(i) for i, value in enumerate(sorted(set(known)))}
        return np.array([[NOT_THERE if value is None else places[value]] for value in values])
    texts = [key(group.point[name]) if name in group.point else "" for group in groups]
    return np.array([[float(text == other) for other in sorted(set(texts))] for text in texts])


def _ranks(groups: Sequence[Group], score: str) -> NDArray[np.float64]:
    """float [N]: 0 is the best point, within its set; equals are equal."""
    ranks = np.empty(len(groups))
    for one in dict.fromkeys(group.point.get(SET) for group in groups):
        here = [i for i, group in enumerate(groups) if group.point.get(SET) == one]
        places = {place: float(i) for i, place in enumerate(sorted({_place(groups[i], score) for i in here}))}
        for i in here:
            ranks[i] = places[_place(groups[i], score)] / len(places)
    return ranks


def _place(group: Group, score: str) -> tuple[bool, float, float]:
    loss = loss_of(score, group.score(score))
    finished = group.state == FINISHED and not math.isnan(loss)
    images = 0.0 if finished else -float(min(trial.images for trial in group.trials))
    return not finished, images, math.inf if math.isnan(loss) else loss


def _shares(inputs: NDArray[np.float64], widths: Sequence[int], ranks: NDArray[np.float64]) -> list[float]:
    """By how much shuffling each axis raises the squared error, over twice the variance: an axis alone tells its share.

    For a sum of functions of single axes, shuffling one doubles its part of the variance. No axis tells more than the
    forest knows of unseen points: of noise, nothing.
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import KFold

    chance = np.random.default_rng(0)
    worse, missed = np.zeros(len(widths)), 0.0
    ends = np.cumsum(widths)
    parts = max(3, min(FOLDS, len(ranks), LEARNED // len(ranks)))
    folds = KFold(parts, shuffle=True, random_state=0)
    for learned, unseen in folds.split(inputs):
        forest: Any = RandomForestRegressor(TREES, random_state=0, n_jobs=1).fit(inputs[learned], ranks[learned])
        error = _error(forest, inputs[unseen], ranks[unseen])
        missed += error * len(unseen)
        for i, (width, end) in enumerate(zip(widths, ends, strict=True)):
            shuffled = np.repeat(inputs[unseen][None], SHUFFLES, axis=0)
            for copy in shuffled:
                copy[:, end - width : end] = inputs[chance.permutation(len(inputs))[: len(copy)], end - width : end]
            again = _error(forest, shuffled.reshape(-1, inputs.shape[1]), np.tile(ranks[unseen], SHUFFLES))
            worse[i] += (again - error) * len(unseen)
    whole = len(ranks) * max(float(ranks.var()), 1e-12)
    known = max(0.0, 1 - missed / whole)
    return [float(share) for share in np.clip(worse / (2 * whole), 0, known)]


def _error(forest: Any, inputs: NDArray[np.float64], ranks: NDArray[np.float64]) -> float:
    return float(np.square(forest.predict(inputs) - ranks).mean())
