"""Pictures made up for tests of cleaning: a scene that every rule lets pass, what trips a rule, and studios of them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ganvas.catalog import FoundPicture
from ganvas.pictures.read import read_picture
from ganvas.studio import StudioFolder


def scene(seed: int = 0, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """A coloured picture with shades, edges and grain, as a photograph has."""
    random = np.random.default_rng(seed)
    width, height = size
    coarse = random.integers(20, 235, (6, 8, 3), np.uint8)
    canvas = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(canvas)
    for _ in range(24):
        left, top = int(random.integers(0, width)), int(random.integers(0, height))
        colour = tuple(int(level) for level in random.integers(0, 256, 3))
        draw.rectangle((left, top, left + width // 8, top + height // 10), fill=colour)
    grain = random.normal(0, 12, (height, width, 1))
    pixels = (np.asarray(canvas, np.float64) + grain).clip(0, 255)
    pixels[0, :, 0] = np.linspace(0, 255, width)  # no edge of one colour
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(image: Image.Image, format_name: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format_name, **options)
    return stream.getvalue()


def framed(inner: Image.Image, bars: tuple[int, int, int, int], colour: str = "black") -> Image.Image:
    """A picture with bars of (left, top, right, bottom) pixels."""
    left, top, right, bottom = bars
    canvas = Image.new(inner.mode, (inner.width + left + right, inner.height + top + bottom), colour)
    canvas.paste(inner, (left, top))
    return canvas


@pytest.fixture
def made() -> SimpleNamespace:
    """made.scene(seed, size), made.encoded(image, format), made.framed(image, bars, colour)."""
    return SimpleNamespace(scene=scene, encoded=encoded, framed=framed)


@pytest.fixture
def store(studio: StudioFolder) -> Callable[[dict[str, bytes]], dict[str, str]]:
    """Records pictures by name, as `ganvas add` does; returns their hashes by name."""

    def store_all(pictures: dict[str, bytes]) -> dict[str, str]:
        found = []
        for name, data in pictures.items():
            info = read_picture(data).info
            sha256 = hashlib.sha256(data).hexdigest()
            path = studio.image_path(sha256)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            shape = (info.width, info.height, info.mode, info.frames)
            key = f"/pictures!{name}#{len(data)}-1"
            found.append(FoundPicture(sha256, len(data), info.format, *shape, None, "folder", key))
        studio.catalog.add_found(found)
        return {name: picture.sha256 for name, picture in zip(pictures, found, strict=True)}

    return store_all
