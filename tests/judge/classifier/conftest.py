"""Small real studios to classify in: stripes that lie, stand or cross, gray or in colour, wider than high."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganvas.catalog import SetRow
from ganvas.pictures.packed import PackedSet, write_description
from ganvas.progress import Silent
from ganvas.studio import StudioFolder

KINDS = ("lying", "slanting", "standing")
QUICK = {
    "backbone": "scratch",
    "width": 4,
    "depth": 1,
    "batch": 16,
    "precision": "fp32",
    "augment": ["shift", "colour"],
}


class Notes(Silent):
    """A progress that remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


def stripes(kinds: np.ndarray, channels: int = 1, height: int = 16, width: int = 20, seed: int = 0) -> np.ndarray:
    """Pictures uint8 [N, channels, height, width] of noisy stripes, by kind 0 (lying), 1 (slanting), 2 (standing)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width].astype(float)
    angles = np.array([0.0, np.pi / 4, np.pi / 2])[kinds] + rng.normal(0, 0.1, len(kinds))
    along = np.cos(angles)[:, None, None] * rows + np.sin(angles)[:, None, None] * columns
    waves = np.sin(along * rng.uniform(1.0, 1.6, (len(kinds), 1, 1)) + rng.uniform(0, 6, (len(kinds), 1, 1)))
    tint = rng.uniform(0.5, 1, (len(kinds), channels, 1, 1))
    pictures = 128 + 60 * tint * waves[:, None] + rng.normal(0, 25, (len(kinds), channels, height, width))
    return np.clip(pictures, 0, 255).astype(np.uint8)


def pack(
    studio: StudioFolder,
    name: str,
    pictures: np.ndarray,
    labels: list[str | None],
    held_out: int = 0,
    fingerprint: str = "",
) -> PackedSet:
    """A packed set in a studio, its last pictures held out."""
    folder = studio.sets / name
    folder.mkdir(exist_ok=True)
    np.save(folder / "images.npy", pictures)
    count, channels, height, width = pictures.shape
    names = sorted({label for label in labels if label is not None})
    facts = {"name": name, "count": count, "channels": channels, "height": height, "width": width, "labels": names}
    facts |= {"fingerprint": fingerprint or f"{name}-{count}".ljust(64, "0"), "fit": "stretch", "background": "#ffffff"}
    splits = ["held-out" if i >= count - held_out else "train" for i in range(count)]
    write_description(folder, facts, [(i, f"{i:064d}", labels[i], splits[i]) for i in range(count)])
    if studio.catalog.set_named(name) is None:
        now = dt.datetime.now(dt.UTC)
        studio.catalog.add_set(SetRow(name, height, width, channels, count, names, {}, facts["fingerprint"], now), [])
    return PackedSet.open(folder)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def empty_studio(tmp_path: Path) -> StudioFolder:
    return StudioFolder.create(tmp_path / "studio")


def stripe_set(studio: StudioFolder, channels: int = 1, count: int = 240, held_out: int = 60) -> PackedSet:
    kinds = np.arange(count) % 3
    return pack(studio, "stripes", stripes(kinds, channels), [KINDS[kind] for kind in kinds], held_out)


@pytest.fixture
def studio(empty_studio: StudioFolder) -> StudioFolder:
    """A studio with the set `stripes`: 180 gray pictures 20 wide and 16 high to learn from, 60 held out."""
    stripe_set(empty_studio)
    return empty_studio


@pytest.fixture
def quick() -> dict:
    """Settings of a classifier from nothing that learns in a second or two."""
    return dict(QUICK)


@pytest.fixture
def stripe_pictures() -> Callable[..., np.ndarray]:
    return stripes


@pytest.fixture
def packing() -> Callable[..., PackedSet]:
    return pack
