"""What to tell the generator: nothing, the label, or the label's word; as asked, or as the pictures allow."""

from __future__ import annotations

from ganvas.errors import SettingsError
from ganvas.pictures.packed import PackedSet
from ganvas.train.condition import Conditions
from ganvas.train.settings import TrainSettings

FEWEST_A_LABEL = 10
AS_ASKED = "as asked"


def choose_condition(asked: TrainSettings, packed: PackedSet) -> tuple[Conditions, str]:
    """The conditions of a run on this set, and why. Raises SettingsError where the pictures cannot be told apart so."""
    names, counts = packed.label_names, packed.label_counts
    unlabelled = int((packed.labels[packed.train] < 0).sum())
    if asked.condition in ("label", "word"):
        _check(asked.condition, packed, unlabelled)
        if asked.condition == "label":
            return Conditions.of_labels(names, counts), AS_ASKED
        told = _by_word(asked, packed)
        return told, AS_ASKED + _of_one_word(told)
    labelled = len(names) >= 2 and min(counts) >= FEWEST_A_LABEL and not unlabelled
    if asked.condition == "none":
        return Conditions.none(), AS_ASKED
    if not labelled:
        return Conditions.none(), "the set has no two labels with enough pictures each, or pictures without one"
    return (
        Conditions.of_labels(names, counts),
        f"{len(names)} labels, the rarest with {min(counts):,} pictures: told apart they are learned quicker",
    )


def _check(condition: str, packed: PackedSet, unlabelled: int) -> None:
    if len(packed.label_names) < 2:
        raise SettingsError(
            f"set {packed.name} has {len(packed.label_names)} labels: --condition {condition} needs two or more; "
            "train with --condition none"
        )
    if unlabelled:
        raise SettingsError(
            f"{unlabelled:,} training pictures of set {packed.name} have no label: make a set without them, or train "
            "with --condition none"
        )
    untrained = [name for name, count in zip(packed.label_names, packed.label_counts, strict=True) if count == 0]
    if untrained:
        raise SettingsError(
            f"label {untrained[0]!r} of set {packed.name} has no training picture: make a set without it, or with "
            "another --split"
        )


def _of_one_word(told: Conditions) -> str:
    assert told.words is not None
    by_word: dict[str, list[str]] = {}
    for label, word in zip(told.words.labels, told.words.words, strict=True):
        by_word.setdefault(word.casefold(), []).append(label)
    same = next((labels for labels in by_word.values() if len(labels) > 1), None)
    return "" if same is None else f"; {' and '.join(same)} are of one word: --alias tells them apart"


def _by_word(asked: TrainSettings, packed: PackedSet) -> Conditions:
    from ganvas.encode.words import word_encoder
    from ganvas.encode.words.learned import learned_words

    words = learned_words(packed.label_names, word_encoder(asked.words), asked.alias)
    return Conditions.of_words(words, packed.label_counts, asked.word_design)
