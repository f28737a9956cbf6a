"""Who shows the same as whom, when likeness chains: `leaders(hashes, components, radius, same)`. Pure functions.

A ~ B ~ C does not make C show what A shows, and a chain of frames of one film would swallow the film. So a group is not
a component of the graph but its best picture with those that are like that very one: star clustering (Aslam, Pelekhov &
Rus 2004), the best first. Without links, two pictures of a group are at most 2 × radius bits apart.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ganvas.scores.hamming import distances

Indices = NDArray[np.int64]
MOST_ALIKE = 16  # leaders of one hash: where more share it and are not the same, it tells nothing
Same = Callable[[Indices, Indices], NDArray[np.bool_]]


def leaders(
    hashes: NDArray[np.int64], components: Indices, radius: int, same: Same, links: Indices | None = None
) -> Indices:
    """For pictures [N], the best first, the index of the one that each shows the same as; a best one has its own.

    `components` [N] are connected by steps of `radius` bits or by `links` [P, 2]. Within each, the first picture leads:
    whoever is linked to it, or within the radius and `same` as it by a closer look, follows. Of the others the first
    leads next. `same(leading, others)` is asked about many pairs at once, and about each pair once; a picture that was
    asked about with MOST_ALIKE leaders of its very hash, and is none of them, is not asked about with another.
    """
    leader = np.full(len(hashes), -1, np.int64)
    linked = _Links(links, len(hashes))
    equals = np.zeros(len(hashes), np.int64)
    waiting = np.arange(len(hashes))
    while len(waiting):
        names, first = np.unique(components[waiting], return_index=True)
        leading = waiting[first]
        leader[leading] = leading
        waiting = np.delete(waiting, first)
        asked = leading[np.searchsorted(names, components[waiting])]
        follows = linked.between(asked, waiting)
        apart = distances(hashes[waiting], hashes[asked])
        open_ones = np.flatnonzero(~follows & (apart <= radius) & ((apart > 0) | (equals[waiting] < MOST_ALIKE)))
        if len(open_ones):
            follows[open_ones] = same(asked[open_ones], waiting[open_ones])
        equals[waiting[apart == 0]] += 1
        leader[waiting[follows]] = asked[follows]
        waiting = waiting[~follows]
    return leader


def crowded(hashes: NDArray[np.int64], leader: Indices) -> int:
    """How many pictures share a hash with more than MOST_ALIKE leaders: not all of them were compared."""
    _, value = np.unique(hashes, return_inverse=True)
    leading = np.bincount(value[leader == np.arange(len(leader))], minlength=len(hashes))
    return int((leading[value] > MOST_ALIKE).sum())


class _Links:
    """Pairs of N pictures, sorted once and then asked about many at a time."""

    def __init__(self, pairs: Indices | None, count: int) -> None:
        self._count = count
        none = np.empty((0, 2), np.int64)
        self._keys = np.unique(self._key(*(none if pairs is None else pairs).T))

    def between(self, left: Indices, right: Indices) -> NDArray[np.bool_]:
        if not len(self._keys):
            return np.zeros(len(left), bool)
        keys = self._key(left, right)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        found: NDArray[np.bool_] = self._keys[places] == keys
        return found

    def _key(self, left: Indices, right: Indices) -> Indices:
        keys: Indices = np.minimum(left, right) * self._count + np.maximum(left, right)
        return keys
