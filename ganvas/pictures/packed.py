"""A packed set, sets/NAME/: its pictures as one memory-mapped array, its labels and splits beside it.

`PackedSet.open(studio.sets / "fronts")` reads one; a batch is then `packed.images[indices]`. The files:
images.npy (uint8 N × C × H × W), set.json (what it is, how it was made), members.csv (one line a picture, in order).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import InputError

IMAGES_FILE = "images.npy"
SET_FILE = "set.json"
MEMBERS_FILE = "members.csv"
COLUMNS = ("position", "sha256", "label", "split")
TRAIN = "train"
VALIDATION = "validation"
HELD_OUT = "held-out"
SPLITS = (TRAIN, VALIDATION, HELD_OUT)


@dataclass(frozen=True)
class PackedSet:
    """N pictures of one size: `images` is uint8 [N, C, H, W], left on disk; `labels` index `label_names`, -1: none."""

    folder: Path
    name: str
    fingerprint: str
    images: NDArray[np.uint8] = field(repr=False)
    labels: NDArray[np.int64] = field(repr=False)
    label_names: list[str]
    split: NDArray[np.str_] = field(repr=False)
    sha256s: list[str] = field(repr=False)
    description: dict[str, Any] = field(repr=False)

    @classmethod
    def open(cls, folder: str | Path) -> PackedSet:
        """The set in this folder. Raises InputError where it is missing or its files do not fit together."""
        folder = Path(folder)
        if not folder.is_dir():
            raise InputError(f"no set in {folder}: make one with `ganvas set make {folder.name}`")
        try:
            return _read(folder)
        except (OSError, ValueError, KeyError, TypeError, EOFError, csv.Error) as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise InputError(f"set {folder} is damaged ({reason}): delete it and make it again") from error

    def __len__(self) -> int:
        return len(self.images)

    @property
    def channels(self) -> int:
        return int(self.images.shape[1])

    @property
    def height(self) -> int:
        return int(self.images.shape[2])

    @property
    def width(self) -> int:
        return int(self.images.shape[3])

    @property
    def train(self) -> NDArray[np.int64]:
        """Indices of the pictures to train on."""
        return np.flatnonzero(self.split == TRAIN)

    @property
    def validation(self) -> NDArray[np.int64]:
        """Indices of the pictures kept for choosing between settings; empty where the set was split in two."""
        return np.flatnonzero(self.split == VALIDATION)

    @property
    def held_out(self) -> NDArray[np.int64]:
        """Indices of the pictures kept for judging; may be empty."""
        return np.flatnonzero(self.split == HELD_OUT)

    @property
    def label_counts(self) -> list[int]:
        """How many training pictures each label has, in the order of `label_names`."""
        labels = self.labels[self.train]
        return [int(count) for count in np.bincount(labels[labels >= 0], minlength=len(self.label_names))]


def write_description(
    folder: Path, description: Mapping[str, Any], members: Iterable[tuple[int, str, str | None, str]]
) -> None:
    """Write set.json and members.csv; members are (position, sha256, label, split) in the order of the array."""
    with (folder / MEMBERS_FILE).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows((position, sha256, label or "", split) for position, sha256, label, split in members)
    text = json.dumps(description, indent=2, ensure_ascii=False)
    (folder / SET_FILE).write_text(text + "\n", encoding="utf-8")


def _read(folder: Path) -> PackedSet:
    description = json.loads((folder / SET_FILE).read_text(encoding="utf-8"))
    images = np.load(folder / IMAGES_FILE, mmap_mode="r", allow_pickle=False)
    shape = tuple(int(description[name]) for name in ("count", "channels", "height", "width"))
    if images.shape != shape or images.dtype != np.uint8:
        raise ValueError(f"{IMAGES_FILE} holds {images.dtype} {images.shape}, {SET_FILE} says uint8 {shape}")
    with (folder / MEMBERS_FILE).open(encoding="utf-8", newline="") as file:
        members = list(csv.DictReader(file))
    if [int(member["position"]) for member in members] != list(range(len(images))):
        raise ValueError(f"{MEMBERS_FILE} does not list the {len(images)} pictures in order")
    names = [str(name) for name in description["labels"]]
    index = {"": -1} | {name: number for number, name in enumerate(names)}
    return PackedSet(
        folder=folder,
        name=str(description["name"]),
        fingerprint=str(description["fingerprint"]),
        images=images,
        labels=np.array([index[member["label"]] for member in members], np.int64),
        label_names=names,
        split=np.array([member["split"] for member in members], np.str_),
        sha256s=[member["sha256"] for member in members],
        description=description,
    )
