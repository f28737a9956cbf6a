"""Studios and small pictures for the tests of collecting."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.progress import Task
from ganvas.studio import StudioFolder

Paint = Callable[..., bytes]


class Notes:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps = 0.0
        self.total: float | None = None

    def note(self, line: str) -> None:
        self.lines.append(line)

    @contextmanager
    def task(self, label: str, total: float | None, unit: str = "") -> Iterator[Task]:
        self.total = total
        yield self

    def advance(self, steps: float = 1) -> None:
        self.steps += steps

    def describe(self, text: str) -> None: ...


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[StudioFolder]:
    folder = StudioFolder.create(tmp_path / "studio")
    yield folder
    folder.catalog.close()


@pytest.fixture
def paint() -> Paint:
    """`paint(seed)`: the bytes of a small picture that no other seed gives."""

    def one(seed: int, format_name: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, format_name)
        return stream.getvalue()

    return one


@pytest.fixture
def write(paint: Paint) -> Callable[[Path, list[str]], Path]:
    """`write(folder, ["cat/1.png", …])`: a picture of its own at each path; returns the folder."""

    def many(folder: Path, names: list[str]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for seed, name in enumerate(names):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(paint(seed))
        return folder

    return many
