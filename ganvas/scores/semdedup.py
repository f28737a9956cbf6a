"""Which features of one cluster are nearly the same: `near_in_clusters(features, clusters, 0.95)`.

SemDeDup, Abbas et al. 2023 (arXiv 2303.09540), section 3: what shows the same lies in the same cluster, so that only
features of one cluster are compared: of N in k clusters N² / k pairs. A large cluster is compared a block at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganvas.scores.neighbours import unit

Features = NDArray[np.float32]
BLOCK = 2048
MOST_PAIRS = 10_000_000


def near_in_clusters(features: Features, clusters: NDArray[np.integer], threshold: float) -> NDArray[np.int64]:
    """All pairs (i, j), i < j, of features [N, D] of one cluster whose cosine is `threshold` or more: int64 [P, 2].

    `clusters` [N] are any whole numbers; a negative one is no cluster. Raises ValueError for a threshold outside 0 to 1
    (0 not included), and for one that calls more than 10 million pairs alike.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"a cosine of {threshold} cannot be asked for: above 0, at most 1")
    order = np.argsort(clusters, kind="stable")
    order = order[np.asarray(clusters)[order] >= 0]
    starts = np.flatnonzero(np.diff(np.asarray(clusters)[order], prepend=-1))
    found = [np.empty((0, 2), np.int64)]
    total = 0
    for members in np.split(order, starts[1:]):
        for pairs in _near(features, members, threshold):
            found.append(pairs)
            total += len(pairs)
            if total > MOST_PAIRS:
                raise ValueError(f"a cosine of {threshold} calls more than {MOST_PAIRS:,} pairs alike: ask for more")
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _near(features: Features, members: NDArray[np.int64], threshold: float) -> list[NDArray[np.int64]]:
    """The near pairs of one cluster; its members come in rising order."""
    found = []
    for top in range(0, len(members), BLOCK):
        rows = unit(features[members[top : top + BLOCK]])
        for left in range(top, len(members), BLOCK):
            columns = rows if left == top else unit(features[members[left : left + BLOCK]])
            near = rows @ columns.T >= np.float32(threshold)
            i, j = np.nonzero(np.triu(near, 1) if left == top else near)
            found.append(np.stack([members[top + i], members[left + j]], axis=1))
    return found
