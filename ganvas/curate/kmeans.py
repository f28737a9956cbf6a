"""Dividing features into k clusters, and choosing k: `divide(features, 4, seed=0)`. Pure functions.

k-means (Lloyd 1982) from k-means++ starts (Arthur & Vassilvitskii 2007) on features of length 1. They are not
whitened: of the letters and photographs of `benchmarks.stamps`, 99.6 to 100 % come apart as they are, 85 % whitened by
64 principal components.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.scores.neighbours import Features, kth_neighbour_distances, nearest

MANY = 20_000  # features beyond which a batch at a time must do
STARTS = 4
BATCH = 4096
LADDER = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
SAMPLE = 2000  # features that the silhouette is taken of: it needs all pairs
NEIGHBOUR = 5
REFERENCES = 20_000


@dataclass(frozen=True)
class Division:
    """Each feature's cluster int [N], from 0, the largest, and its Euclidean distance float32 [N] to the centre."""

    clusters: NDArray[np.int64]
    distances: NDArray[np.float32]
    centres: Features

    @property
    def sizes(self) -> list[int]:
        return [int(count) for count in np.bincount(self.clusters, minlength=len(self.centres))]


@dataclass(frozen=True)
class Rung:
    """One k that was tried, and its mean silhouette."""

    k: int
    silhouette: float


def divide(features: Features, k: int, seed: int = 0, starts: int = STARTS) -> Division:
    """Features [N, D] in k clusters, 1 ≤ k ≤ N; in fewer where fewer differ.

    The same seed gives the same clusters, on any number of threads.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if len(features) > MANY:
        means = MiniBatchKMeans(k, random_state=seed, n_init=starts, batch_size=BATCH)
    else:
        means = KMeans(k, random_state=seed, n_init=starts)
    with _in_one_order(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that fewer than k differ: the caller sees it
        found = means.fit_predict(features)
    sizes = np.bincount(found, minlength=k)
    order = np.argsort(-sizes, kind="stable")
    clusters = np.argsort(order)[found].astype(np.int64)
    centres = np.asarray(means.cluster_centers_[order[: np.count_nonzero(sizes)]], np.float32)
    return Division(clusters, _to_centres(features, clusters, centres), centres)


def _to_centres(features: Features, clusters: NDArray[np.int64], centres: Features) -> NDArray[np.float32]:
    """A batch at a time, for features of a million pictures are gigabytes."""
    distances = np.empty(len(features), np.float32)
    for start in range(0, len(features), BATCH):
        part = slice(start, start + BATCH)
        distances[part] = np.linalg.norm(features[part] - centres[clusters[part]], axis=1)
    return distances


def choose_k(features: Features, seed: int = 0) -> list[Rung]:
    """The mean silhouette (Rousseeuw 1987) over a ladder of k, of at most 2,000 features by a seed; see `best`."""
    from sklearn.metrics import silhouette_score

    chosen = np.random.default_rng(seed).permutation(len(features))[:SAMPLE]
    sample = features[np.sort(chosen)]
    rungs = []
    for k in LADDER:
        if k >= len(sample):
            break
        clusters = divide(sample, k, seed, starts=1).clusters
        if len(np.unique(clusters)) > 1:
            rungs.append(Rung(k, float(silhouette_score(sample, clusters))))
    return rungs


def best(rungs: Sequence[Rung]) -> Rung:
    """The highest silhouette; of equal ones the smaller k."""
    return max(rungs, key=lambda rung: (round(rung.silhouette, 6), -rung.k))


def loneliness(features: Features, seed: int = 0) -> NDArray[np.float32]:
    """Euclidean distance of each feature [N, D], N ≥ 2, to its fifth neighbour (its farthest, where there are fewer).

    Among at most 20,000 others, drawn by the seed: beyond that the distances are longer, but order as they do.
    """
    k = min(NEIGHBOUR, len(features) - 1)
    if len(features) <= REFERENCES:
        return np.sqrt(kth_neighbour_distances(features, k))
    chosen = np.random.default_rng(seed).permutation(len(features))[:REFERENCES]
    distances = nearest(features, features[chosen], k + 1)[1]
    itself = np.isin(np.arange(len(features)), chosen)
    return np.where(itself, distances[:, k], distances[:, k - 1])


@contextmanager
def _in_one_order() -> Iterator[None]:
    # threads add up partial sums as they come, and sums of floats depend on the order
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="openmp"):
        yield
