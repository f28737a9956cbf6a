"""Who shows the same as whom, when likeness chains: `leaders(hashes, components, radius, same)`. Pure functions.

A ~ B ~ C does not make C show what A shows, and a chain of frames of one film would swallow the film. So a group is not
a component of the graph but its best picture with those that are like that very one: star clustering (Aslam, Pelekhov &
Rus 2004), the best first. Two pictures of a group are at most 2 × radius bits apart.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ganvas.scores.hamming import distances

Indices = NDArray[np.int64]
Same = Callable[[Indices, Indices], NDArray[np.bool_]]


def leaders(
    hashes: NDArray[np.int64], components: Indices, radius: int, same: Same, links: Indices | None = None
) -> Indices:
    """For pictures [N], the best first, the index of the one that each shows the same as; a best one has its own.

    `components` [N] are connected by steps of `radius` bits or by `links` [P, 2]. Within each, the first picture leads:
    whoever is linked to it, or within the radius and `same` as it by a closer look, follows. Of the others the first
    leads next. `same(leading, others)` is asked about many pairs at once, and about each pair once.
    """
    leader = np.full(len(hashes), -1, np.int64)
    linked = _keys(links, len(hashes)) if links is not None else np.empty(0, np.int64)
    waiting = np.arange(len(hashes))
    while len(waiting):
        names, first = np.unique(components[waiting], return_index=True)
        leading = waiting[first]
        leader[leading] = leading
        waiting = np.delete(waiting, first)
        asked = leading[np.searchsorted(names, components[waiting])]
        follows = np.isin(_keys(np.stack([asked, waiting], axis=1), len(hashes)), linked)
        open_ones = np.flatnonzero(~follows & (distances(hashes[waiting], hashes[asked]) <= radius))
        if len(open_ones):
            follows[open_ones] = same(asked[open_ones], waiting[open_ones])
        leader[waiting[follows]] = asked[follows]
        waiting = waiting[~follows]
    return leader


def _keys(pairs: Indices, count: int) -> Indices:
    keys: Indices = pairs.min(axis=1) * count + pairs.max(axis=1)
    return keys
