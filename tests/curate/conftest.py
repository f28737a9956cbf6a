"""A studio with pictures in it, stored and recorded as `ganvas add` leaves them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganvas.catalog import FoundPicture
from ganvas.studio import StudioFolder

Add = Callable[..., list[str]]


class Notes:
    """Progress that keeps its lines, and calls back at every step."""

    def __init__(self, at_step: Callable[[float], None] = lambda done: None) -> None:
        self.lines: list[str] = []
        self.done = 0.0
        self._at_step = at_step

    def note(self, line: str) -> None:
        self.lines.append(line)

    @contextmanager
    def task(self, label: str, total: float | None, unit: str = "") -> Iterator[Notes]:
        self.label, self.total, self.unit = label, total, unit
        yield self

    def advance(self, steps: float = 1) -> None:
        self.done += steps
        self._at_step(self.done)

    def describe(self, text: str) -> None: ...


@pytest.fixture
def notes() -> type[Notes]:
    return Notes


@pytest.fixture
def studio(tmp_path: Path) -> StudioFolder:
    return StudioFolder.create(tmp_path / "studio")


@pytest.fixture
def add(studio: StudioFolder) -> Add:
    """add(count, size=(w, h), mode=, labels=, splits=, text=) -> hashes; each call adds other pictures."""
    random = np.random.default_rng(0)

    def add_pictures(
        count: int,
        size: tuple[int, int] = (12, 10),
        mode: str = "RGB",
        labels: Sequence[str | None] = (None,),
        splits: Sequence[str | None] = (None,),
        text: str | None = None,
    ) -> list[str]:
        found = []
        for n in range(count):
            data = _png(random, size, mode, text)
            sha256 = hashlib.sha256(data).hexdigest()
            path = studio.image_path(sha256)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            label, split = labels[n % len(labels)], splits[n % len(splits)]
            found.append(
                FoundPicture(sha256, len(data), "PNG", *size, mode, 1, None, "folder", sha256, label=label, split=split)
            )
        studio.catalog.add_found(found)
        return [picture.sha256 for picture in found]

    return add_pictures


def _png(random: np.random.Generator, size: tuple[int, int], mode: str, text: str | None) -> bytes:
    channels = len(mode)
    pixels = random.integers(0, 256, (size[1], size[0], channels), np.uint8)
    buffer = io.BytesIO()
    words = PngInfo()
    if text is not None:
        words.add_text("Comment", text)
    Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, mode).save(buffer, "PNG", pnginfo=words)
    return buffer.getvalue()
