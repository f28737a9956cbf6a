"""A quick look every few ticks: KID and coverage of a few drawn pictures against cached real ones.

Few pictures make a rough number: good for seeing a curve, not for a claim. `ganvas judge` makes the scorecard.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ganvas.encode import Encoder, encoder
from ganvas.encode.cache import cached_features
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Progress
from ganvas.scores.kid import kid
from ganvas.scores.manifold import manifold_scores

SHARE = 0.05  # of the training time that judgements may cost
FEWEST_JUDGEMENTS = 4  # of a run, however short
SECONDS, SECONDS_A_PICTURE = 0.3, 4e-3
FEWEST = 50
MOST_REAL = 1000
SUBSETS = 20


def ticks_between(ticks: int, seconds: float, pictures: int) -> int:
    """Every how many ticks to judge so many pictures in a training of so many seconds, so that it stays cheap."""
    dear = cost_seconds(pictures) * ticks / (SHARE * seconds)
    return max(1, min(math.ceil(dear), ticks // FEWEST_JUDGEMENTS))


def cost_seconds(pictures: int) -> float:
    """What a judgement of so many pictures costs, about, on two cores of any kind (measured: benchmarks/README.md)."""
    return SECONDS + pictures * SECONDS_A_PICTURE


class LightJudge:
    """Scores drawn pictures uint8 [N, C, H, W] against the same real ones at every judgement."""

    def __init__(self, packed: PackedSet, drawn: int, progress: Progress) -> None:
        held_out = len(packed.held_out) >= FEWEST
        indices = packed.held_out if held_out else packed.train
        chosen = np.random.default_rng(0).permutation(indices)[:MOST_REAL]
        self._encoder: Encoder = encoder()
        self._real = cached_features(packed, self._encoder, np.sort(chosen), progress)
        self._real_diversity = diversity(self._real)
        others = np.setdiff1d(packed.train, chosen)
        beside = np.sort(np.random.default_rng(1).permutation(others)[:drawn])
        self._baseline = (
            {f"{name}_baseline": value for name, value in self._compared(packed, beside, progress).items()}
            if len(beside) >= FEWEST
            else {}
        )

    @classmethod
    def possible(cls, packed: PackedSet, drawn: int) -> bool:
        """Whether there are enough drawn and real pictures for any number at all."""
        return drawn >= FEWEST and max(len(packed.held_out), len(packed.train)) >= FEWEST

    def scores(self, pictures: NDArray[np.uint8]) -> dict[str, float]:
        """KID (not multiplied) with its sd, precision, recall, coverage; real pictures' own as NAME_baseline."""
        features = self._encoder.encode(pictures)
        said = {"diversity": diversity(features), "diversity_baseline": self._real_diversity}
        return {**_scores(self._real, features), **said, **self._baseline}

    def _compared(self, packed: PackedSet, indices: NDArray[np.int64], progress: Progress) -> dict[str, float]:
        return _scores(self._real, cached_features(packed, self._encoder, indices, progress))


def diversity(features: NDArray[np.float32]) -> float:
    """How much features [N, D] differ from each other: the root of their total variance."""
    return float(np.sqrt(features.astype(np.float64).var(axis=0).sum()))


def _scores(real: NDArray[np.float32], fake: NDArray[np.float32]) -> dict[str, float]:
    distance = kid(real, fake, subsets=SUBSETS)
    shares = manifold_scores(real, fake)
    return {
        "kid": distance.mean,
        "kid_sd": distance.sd,
        "precision": shares.precision,
        "recall": shares.recall,
        "coverage": shares.coverage,
    }
