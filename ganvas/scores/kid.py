"""Kernel Inception Distance: an unbiased distance between two sets of features, honest at any number of pictures.

Bińkowski et al. 2018 (arXiv 1801.01401), section 4: squared MMD with the kernel (x·y / d + 1)³, unbiased estimator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganvas.scores.neighbours import Features

SUBSETS = 100
SUBSET_SIZE = 1000


@dataclass(frozen=True)
class Kid:
    """Mean and standard deviation over subsets, not multiplied by 1,000."""

    mean: float
    sd: float


def kid(real: Features, fake: Features, subsets: int = SUBSETS, subset_size: int = SUBSET_SIZE, seed: int = 0) -> Kid:
    """KID of fake features [M, D] against real ones [N, D]; subsets of min(N, M, subset_size) pictures."""
    size = min(len(real), len(fake), subset_size)
    if size < 2:
        raise ValueError("KID needs at least two pictures on either side")
    rng = np.random.default_rng(seed)
    values = [
        squared_mmd(real[rng.choice(len(real), size, replace=False)], fake[rng.choice(len(fake), size, replace=False)])
        for _ in range(subsets)
    ]
    return Kid(float(np.mean(values)), float(np.std(values)))


def squared_mmd(real: Features, fake: Features) -> float:
    """Unbiased squared MMD (Gretton et al. 2012, eq. 3) with the cubic kernel, of features [N, D] and [M, D]."""
    n, m = len(real), len(fake)
    within_real = _kernel_sum(real, real, without_diagonal=True) / (n * (n - 1))
    within_fake = _kernel_sum(fake, fake, without_diagonal=True) / (m * (m - 1))
    across = _kernel_sum(real, fake) / (n * m)
    return within_real + within_fake - 2 * across


def _kernel_sum(a: Features, b: Features, without_diagonal: bool = False) -> float:
    kernel = np.asarray(a, np.float32) @ np.asarray(b, np.float32).T
    kernel /= a.shape[1]
    kernel += 1
    kernel = kernel * kernel * kernel
    total = kernel.sum(dtype=np.float64)
    return float(total - np.trace(kernel, dtype=np.float64)) if without_diagonal else float(total)
