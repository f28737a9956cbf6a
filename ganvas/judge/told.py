"""Does a generator draw what it is told? A classifier of its labels answers, beside its answers to real pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganvas.judge.comparison import choose_reals
from ganvas.judge.scorecard import LabelScores, Score, Scorecard, with_scores
from ganvas.pictures.packed import PackedSet

if TYPE_CHECKING:
    from ganvas.judge.classifier.classifier import Classifier

Numbers = NDArray[np.int64]


def with_answers(
    card: Scorecard,
    classifier: Classifier,
    pictures: NDArray[np.uint8],
    told: Sequence[str],
    packed: PackedSet,
    seed: int = 0,
) -> Scorecard:
    """The card with the share of pictures uint8 [N, C, H, W] in which the classifier sees what they were told.

    Over all, and first in each label's row. The classifier has learned the labels of this very set.
    """
    real = choose_reals(packed, card.n, seed).judging
    real = real[packed.labels[real] >= 0]
    asked = np.array([packed.label_names.index(label) for label in told[: card.n]], np.int64)
    answers = classifier.logits(pictures[: card.n]).argmax(axis=1)
    real_answers, shown = classifier.logits(np.asarray(packed.images[real])).argmax(axis=1), packed.labels[real]
    card = with_scores(card, Score("as_told", _share(answers, asked), _share(real_answers, shown)))
    rows = {row.label: row for row in card.labels}
    for label, name in enumerate(packed.label_names):
        mine, theirs = asked == label, shown == label
        if mine.any():
            usual = _share(real_answers[theirs], shown[theirs]) if theirs.any() else None
            score = Score("as_told", _share(answers[mine], asked[mine]), usual)
            row = rows.get(name, LabelScores(name, int(mine.sum()), ()))
            rows[name] = replace(row, scores=(score, *row.scores))
    return replace(card, labels=tuple(rows[name] for name in packed.label_names if name in rows))


def _share(answers: Numbers, right: Numbers) -> float:
    return float((answers == right).mean())
