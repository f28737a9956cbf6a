"""What a classifier learns from and is tested on: labelled pictures, divided by a seed so that no part sees another.

`examples_of_set(packed, settings)` for a set, `examples_of(pictures, labels, names, settings)` for arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ganvas.counted import counted
from ganvas.errors import InputError
from ganvas.judge.classifier.settings import ClassifierSettings
from ganvas.pictures.packed import PackedSet

FEWEST_A_LABEL = 2  # one to learn from, one to validate with
MOST_VALIDATION = 2_000  # an error of 0.7 % where 90 % are right; more only takes time from learning
TEST_SHARE = 0.1  # where the set holds nothing out

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """Pictures uint8 [N, C, H, W], labels int64 [N] that index `names` (-1: none), and which of them are for what.

    `packed` is the set they are of, where they are of one: features of its pictures are kept beside it.
    """

    pictures: NDArray[np.uint8] = field(repr=False)
    labels: Indices = field(repr=False)
    names: tuple[str, ...]
    train: Indices = field(repr=False)
    validation: Indices = field(repr=False)
    test: Indices = field(repr=False)
    remarks: tuple[str, ...] = ()
    packed: PackedSet | None = field(default=None, repr=False)

    @property
    def channels(self) -> int:
        return int(self.pictures.shape[1])

    @property
    def height(self) -> int:
        return int(self.pictures.shape[2])

    @property
    def width(self) -> int:
        return int(self.pictures.shape[3])

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many pictures of each label are learned from."""
        return np.bincount(self.labels[self.train], minlength=len(self.names))


def examples_of_set(packed: PackedSet, settings: ClassifierSettings) -> Examples:
    """Train on the set's training pictures, validate on its validation pictures, or on a part of those to train on
    where it has none, and test on those held out, or on a tenth where none are.

    Raises InputError where the labels are none, one, or one of them has too few pictures.
    """
    where = f"set {packed.name}"
    train, test, remarks = _labelled(packed.train, packed), _labelled(packed.held_out, packed), []
    validation = _labelled(packed.validation, packed)
    if unlabelled := len(packed) - len(train) - len(validation) - len(test):
        remarks.append(f"{unlabelled:,} pictures without a label are left out")
    if not len(test):
        _check(packed.labels[train], packed.label_names, where, (1 if len(validation) else FEWEST_A_LABEL) + 1)
        train, test = divide(packed.labels, train, TEST_SHARE, settings.seed)
        remarks.append(
            f"{where} holds no labelled picture out: {len(test):,} are kept for the test by seed {settings.seed}"
        )
    _check(packed.labels[train], packed.label_names, where, 1 if len(validation) else FEWEST_A_LABEL)
    if not len(validation):
        return _divided(packed.images, packed.labels, packed.label_names, train, test, settings, remarks, packed)
    if len(validation) > MOST_VALIDATION:
        chosen = np.random.default_rng((settings.seed, 0x5EED)).permutation(validation)[:MOST_VALIDATION]
        validation = np.sort(chosen)
    remarks.append(f"validated on {len(validation):,} validation pictures of {where}")
    names = tuple(packed.label_names)
    return Examples(packed.images, packed.labels, names, train, validation, test, tuple(remarks), packed)


def examples_of(
    pictures: NDArray[np.uint8], labels: Indices, names: Sequence[str], settings: ClassifierSettings
) -> Examples:
    """Train and validate on these arrays; nothing is kept for a test. Raises InputError as above."""
    labels = np.asarray(labels, np.int64)
    if len(labels) != len(pictures):
        raise InputError(f"{len(pictures)} pictures need as many labels, not {len(labels)}")
    train = np.flatnonzero(labels >= 0)
    _check(labels[train], names, "the pictures")
    return _divided(pictures, labels, names, train, train[:0], settings, [], None)


def divide(labels: Indices, among: Indices, share: float, seed: int) -> tuple[Indices, Indices]:
    """(kept, taken) of the pictures `among`: of each label this share, at least one, never its last one."""
    rng = np.random.default_rng((seed, 0x5EED))
    taken = []
    for label in np.unique(labels[among]):
        own = rng.permutation(among[labels[among] == label])
        taken.append(own[: min(max(1, round(len(own) * share)), len(own) - 1)])
    chosen = np.sort(np.concatenate(taken)) if taken else among[:0]
    return np.setdiff1d(among, chosen), chosen


def _divided(
    pictures: NDArray[np.uint8],
    labels: Indices,
    names: Sequence[str],
    train: Indices,
    test: Indices,
    settings: ClassifierSettings,
    remarks: list[str],
    packed: PackedSet | None,
) -> Examples:
    share = min(settings.validation, MOST_VALIDATION / len(train))
    train, validation = divide(labels, train, share, settings.seed)
    return Examples(pictures, labels, tuple(names), train, validation, test, tuple(remarks), packed)


def _labelled(indices: Indices, packed: PackedSet) -> Indices:
    return indices[packed.labels[indices] >= 0]


def _check(labels: Indices, names: Sequence[str], where: str, fewest: int = FEWEST_A_LABEL) -> None:
    counts = np.bincount(labels, minlength=len(names))
    if not counts.any():
        raise InputError(f"{where} has no labels to learn: add pictures in one folder a label, then make a set of them")
    if len(names) == 1:
        raise InputError(f"{where} has one label, {names[0]!r}, and nothing to tell it from: add pictures of another")
    for name, count in zip(names, counts, strict=True):
        if count < fewest:
            raise InputError(
                f"label {name!r} of {where} has {counted(int(count), 'picture')} to learn from, "
                f"{counted(fewest, 'is needed', 'are needed')}: "
                "add more of it, or make a set without it"
            )
