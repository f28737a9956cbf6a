"""Fréchet distance between two sets of features, each seen as a Gaussian.

Heusel et al. 2017 (arXiv 1706.08500), eq. 6. With Inception features it is called FID; with another encoder's, FD.
"""

from __future__ import annotations

import numpy as np

from ganvas.scores.neighbours import Features

BLOCK = 4096


def frechet_distance(real: Features, fake: Features) -> float:
    """FD of features [N, D] and [M, D]. Biased upwards when N or M is small against D: read it beside its baseline."""
    real_mean, real_root = _mean_and_root(real)
    fake_mean, fake_root = _mean_and_root(fake)
    # tr sqrt(Cr Cf) is the nuclear norm of Ar^T Af where Cr = Ar Ar^T: no square root of a non-symmetric matrix,
    # no complex numbers, and nothing to regularise when a covariance is singular.
    cross = np.linalg.svd(real_root.T @ fake_root, compute_uv=False).sum()
    spread = np.square(real_root).sum() + np.square(fake_root).sum()
    return float(np.square(real_mean - fake_mean).sum() + spread - 2 * cross)


def _mean_and_root(features: Features) -> tuple[np.ndarray, np.ndarray]:
    mean = features.mean(axis=0, dtype=np.float64)
    products = np.zeros((len(mean), len(mean)))
    for start in range(0, len(features), BLOCK):  # all at once in float64 they would take twice their memory, twice
        centred = features[start : start + BLOCK] - mean
        products += centred.T @ centred
    values, vectors = np.linalg.eigh(products / (len(features) - 1))
    return mean, vectors * np.sqrt(np.maximum(values, 0))
