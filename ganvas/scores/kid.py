"""Kernel Inception Distance: an unbiased distance between two sets of features, honest at any number of pictures.

Bińkowski et al. 2018 (arXiv 1801.01401), section 4: squared MMD with the kernel (x·y / d + 1)³, unbiased estimator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganvas.scores import neighbours
from ganvas.scores.neighbours import Features

SUBSETS = 100
SUBSET_SIZE = 1000


@dataclass(frozen=True)
class Kid:
    """Mean and standard deviation over subsets, not multiplied by 1,000."""

    mean: float
    sd: float


def kid(real: Features, fake: Features, subsets: int = SUBSETS, subset_size: int = SUBSET_SIZE, seed: int = 0) -> Kid:
    """KID of fake features [M, D] against real ones [N, D]; subsets of min(N, M, subset_size) pictures, 4 at least.

    Where a side has no more pictures than a subset, every subset would hold them all and the sd would say nothing; the
    sd is then that of subsets of half the size, which for a half is the sd of the whole (delete-half jackknife, Shao &
    Wu 1989).
    """
    size = min(len(real), len(fake), subset_size)
    if size < 4:
        raise ValueError("KID needs at least four pictures on either side")
    rng = np.random.default_rng(seed)
    only_one = size == len(real) == len(fake)
    values = _of_subsets(real, fake, 1 if only_one else subsets, size, rng)
    taken_whole = size == min(len(real), len(fake))
    spread = _of_subsets(real, fake, subsets, size // 2, rng) if taken_whole else values
    return Kid(float(np.mean(values)), float(np.std(spread)))


def squared_mmd(real: Features, fake: Features) -> float:
    """Unbiased squared MMD (Gretton et al. 2012, eq. 3) with the cubic kernel, of features [N, D] and [M, D]."""
    n, m = len(real), len(fake)
    within_real = _kernel_sum(real, real, without_diagonal=True) / (n * (n - 1))
    within_fake = _kernel_sum(fake, fake, without_diagonal=True) / (m * (m - 1))
    across = _kernel_sum(real, fake) / (n * m)
    return within_real + within_fake - 2 * across


def _of_subsets(real: Features, fake: Features, subsets: int, size: int, rng: np.random.Generator) -> list[float]:
    return [
        squared_mmd(real[rng.choice(len(real), size, replace=False)], fake[rng.choice(len(fake), size, replace=False)])
        for _ in range(subsets)
    ]


def _kernel_sum(a: Features, b: Features, without_diagonal: bool = False) -> float:
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    rows = max(1, neighbours.BLOCK_BYTES // (4 * len(b)))
    total = 0.0
    for start in range(0, len(a), rows):
        kernel = _cubed(a[start : start + rows] @ b.T, a.shape[1])
        total += float(kernel.sum(dtype=np.float64))
        if without_diagonal:
            total -= float(np.trace(kernel, offset=start, dtype=np.float64))
    return total


def _cubed(products: Features, features: int) -> Features:
    products /= features
    products += 1
    return products * products * products
