"""Which generated pictures are training pictures again: `find_copies(fake, packed)`.

A picture is called a copy when its pixels lie far nearer to one training picture than to the next ones, moved,
mirrored or recoloured a little as it may be. After Carlini et al. 2023 (arXiv 2301.13188), section 5.1: a distance
means something only beside the neighbours'. Held-out real pictures, which cannot be copies, say how often that errs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.pictures.packed import PackedSet
from ganvas.pictures.thumbnails import Small, likeness, spectra, thumbnails
from ganvas.progress import Progress, Silent
from ganvas.scores.neighbours import nearest

COMPARED_PX = 32  # the longest sides that pictures are compared at
CANDIDATES = 12  # training pictures of the most alike spectra, which are then compared pixel by pixel
NEXT = 3  # the nearest is held against this many further ones
COPY = 0.6  # of the distance of the third next; held-out house fronts reach .81, copies moved and mirrored .50
EQUAL = 0.02  # distance below which pictures are the same, however many like them there are
FALSE_SHARE = 0.005  # of held-out pictures that may be called copies: where more would be, the bar is set higher
HONEST = 2000  # held-out pictures asked
BLOCK = 64

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Likenesses:
    """For N pictures the training pictures most alike: places in the set [N, K] and distances [N, K], nearest first.

    A distance is √(2 − 2ρ) of the best correlation ρ over small shifts and the mirror: 0 equal, 1.41 unlike.
    """

    positions: Indices
    distances: NDArray[np.float32]

    @property
    def nearness(self) -> NDArray[np.float32]:
        """[N]: the distance to the nearest as a share of that to a further one. 0: the same picture; 1: nothing odd."""
        first, further = self.distances[:, 0], self.distances[:, : NEXT + 1].max(axis=1)
        return np.where(first < EQUAL, 0, first / np.maximum(further, EQUAL)).astype(np.float32)


@dataclass(frozen=True)
class Copies:
    """Which of N generated pictures are copies, and the share of held-out pictures that the same rule calls so."""

    likenesses: Likenesses
    bar: float
    share_of_held_out: float | None

    @property
    def flagged(self) -> Indices:
        """Numbers of the pictures called copies, most suspicious first."""
        order = self.suspicious_first
        return order[self.likenesses.nearness[order] <= self.bar]

    @property
    def suspicious_first(self) -> Indices:
        """Numbers of all pictures, the most suspicious first."""
        return np.argsort(self.likenesses.nearness, kind="stable")


def find_copies(fake: NDArray[np.uint8], packed: PackedSet, seed: int = 0, progress: Progress | None = None) -> Copies:
    """Look for generated pictures uint8 [N, C, H, W] among all training pictures of their set.

    Of up to 2,000 held-out pictures half set the bar, the other half tell the share called copies that are none.
    """
    search = _Search(packed, progress or Silent())
    found = search.most_alike(fake)
    held_out = np.random.default_rng(seed).permutation(packed.held_out)[:HONEST]
    if not len(held_out):
        return Copies(found, COPY, None)
    honest = search.most_alike(np.asarray(packed.images[held_out])).nearness
    setting, telling = honest[::2], honest[1::2]
    bar = COPY
    if len(setting) * FALSE_SHARE >= 1:
        bar = min(COPY, float(np.quantile(setting, FALSE_SHARE)))
    return Copies(found, bar, float((telling <= bar).mean()) if len(telling) else None)


class _Search:
    def __init__(self, packed: PackedSet, progress: Progress) -> None:
        self._packed, self._progress = packed, progress
        self._train = packed.train
        self._spectra = spectra(packed.images, COMPARED_PX, of=self._train)

    def most_alike(self, pictures: NDArray[np.uint8]) -> Likenesses:
        candidates = self._train[nearest(spectra(pictures, COMPARED_PX), self._spectra, CANDIDATES)[0]]
        apart = np.empty(candidates.shape, np.float32)
        with self._progress.task("looking for copies", len(pictures), "pictures") as task:
            for start in range(0, len(pictures), BLOCK):
                rows = slice(start, start + BLOCK)
                apart[rows] = self._distances(pictures[rows], candidates[rows])
                task.advance(len(apart[rows]))
        order = np.argsort(apart, axis=1, kind="stable")
        return Likenesses(np.take_along_axis(candidates, order, axis=1), np.take_along_axis(apart, order, axis=1))

    def _distances(self, pictures: NDArray[np.uint8], candidates: Indices) -> Small:
        small = thumbnails(pictures, COMPARED_PX)
        theirs = thumbnails(np.asarray(self._packed.images[candidates.ravel()]), COMPARED_PX)
        alike = likeness(small, theirs.reshape(*candidates.shape, *small.shape[1:]))
        return np.sqrt(np.maximum(0, 2 - 2 * alike))
