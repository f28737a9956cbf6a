"""The classification accuracy score: what a classifier learns from generated pictures alone, tested on real ones.

Ravuri & Vinyals 2019 (arXiv 1905.10887): the same classifier learns once from generated and once from real pictures;
how much worse the first does is what the generator leaves out of its labels, or puts under the wrong ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import InputError
from ganvas.judge.classifier.classifier import Classifier
from ganvas.judge.classifier.examples import Examples, Indices, examples_of, examples_of_set
from ganvas.judge.classifier.learning import learn
from ganvas.judge.classifier.plan import make_plan
from ganvas.judge.classifier.settings import ClassifierSettings
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Progress, Silent


@dataclass(frozen=True)
class SubstituteScore:
    """Accuracies 0 … 1 on the same real held-out pictures: learned from generated pictures, and from as many real."""

    from_drawn: float
    from_real: float
    learned_from: int
    tested_on: int
    remarks: tuple[str, ...] = ()


def classification_accuracy_score(
    drawn: NDArray[np.uint8],
    drawn_labels: Sequence[str],
    packed: PackedSet,
    settings: ClassifierSettings,
    progress: Progress | None = None,
) -> SubstituteScore:
    """Learn from drawn pictures uint8 [N, C, H, W] and from as many real ones of `packed`; test both on its held-out.

    `drawn_labels` are N names of labels of the set. Both learn with the same settings, so the same budget each. Raises
    InputError where the drawn pictures are of another size, or a label has fewer than two of them.
    """
    progress = progress or Silent()
    real = examples_of_set(packed, settings)
    if drawn.shape[1:] != packed.images.shape[1:]:
        drawn_shape, real_shape = list(drawn.shape[1:]), list(packed.images.shape[1:])
        raise InputError(f"drawn pictures of {drawn_shape} cannot stand in for real ones of {real_shape}")
    told = np.array([packed.label_names.index(label) for label in drawn_labels], np.int64)
    fake = examples_of(drawn, told, packed.label_names, settings)
    progress.note(f"learning from {len(drawn):,} generated pictures")
    as_many = _as_many(real, fake, settings.seed)
    settings = make_plan(settings, as_many).settings  # one plan for both, of the real pictures
    from_drawn = learn(fake, settings, progress)
    progress.note(f"learning from {len(as_many.train) + len(as_many.validation):,} real pictures")
    from_real = learn(as_many, settings, progress)
    drawn_share, real_share = (_accuracy(learned, real) for learned in (from_drawn, from_real))
    return SubstituteScore(drawn_share, real_share, len(fake.train), len(real.test), real.remarks)


def _as_many(real: Examples, fake: Examples, seed: int) -> Examples:
    """As many real pictures to learn from and to validate with as there are generated ones.

    Without the set they are of, whose cached features would give them a head start.
    """
    train, validation = (
        _some(real, part, len(drawn), seed)
        for part, drawn in ((real.train, fake.train), (real.validation, fake.validation))
    )
    return replace(real, train=train, validation=validation, packed=None)


def _some(real: Examples, part: Indices, most: int, seed: int) -> Indices:
    """At most so many of them, the first of each label kept."""
    shuffled = np.random.default_rng(seed).permutation(part)
    labels = real.labels[shuffled]
    first = [np.flatnonzero(labels == label)[0] for label in np.unique(labels)]
    order = np.concatenate([shuffled[first], np.delete(shuffled, first)])
    return np.sort(order[: max(most, len(first))])


def _accuracy(classifier: Classifier, real: Examples) -> float:
    answers = classifier.logits(np.asarray(real.pictures[real.test])).argmax(axis=1)
    return float((answers == real.labels[real.test]).mean())
