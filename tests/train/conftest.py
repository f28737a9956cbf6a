"""A small real studio to train in: 96 labelled pictures, light above and dark below or the other way round."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from ganvas.catalog import SetRow
from ganvas.pictures.packed import PackedSet, write_description
from ganvas.progress import Silent
from ganvas.studio import StudioFolder

TINY = {
    "budget": "640-images",
    "batch": 16,
    "ticks": 4,
    "sheet": 16,
    "light_judge": 0,
    "judge_every": 1,
    "network": {"name": "dcgan", "generator_filters": 4, "discriminator_filters": 4, "conv_layers": 2, "latent": 8},
}


@pytest.fixture
def tiny() -> dict:
    """Settings of a training that takes a second or two."""
    return {**TINY, "network": dict(TINY["network"])}


class Notes(Silent):
    """A progress that remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def studio(tmp_path: Path) -> StudioFolder:
    studio = StudioFolder.create(tmp_path / "studio")
    packed_set(studio, "halves")
    return studio


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> PackedSet:
    """The same pictures at 8 × 8, for steps without files."""
    studio = StudioFolder.create(tmp_path_factory.mktemp("toys") / "studio")
    packed_set(studio, "toys", size=(8, 8))
    return PackedSet.open(studio.sets / "toys")


def packed_set(studio: StudioFolder, name: str, count: int = 96, size: tuple[int, int] = (20, 16)) -> None:
    """A packed set of gray pictures [1, 20, 16], half of each label, the last sixth held out."""
    rng = np.random.default_rng(0)
    height, width = size
    fall = np.linspace(220, 30, height)[:, None]
    labels = [("light above", "light below")[i % 2] for i in range(count)]
    pictures = [
        (fall if label == "light above" else fall[::-1]) + rng.normal(0, 8, (height, width)) for label in labels
    ]
    folder = studio.sets / name
    folder.mkdir()
    np.save(folder / "images.npy", np.clip(pictures, 0, 255).astype(np.uint8)[:, None])
    facts = {"name": name, "count": count, "channels": 1, "height": height, "width": width}
    facts |= {"labels": sorted(set(labels)), "fingerprint": f"{name}-{count}"}
    splits = ["held-out" if i >= count * 5 // 6 else "train" for i in range(count)]
    write_description(folder, facts, [(i, f"{i:064d}", labels[i], splits[i]) for i in range(count)])
    row = SetRow(name, height, width, 1, count, sorted(set(labels)), {}, f"{name}-{count}", dt.datetime.now(dt.UTC))
    studio.catalog.add_set(row, [])
