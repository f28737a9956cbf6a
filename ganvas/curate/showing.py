"""Originals as pictures of one size, for sheets to look at: `shown(studio, sha256s)`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ganvas.curate.packer import Recipe, Refusal, pixels_of
from ganvas.studio import StudioFolder

SHOWN_PX = 96
PAPER = "#eeeeee"
PAPER_GRAY = 0xEE


def shown(studio: StudioFolder, sha256s: Sequence[str], size_px: int = SHOWN_PX) -> NDArray[np.uint8]:
    """The originals uint8 [N, 3, size, size], whole within a square of paper; one that cannot be read is paper only."""
    recipe = Recipe(size_px, size_px, 3, "pad", PAPER)
    pictures = np.full((len(sha256s), 3, size_px, size_px), PAPER_GRAY, np.uint8)
    for i, sha256 in enumerate(sha256s):
        pixels = pixels_of(studio.image_path(sha256), sha256, recipe)
        if not isinstance(pixels, Refusal):
            pictures[i] = pixels
    return pictures
