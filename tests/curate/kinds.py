"""Made-up pictures of clearly different kinds, and an encoder quick enough for many of them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.catalog import FoundPicture
from ganvas.pictures.thumbnails import thumbnails
from ganvas.studio import StudioFolder

KINDS = ("stripes", "spots", "plain")


class Thumbnails:
    """Pictures as 8 × 8 means; counts what it looked at."""

    name, version, features, size_px = "thumbnails", "1", 192, 32

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, pictures: np.ndarray, progress: object = None) -> np.ndarray:
        self.seen += len(pictures)
        return thumbnails(pictures, 8).reshape(len(pictures), -1)


def drawn(kind: str, random: np.random.Generator) -> np.ndarray:
    """uint8 [40, 40, 3]."""
    y, x = np.mgrid[:40, :40]
    if kind == "stripes":
        bright = (y // 5 % 2 == 0) * 200 + 20
        colour = np.array([1.0, 0.3, 0.2])
    elif kind == "spots":
        bright = ((x % 10 - 5) ** 2 + (y % 10 - 5) ** 2 < 10) * 220 + 20
        colour = np.array([0.2, 0.9, 0.3])
    else:
        bright = np.full((40, 40), 180.0)
        colour = np.array([0.3, 0.4, 1.0])
    noise = random.normal(0, 6, (40, 40, 3))
    return np.clip(bright[:, :, None] * colour * random.uniform(0.85, 1.1) + noise, 0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def add_kinds(studio: StudioFolder, counts: dict[str, int], seed: int = 0) -> dict[str, list[str]]:
    """Store and record pictures of each kind; kind -> hashes."""
    random = np.random.default_rng(seed)
    hashes: dict[str, list[str]] = {}
    found = []
    for kind, count in counts.items():
        for _ in range(count):
            data = encoded(drawn(kind, random))
            sha256 = hashlib.sha256(data).hexdigest()
            path = studio.image_path(sha256)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            found.append(FoundPicture(sha256, len(data), "PNG", 40, 40, "RGB", 1, None, "kinds", sha256, label=kind))
            hashes.setdefault(kind, []).append(sha256)
    studio.catalog.add_found(found)
    return hashes


def folder_of(path: Path, kind: str, count: int, seed: int) -> Path:
    """A folder of example files."""
    path.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for i in range(count):
        (path / f"{kind}{i}.png").write_bytes(encoded(drawn(kind, random)))
    return path
