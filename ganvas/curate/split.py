"""Which pictures to train on and which to hold out: `split_pictures(members, "90/10", seed=0)`. A pure function.

Stratified: each label gives its share. Seeded by hashing, so it depends on the pictures and the seed alone: not on
their order, the machine or NumPy's version.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ganvas.errors import InputError, did_you_mean
from ganvas.pictures.packed import HELD_OUT, TRAIN

DEFAULT = "90/10"
WORDS = ("auto", "given", "90/10")
HINTS = {TRAIN: TRAIN, HELD_OUT: HELD_OUT, "test": HELD_OUT, "val": HELD_OUT, "validation": HELD_OUT}


@dataclass(frozen=True)
class Candidate:
    """A picture to be split: its hash, its label, and the split that its source names for it."""

    sha256: str
    label: str | None
    hint: str | None


def split_pictures(members: Sequence[Candidate], how: str = "auto", seed: int = 0) -> tuple[list[str], str]:
    """The split of each picture, "train" or "held-out", and how it came about.

    "90/10" (any two shares of 100) holds out that share of each label: at least one picture of two or more, never all,
    and the only picture of a label after all others. "given" takes what the source says, "train" where it says nothing.
    "auto" is "given" if the source names both splits and speaks of every picture, else "90/10".
    Raises InputError for a word that is none of these, and for a split that would leave nothing to train on.
    """
    share = _held_out_share(how)
    hints = [HINTS.get(member.hint or "") for member in members]
    if how == "given" or (how == "auto" and {*hints} == {TRAIN, HELD_OUT}):
        if members and not any(hint != HELD_OUT for hint in hints):
            raise InputError("every picture is given as held out, which leaves nothing to train on: use --split 90/10")
        return [hint or TRAIN for hint in hints], "as given by the source"
    return _stratified(members, share, seed), f"{DEFAULT if how == 'auto' else how}, seed {seed}"


def check_split(how: str) -> None:
    """Raises InputError where `how` is none of the ways to split."""
    _held_out_share(how)


def _held_out_share(how: str) -> float:
    shares = re.fullmatch(r"(\d{1,3})/(\d{1,3})", DEFAULT if how in ("auto", "given") else how)
    if shares is None:
        raise InputError(f"--split {how!r} is none of auto, given, or shares as 90/10.{did_you_mean(how, WORDS)}")
    train, held_out = int(shares[1]), int(shares[2])
    if train + held_out != 100 or train == 0:
        raise InputError(f"--split {how} cannot be: two shares that add up to 100, the first over 0, as 90/10")
    return held_out / 100


def _stratified(members: Sequence[Candidate], share: float, seed: int) -> list[str]:
    groups: dict[str | None, list[tuple[str, int]]] = {}
    for index, member in enumerate(members):
        groups.setdefault(member.label, []).append((_ticket(member.sha256, seed), index))
    # A picture's place in its shuffled label, from 0 to 1. Whoever is highest over all labels is held out: that takes
    # the same share of each to within one picture.
    places = [
        ((place + 0.5) / len(group) if len(group) > 1 else 0.0, ticket, index)
        for group in groups.values()
        for place, (ticket, index) in enumerate(sorted(group))
    ]
    wanted = round(len(members) * share)
    if share > 0 and len(members) > 1:
        wanted = min(max(wanted, 1), len(members) - 1)
    held_out = {index for _, _, index in sorted(places, reverse=True)[: min(wanted, len(members) - 1)]}
    return [HELD_OUT if index in held_out else TRAIN for index in range(len(members))]


def _ticket(sha256: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{sha256}".encode()).hexdigest()
