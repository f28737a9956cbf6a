"""Several sheets under one title, each with what it shows above it: `banded("cluster 2", bands, columns=10)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.pictures.lettering import write
from ganvas.pictures.sheet import GAP, sheet

TITLE_PX = 18
TITLE_ROOM_PX = 30
BETWEEN_PX = 10


@dataclass(frozen=True)
class Band:
    """Pictures uint8 [N, 3, H, W], a caption each, and what they are."""

    label: str
    pictures: NDArray[np.uint8]
    captions: Sequence[str] | None = None


def ends_and_between(count: int, most: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Which of so many ordered pictures to show, each once: the first, the last (last first), and some by seed between.

    At most `most` of either. Where there are few, the first come before the last, and those before the ones between.
    """
    first, rest = np.arange(count)[:most], np.arange(count)[most:]
    between = rest[: max(0, len(rest) - most)]
    drawn = np.random.default_rng(seed).permutation(len(between))[:most]
    return first, rest[::-1][:most], between[np.sort(drawn)]


def banded(title: str, bands: Sequence[Band], columns: int) -> Image.Image:
    """The bands one below the other. Raises InputError for a band without pictures."""
    parts = [
        sheet(band.pictures, columns=columns, captions=band.captions, header=band.label).convert("RGB")
        for band in bands
    ]
    width = max(part.width for part in parts)
    height = TITLE_ROOM_PX + sum(part.height + BETWEEN_PX for part in parts)
    canvas = Image.new("RGB", (width, height), (GAP, GAP, GAP))
    write(canvas, (6, 6), title, TITLE_PX, width - 12)
    top = TITLE_ROOM_PX
    for part in parts:
        canvas.paste(part, (0, top))
        top += part.height + BETWEEN_PX
    return canvas
