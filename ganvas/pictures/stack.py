"""Sheets one above the other on one: `stacked([dropped, kept])`."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from ganvas.errors import InputError
from ganvas.pictures.sheet import GAP

APART_PX = 10


def stacked(images: Sequence[Image.Image], apart_px: int = APART_PX) -> Image.Image:
    """Images under each other, flush left on the paper of sheets; gray where all are. Raises InputError for none."""
    if not images:
        raise InputError("there is no sheet to stack")
    mode = "L" if all(image.mode == "L" for image in images) else "RGB"
    size = (max(image.width for image in images), sum(image.height + apart_px for image in images) - apart_px)
    canvas = Image.new(mode, size, GAP if mode == "L" else (GAP, GAP, GAP))
    top = 0
    for image in images:
        canvas.paste(image.convert(mode), (0, top))
        top += image.height + apart_px
    return canvas
