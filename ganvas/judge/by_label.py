"""The scores of every label by itself: a generator may draw nine kinds well and the tenth not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ganvas.judge.comparison import FEWEST
from ganvas.judge.scorecard import LabelScores, Scorecard, score_features
from ganvas.scores.neighbours import Features

SUBSETS = 20  # for the KID of a label: as good as a hundred of so few pictures, and five times as quick


@dataclass(frozen=True)
class Labelled:
    """Features [N, D] and what each picture shows, or was told to show: a place among the set's labels, -1 for none."""

    features: Features
    labels: NDArray[np.int64]

    def of(self, label: int) -> Features:
        chosen: Features = self.features[self.labels == label]
        return chosen


def with_labels(
    card: Scorecard, real: Labelled, fake: Labelled, baseline: Labelled, names: Sequence[str], seed: int = 0
) -> Scorecard:
    """The card with a row for each label that has 20 pictures of each kind; the others are named in a remark."""
    rows, few = [], []
    for label, name in enumerate(names):
        theirs, mine, others = (side.of(label) for side in (real, fake, baseline))
        if min(len(theirs), len(mine), len(others)) < FEWEST:
            few.append(name)
        else:
            rows.append(LabelScores(name, len(mine), score_features(theirs, mine, others, seed, SUBSETS).scores))
    said = [f"too few pictures to score these labels by themselves: {', '.join(few)}"] if few else []
    return replace(card, labels=tuple(rows), remarks=(*card.remarks, *said))
