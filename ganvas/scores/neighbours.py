"""Distances between feature arrays, a block of rows at a time, so that no N × N matrix is ever held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
BLOCK_BYTES = 64 << 20
SAME = 8e-6  # squared distance against squared length below which float32 cannot tell two features apart


def squared_distances(queries: Features, references: Features) -> Iterator[tuple[slice, Features]]:
    """Yield (rows, float32 [rows, M]): squared distances of a block of queries [N, D] to all references [M, D].

    Equal features are exactly 0 apart, in whatever blocks they are met: the rounding of |a|² + |b|² - 2ab is removed.
    """
    references = np.asarray(references, np.float32)
    centre = references.mean(axis=0)  # distances do not move with the origin, their rounding errors do
    references = np.ascontiguousarray(references - centre)
    reference_norms = np.einsum("nd,nd->n", references, references)
    rows = max(1, BLOCK_BYTES // (4 * max(1, len(references))))
    for start in range(0, len(queries), rows):
        block = np.ascontiguousarray(np.asarray(queries[start : start + rows], np.float32) - centre)
        norms = np.einsum("nd,nd->n", block, block)[:, None]
        distances = block @ references.T
        distances *= -2
        distances += reference_norms
        distances += norms
        distances[distances < SAME * norms] = 0
        yield slice(start, start + len(block)), distances


def kth_neighbour_distances(features: Features, k: int) -> NDArray[np.float32]:
    """Squared distance of each feature [N, D] to its k-th nearest other feature: float32 [N]. Needs N > k."""
    if len(features) <= k:
        raise ValueError(f"{len(features)} features have no {k}-th neighbour")
    radii = np.empty(len(features), np.float32)
    for rows, distances in squared_distances(features, features):
        indices = np.arange(rows.start, rows.stop)
        distances[np.arange(len(indices)), indices] = -1  # a picture is its own 0-th neighbour, also beside duplicates
        radii[rows] = np.partition(distances, k, axis=1)[:, k]
    return radii


def nearest(queries: Features, references: Features, k: int = 1) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The k nearest references of each query, nearest first: indices [N, k] and Euclidean distances [N, k]."""
    k = min(k, len(references))
    indices = np.empty((len(queries), k), np.intp)
    found = np.empty((len(queries), k), np.float32)
    for rows, distances in squared_distances(queries, references):
        part = np.argpartition(distances, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(distances, part, axis=1)
        order = np.argsort(values, axis=1, kind="stable")
        indices[rows] = np.take_along_axis(part, order, axis=1)
        found[rows] = np.sqrt(np.take_along_axis(values, order, axis=1))
    return indices, found


def unit(features: Features, out: Features | None = None) -> Features:
    """Features [N, D] of length 1, so that distances order as cosines do; one of zeros stays so. `out`: where to."""
    lengths = np.sqrt(np.einsum("nd,nd->n", features, features))[:, None]
    directions: Features = np.divide(features, np.where(lengths > 0, lengths, 1), out=out)
    return directions
