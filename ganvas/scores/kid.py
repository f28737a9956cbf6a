"""Kernel Inception Distance: an unbiased distance between two sets of features, honest at any number of pictures.

Bińkowski et al. 2018 (arXiv 1801.01401), section 4: squared MMD with the kernel (x·y / d + 1)³, unbiased estimator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.scores import neighbours
from ganvas.scores.neighbours import Features

SUBSETS = 100
SUBSET_SIZE = 1000

Values = NDArray[np.float64]


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
    return float(_squared_mmds(real, fake, *(np.ones((1, len(side)), np.float32) for side in (real, fake)))[0])


def _of_subsets(real: Features, fake: Features, subsets: int, size: int, rng: np.random.Generator) -> Values:
    counts = len(real), len(fake)
    drawn = [tuple(rng.choice(count, size, replace=False) for count in counts) for _ in range(subsets)]
    if max(counts) ** 2 > subsets * size**2:  # most pairs of pictures meet in no subset
        return np.array([squared_mmd(real[of_real], fake[of_fake]) for of_real, of_fake in drawn])
    held = [np.zeros((subsets, count), np.float32) for count in counts]
    for subset, indices in enumerate(drawn):
        for side, of_side in zip(held, indices, strict=True):
            side[subset, of_side] = 1
    return _squared_mmds(real, fake, *held)


def _squared_mmds(real: Features, fake: Features, in_real: Features, in_fake: Features) -> Values:
    """One value a row of the subsets, which say with 1 and 0 whom they hold: [S, N] of the real, [S, M] of the fake."""
    n, m = (np.asarray(held.sum(axis=1), np.float64) for held in (in_real, in_fake))
    within_real = _kernel_sums(real, real, in_real, in_real, without_diagonal=True) / (n * (n - 1))
    within_fake = _kernel_sums(fake, fake, in_fake, in_fake, without_diagonal=True) / (m * (m - 1))
    across: Values = _kernel_sums(real, fake, in_real, in_fake) / (n * m)
    return within_real + within_fake - 2 * across


def _kernel_sums(a: Features, b: Features, in_a: Features, in_b: Features, without_diagonal: bool = False) -> Values:
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    rows = max(1, neighbours.BLOCK_BYTES // (4 * len(b)))
    totals = np.zeros(len(in_a))
    for start in range(0, len(a), rows):
        block = slice(start, start + rows)
        kernel = _cubed(a[block] @ b.T, a.shape[1])
        if without_diagonal:
            np.fill_diagonal(kernel[:, start:], 0)
        totals += np.einsum("sm,sm->s", in_a[:, block] @ kernel, in_b, dtype=np.float64)
    return totals


def _cubed(products: Features, features: int) -> Features:
    products /= features
    products += 1
    return products * products * products
