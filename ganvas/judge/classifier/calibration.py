"""Probabilities that mean what they say: `temperature(logits, labels)`, then softmax(logits / temperature).

Guo et al. 2017 (arXiv 1706.04599): networks are surer than they are right; one number, fitted on pictures that nothing
was learned from, repairs most of it and changes no answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
COLDEST, HOTTEST = 0.05, 20.0
BINS = 15  # as in the paper


def temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """The temperature of lowest cross-entropy for logits [N, K]; by golden section, as that has one valley in log T.

    With N pictures no more than (N + 1) / (N + 2) of them are believed to be right, Laplace's rule, as Platt 1999 fits
    his sigmoid: eighteen right answers of eighteen are no reason to be certain. Where all that is gained lies within
    its own standard error it stays 1.
    """
    doubt = 1 / (len(labels) + 2)
    low, high = np.log(COLDEST), np.log(HOTTEST)
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if cross_entropy(logits / np.exp(left), labels, doubt) < cross_entropy(logits / np.exp(right), labels, doubt):
            high = right
        else:
            low = left
    found = float(np.exp((low + high) / 2))
    gained = cross_entropies(logits, labels, doubt) - cross_entropies(logits / found, labels, doubt)
    return found if gained.mean() > gained.std() / np.sqrt(len(gained)) else 1.0


def softmax(logits: Floats) -> Floats:
    """Logits [N, K] -> probabilities float32 [N, K]."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares: Floats = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def cross_entropy(
    logits: Floats, labels: NDArray[np.int64], doubt: float = 0.0, weights: Floats | None = None
) -> float:
    """Mean -log p of the true label, in nats, each picture weighed by its label where `weights` [K] are given.

    Where there is doubt, that share of a picture is spread over the other labels.
    """
    lost = cross_entropies(logits, labels, doubt)
    return float(np.average(lost, weights=None if weights is None else weights[labels]))


def cross_entropies(logits: Floats, labels: NDArray[np.int64], doubt: float = 0.0) -> NDArray[np.float64]:
    """The same of each picture by itself: float64 [N]."""
    x = logits.astype(np.float64)
    x = x - x.max(axis=1, keepdims=True)
    true = x[np.arange(len(x)), labels]
    others = (x.sum(axis=1) - true) / max(1, x.shape[1] - 1)
    lost: NDArray[np.float64] = np.log(np.exp(x).sum(axis=1)) - (1 - doubt) * true - doubt * others
    return lost


def expected_calibration_error(probabilities: Floats, labels: NDArray[np.int64], bins: int = BINS) -> float:
    """How far, on average, the probability of the answer is from how often it is right: 0 … 1, equation 3."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    sizes = np.bincount(place, minlength=bins)
    gaps = np.bincount(place, weights=right - confidence.astype(np.float64), minlength=bins)
    return float(np.abs(gaps).sum() / max(1, sizes.sum()))
