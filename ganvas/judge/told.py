"""Does a generator draw what it is told? A classifier of its labels answers, beside its answers to real pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganvas.judge.classifier.marks import marks_of
from ganvas.judge.scorecard import LabelScores, Score, Scorecard, with_scores
from ganvas.pictures.packed import PackedSet

if TYPE_CHECKING:
    from ganvas.judge.classifier.classifier import Classifier
    from ganvas.judge.classifier.settings import ClassifierSettings

MOST_REAL = 2000
Numbers = NDArray[np.int64]


def with_answers(
    card: Scorecard,
    classifier: Classifier,
    pictures: NDArray[np.uint8],
    told: Sequence[str],
    packed: PackedSet,
) -> Scorecard:
    """The card with the share of pictures uint8 [N, C, H, W] in which the classifier sees what they were told.

    Over all, and first in each label's row; beside it what it sees in the real pictures it was never taught with.
    The classifier has learned the labels of this very set.
    """
    names = tuple(packed.label_names)
    asked = np.array([names.index(label) for label in told[: card.n]], np.int64)
    drawn = marks_of(classifier.logits(pictures[: card.n]), asked, names)
    real = unseen(packed, classifier.settings)
    usual = (
        marks_of(classifier.logits(np.asarray(packed.images[real])), packed.labels[real], names) if len(real) else None
    )
    card = with_scores(card, Score("as_told", drawn.accuracy, usual.accuracy if usual else None))
    rows = {row.label: row for row in card.labels}
    for name, share in drawn.by_label.items():
        if share is not None:
            score = Score("as_told", share, usual.by_label[name] if usual else None)
            row = rows.get(name, LabelScores(name, told[: card.n].count(name), ()))
            rows[name] = replace(row, scores=(score, *row.scores))
    return replace(card, labels=tuple(rows[name] for name in names if name in rows))


def unseen(packed: PackedSet, settings: ClassifierSettings) -> Numbers:
    """Places in the set of the labelled pictures that a classifier of these settings is tested on, 2,000 at most."""
    from ganvas.judge.classifier.examples import examples_of_set

    test = examples_of_set(packed, settings).test
    return np.sort(np.random.default_rng(settings.seed).permutation(test)[:MOST_REAL])
