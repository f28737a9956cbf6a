"""Novelty in features: do pictures lie nearer to those trained on than new ones would?

Authenticity, Alaa et al. 2022 (arXiv 2102.08921), section 4.3: a picture is called a copy when it lies nearer to its
nearest real picture than that one lies to its own nearest other real picture. `nearer_to_trained` asks what Meehan et
al. 2020 (arXiv 2004.05675) ask: nearer to the pictures trained on than to those held out?
No such number is proof by itself: show the pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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


@dataclass(frozen=True)
class NearerToTrained:
    """Share (0 to 1) of pictures whose nearest real one was trained on; what new pictures would show, with its sd; and
    how likely they would show as large a share.
    """

    share: float
    expected: float
    sd: float
    p: float


def nearer_to_trained(trained: Features, held_out: Features, fake: Features) -> NearerToTrained:
    """Of fake features [K, D], with real ones trained on [N, D] and held out [M, D]. Raises ValueError for none.

    Under the null hypothesis trained-on and held-out pictures could be exchanged: any of the N + M is as likely to be
    the nearest. Fakes that share a nearest picture then count together, so the variance is that of drawing N of the
    N + M places they fall on, not that of K coins.
    """
    n, m = len(trained), len(held_out)
    if not n or not m or not len(fake):
        raise ValueError(f"pictures trained on, held out and generated are needed, not {n}, {m} and {len(fake)}")
    closest = nearest(fake, np.concatenate([trained, held_out]), 1)[0][:, 0]
    fallen = np.bincount(closest, minlength=n + m) / len(fake)
    share, expected = float(fallen[:n].sum()), n / (n + m)
    # Sampling without replacement (Cochran 1977, Sampling Techniques, theorem 2.2).
    sd = math.sqrt(n * m / (n + m) * float(fallen.var(ddof=1)))
    p = 0.5 * math.erfc((share - expected) / (sd * math.sqrt(2))) if sd else 1.0
    return NearerToTrained(share, expected, sd, p)


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
