"""Which pictures to train on, to validate with, to hold out: `split_pictures(members, "80/10/10", seed=0)`.

Pure functions. Stratified: each label gives its share. Grouped: pictures that show the same stay together. Seeded by
hashing, so it depends on the pictures and the seed alone: not on their order, the machine or NumPy's version.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ganvas.counted import counted
from ganvas.errors import InputError, did_you_mean
from ganvas.pictures.packed import HELD_OUT, TRAIN, VALIDATION

DEFAULT = "90/10"
WORDS = ("auto", "given", "90/10", "80/10/10")
HINTS = {TRAIN: TRAIN, HELD_OUT: HELD_OUT, "test": HELD_OUT, "val": VALIDATION, "validation": VALIDATION}
FIRST = (HELD_OUT, VALIDATION, TRAIN)  # which split a group goes to that was given to several


@dataclass(frozen=True)
class Candidate:
    """A picture to be split: its hash, its label, the split that its source names for it.

    `group` is the same for pictures that show the same; `kept` is the split it has in an older version of the set.
    """

    sha256: str
    label: str | None
    hint: str | None
    group: int | None = None
    kept: str | None = None


@dataclass(frozen=True)
class Shares:
    """Shares of 1 that are not trained on."""

    validation: float
    held_out: float
    parts: int


@dataclass
class _Unit:
    """Pictures that go the same way: one, or a group."""

    ticket: str
    indices: list[int]
    label: str | None
    place: float = 0.0
    alone: bool = False  # all that its label has


def split_pictures(members: Sequence[Candidate], how: str = "auto", seed: int = 0) -> tuple[list[str], str]:
    """The split of each picture, "train", "validation" or "held-out", and how it came about.

    "90/10" (any two shares of 100) holds out that share of each label: at least one picture of two or more, never all,
    and the only picture of a label after all others. "80/10/10" (any three) gives the second to validation; there, the
    only picture of a label is always trained on. "given" takes what the source says, "train" where it says nothing.
    "auto" is "given" if the source names train and held-out and speaks of every picture, else "90/10".
    A picture with a `kept` split keeps it, and its group follows: to train where any of it is trained on. Raises
    InputError for a word that is none of these, and for a split that would leave nothing to train on.
    """
    shares = _shares(how)
    hints = _hints(members)
    if how == "given" or (how == "auto" and {TRAIN, HELD_OUT} <= {*hints} <= {*FIRST}):
        if members and not any(hint in (TRAIN, None) for hint in hints):
            raise InputError("every picture is given as held out, which leaves nothing to train on: use --split 90/10")
        splits, told = _given(members, [hint or TRAIN for hint in hints])
    else:
        splits, alone = _stratified(members, shares, seed)
        told = f"{DEFAULT if how == 'auto' else how}, seed {seed}{alone}"
    apart = sum(len({splits[index] for index in indices}) > 1 for indices in _groups(members).values())
    return splits, told + (f"; {apart:,} groups lie on both sides, as in the version before" if apart else "")


def check_split(how: str) -> None:
    """Raises InputError where `how` is none of the ways to split."""
    _shares(how)


def _shares(how: str) -> Shares:
    found = re.fullmatch(r"(\d{1,3})/(\d{1,3})(?:/(\d{1,3}))?", DEFAULT if how in ("auto", "given") else how)
    if found is None:
        raise InputError(f"--split {how!r} is none of auto, given, or shares as 90/10.{did_you_mean(how, WORDS)}")
    shares = [int(share) for share in found.groups() if share is not None]
    if sum(shares) != 100 or shares[0] == 0:
        raise InputError(
            f"--split {how} cannot be: two or three shares that add up to 100, the first over 0, as 90/10 or 80/10/10"
        )
    if len(shares) == 3 and 0 in shares:
        raise InputError(f"--split {how} cannot be: of three shares none is 0; two are train and held-out, as 90/10")
    return Shares(shares[1] / 100 if len(shares) == 3 else 0.0, shares[-1] / 100, len(shares))


def _hints(members: Sequence[Candidate]) -> list[str | None]:
    """A source that names no held-out pictures means by validation what is held out here."""
    hints = [HINTS.get(member.hint or "") for member in members]
    return hints if HELD_OUT in hints else [HELD_OUT if hint == VALIDATION else hint for hint in hints]


def _given(members: Sequence[Candidate], hints: list[str]) -> tuple[list[str], str]:
    splits = [member.kept or hint for member, hint in zip(members, hints, strict=True)]
    moved = 0
    for indices in _groups(members).values():
        had = [kept for index in indices if (kept := members[index].kept)]
        together = _side(had) if had else min((splits[index] for index in indices), key=FIRST.index)
        for index in indices:
            if splits[index] != together and members[index].kept is None:
                splits[index] = together
                moved += 1
    if members and TRAIN not in splits:
        raise InputError("what is given as train shows the same as what is held out: use --split 90/10")
    followed = f"; {counted(moved, 'picture')} moved to the side of those that show the same" if moved else ""
    return splits, f"as given by the source{followed}"


def _stratified(members: Sequence[Candidate], shares: Shares, seed: int) -> tuple[list[str], str]:
    splits = [member.kept or "" for member in members]
    _follow(members, splits)
    units = _units(members, splits, seed)
    only = [unit for unit in units if unit.alone and shares.parts == 3]
    units = sorted((unit for unit in units if not (unit.alone and shares.parts == 3)), key=_highest, reverse=True)
    to_train = len(members) - splits.count(HELD_OUT) - splits.count(VALIDATION)
    for part, share in ((HELD_OUT, shares.held_out), (VALIDATION, shares.validation)):
        wanted = _wanted(len(members), share, shares.parts) - splits.count(part)
        taken = _taken(units, min(wanted, to_train - 1), to_train - 1)
        for index in (index for place in taken for index in units[place].indices):
            splits[index] = part
            to_train -= 1
        units = [unit for place, unit in enumerate(units) if place not in taken]
    names = sorted({unit.label or "(no label)" for unit in only})
    told = f"; a label of one picture goes to train: {', '.join(names[:5])}{'…' * (len(names) > 5)}" if names else ""
    return [split or TRAIN for split in splits], told


def _units(members: Sequence[Candidate], splits: Sequence[str], seed: int) -> list[_Unit]:
    """What is still to be split, each with its place in its shuffled label, from 0 to 1.

    Whoever is highest over all labels is held out: that takes the same share of each to within one picture.
    """
    labels: dict[str | None, list[_Unit]] = {}
    for indices in _together(members, splits):
        ticket, first = min((_ticket(members[index].sha256, seed), index) for index in indices)
        labels.setdefault(members[first].label, []).append(_Unit(ticket, indices, members[first].label))
    of_label = Counter(member.label for member in members)
    for label, units in labels.items():
        total, before = sum(len(unit.indices) for unit in units), 0
        for unit in sorted(units, key=lambda unit: (unit.ticket, unit.indices[0])):
            size = len(unit.indices)
            unit.alone = size == of_label[label]
            unit.place = (before + 0.5 * size) / total if total > 1 else 0.0
            before += size
    return [unit for units in labels.values() for unit in units]


def _together(members: Sequence[Candidate], splits: Sequence[str]) -> list[list[int]]:
    """The pictures without a split, those of one group in one list."""
    lists: dict[int | str, list[int]] = {}
    for index, member in enumerate(members):
        if not splits[index]:
            lists.setdefault(f"alone {index}" if member.group is None else member.group, []).append(index)
    return list(lists.values())


def _highest(unit: _Unit) -> tuple[float, str, int]:
    return unit.place, unit.ticket, unit.indices[0]


def _follow(members: Sequence[Candidate], splits: list[str]) -> None:
    for indices in _groups(members).values():
        had = [splits[index] for index in indices if splits[index]]
        if had:
            together = _side(had)
            for index in indices:
                splits[index] = splits[index] or together


def _side(had: Sequence[str]) -> str:
    """Where a new picture of a group goes whose others have these: what shows the same as one learned by is no test."""
    return TRAIN if TRAIN in had else min(had, key=FIRST.index)


def _groups(members: Sequence[Candidate]) -> dict[int, list[int]]:
    """Group -> its members, where there are two or more."""
    groups: dict[int, list[int]] = {}
    for index, member in enumerate(members):
        if member.group is not None:
            groups.setdefault(member.group, []).append(index)
    return {group: indices for group, indices in groups.items() if len(indices) > 1}


def _wanted(count: int, share: float, parts: int) -> int:
    wanted = round(count * share)
    return min(max(wanted, 1), count - 1) if share > 0 and count >= parts else min(wanted, max(count - 1, 0))


def _taken(units: Sequence[_Unit], wanted: int, at_most: int) -> set[int]:
    """The places of the first units that together are no more than wanted; of the smallest where each is larger."""
    taken, count = set(), 0
    for place, unit in enumerate(units):
        if count + len(unit.indices) <= wanted:
            taken.add(place)
            count += len(unit.indices)
    if not taken and wanted > 0 and units:
        smallest = min(range(len(units)), key=lambda place: len(units[place].indices))
        return {smallest} if len(units[smallest].indices) <= at_most else set()
    return taken


def _ticket(sha256: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{sha256}".encode()).hexdigest()
