"""Authenticity: the share of pictures that are not too near to the one real picture they resemble most.

Alaa et al. 2022 (arXiv 2102.08921), section 4.3: a picture is called a copy when it lies nearer to its nearest real
picture than that one lies to its own nearest other real picture. No such number is proof by itself: show the pictures.
"""

from __future__ import annotations

import numpy as np

from ganvas.scores.neighbours import Features, nearest


def authenticity(real: Features, fake: Features) -> float:
    """Share (0 to 1) of fake features [M, D] that are no copies of the real ones [N, D] trained on. Needs N > 1."""
    if len(real) < 2:
        raise ValueError("authenticity needs at least two real pictures")
    closest, distances = nearest(fake, real, 1)
    resembled, place = np.unique(closest[:, 0], return_inverse=True)
    # Only the resembled need their own neighbour; the first one found is the picture itself or an equal one.
    apart = nearest(real[resembled], real, 2)[1][:, 1]
    return float((distances[:, 0] > apart[place]).mean())
