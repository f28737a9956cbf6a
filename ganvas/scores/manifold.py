"""Precision, recall, density and coverage: whose pictures lie within whose neighbourhoods.

Precision and recall: Kynkäänniemi et al. 2019 (arXiv 1904.06991), eq. 1-2. Density and coverage: Naeem et al. 2020
(arXiv 2002.09797), eq. 4-5. The neighbourhood of a picture is the ball to its k-th nearest neighbour in its own set.
Its edge belongs to it, as in the first paper: copies of a picture that a set holds many times still lie within it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganvas.scores.neighbours import Features, kth_neighbour_distances, squared_distances


@dataclass(frozen=True)
class ManifoldScores:
    """Shares of pictures (precision, recall, coverage: 0 to 1) and a mean count over k (density: 1 is real's)."""

    precision: float
    recall: float
    density: float
    coverage: float


def manifold_scores(real: Features, fake: Features, k: int = 5) -> ManifoldScores:
    """Scores of fake features [M, D] against real ones [N, D]; N and M need not be equal but must exceed k."""
    real_radii = kth_neighbour_distances(real, k)
    fake_radii = kth_neighbour_distances(fake, k)
    inside_real = np.zeros(len(fake), np.int64)
    recalled = np.zeros(len(real), bool)
    covered = np.zeros(len(real), bool)
    for rows, distances in squared_distances(real, fake):
        within = distances <= real_radii[rows, None]
        inside_real += within.sum(axis=0)
        covered[rows] = within.any(axis=1)
        recalled[rows] = (distances <= fake_radii).any(axis=1)
    return ManifoldScores(
        precision=float((inside_real > 0).mean()),
        recall=float(recalled.mean()),
        density=float(inside_real.mean() / k),
        coverage=float(covered.mean()),
    )
