"""Originals as pictures of one size, for sheets to look at: `shown(studio, sha256s)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.pictures.read import UnreadablePicture, read_picture
from ganvas.pictures.resize import as_channels, fit
from ganvas.studio import StudioFolder
from ganvas.workers import processors

SHOWN_PX = 96
PAPER = "#eeeeee"
PAPER_GRAY = 0xEE
Box = tuple[int, int, int, int]


def shown(
    studio: StudioFolder,
    sha256s: Sequence[str],
    size_px: int = SHOWN_PX,
    trims: Mapping[str, Box] | None = None,
) -> NDArray[np.uint8]:
    """The originals uint8 [N, 3, size, size], whole within a square of paper; one that cannot be read is paper only.

    Of an image in `trims` only that box is shown. Large JPEGs are decoded at a fraction of their size.
    """
    pictures = np.full((len(sha256s), 3, size_px, size_px), PAPER_GRAY, np.uint8)
    boxes = [(trims or {}).get(sha256) for sha256 in sha256s]
    with ThreadPoolExecutor(processors()) as threads:  # decoding lets go of Python's lock
        drawn = threads.map(partial(_drawn, size_px), [studio.image_path(sha256) for sha256 in sha256s], boxes)
        for picture, pixels in zip(pictures, drawn, strict=True):
            if pixels is not None:
                picture[:] = pixels
    return pictures


def _drawn(size_px: int, path: Path, box: Box | None) -> NDArray[np.uint8] | None:
    try:
        picture = read_picture(path.read_bytes(), enough_px=2 * size_px)
    except (OSError, UnreadablePicture):
        return None
    pixels = picture.pixels
    if box is not None:
        across, down = pixels.shape[1] / picture.info.width, pixels.shape[0] / picture.info.height
        left, right = round(box[0] * across), round(box[2] * across)
        top, bottom = round(box[1] * down), round(box[3] * down)
        pixels = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    return as_channels(fit(pixels, size_px, size_px, "pad", PAPER), 3).transpose(2, 0, 1)
