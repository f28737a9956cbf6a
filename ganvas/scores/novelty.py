"""Authenticity: the share of pictures that are not too near to the one real picture they resemble most.

Alaa et al. 2022 (arXiv 2102.08921), section 4.3: a picture is called a copy when it lies nearer to its nearest real
picture than that one lies to its own nearest other real picture. No such number is proof by itself: show the pictures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganvas.scores.neighbours import Features, nearest


def authenticity(real: Features, fake: Features) -> float:
    """Share (0 to 1) of fake features [M, D] that are no copies of the real ones [N, D] trained on. Needs N > 1."""
    _check(real, 2)
    closest, distances = nearest(fake, real, 1)
    resembled, place = np.unique(closest[:, 0], return_inverse=True)
    # Only the resembled need their own neighbour; the first one found is the picture itself or an equal one.
    apart = nearest(real[resembled], real, 2)[1][:, 1]
    return float((distances[:, 0] > apart[place]).mean())


def authenticity_of_reals(real: Features, chosen: NDArray[np.integer]) -> float:
    """The baseline: each chosen row of real features [N, D] against all others, as if it were a fake. Needs N > 2."""
    _check(real, 3)
    chosen = np.asarray(chosen)
    closest, distance = _nearest_but(real, chosen, chosen[:, None])
    _, apart = _nearest_but(real, closest, np.stack([closest, chosen], axis=1))
    return float((distance > apart).mean())


def _nearest_but(
    real: Features, queries: NDArray[np.integer], excluded: NDArray[np.integer]
) -> tuple[NDArray[np.intp], Features]:
    """The nearest row of each query row that is not among its excluded ones [N, e], and its distance."""
    places, distances = nearest(real[queries], real, excluded.shape[1] + 1)
    allowed = (places[:, :, None] != excluded[:, None, :]).all(axis=2).argmax(axis=1)
    rows = np.arange(len(queries))
    return places[rows, allowed], distances[rows, allowed]


def _check(real: Features, fewest: int) -> None:
    if len(real) < fewest:
        raise ValueError(f"authenticity needs at least {fewest} real pictures")
