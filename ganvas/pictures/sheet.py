"""Many pictures on one: `save_png("samples.png", sheet(pictures))`.

The training loop draws the same latents at every tick, `ganvas draw` new ones, the report sets real ones beside them.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ganvas.errors import InputError
from ganvas.pictures.lettering import write
from ganvas.whole import write_whole

GAP = 238  # a paper gray: quiet beside light, dark and coloured pictures alike
CAPTION_PX = 12
LINE_PX = 14
FRAME_PX = 3
HEADER_PX = 15
VISIBLE_PX = 96  # the longer side that tiny pictures are enlarged towards
WIDEST_PX = 4096  # no enlarging beyond this
Colour = tuple[int, int, int]
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "lossless": True},
}


def sheet(
    pictures: NDArray[np.uint8],
    columns: int | None = None,
    captions: Sequence[str] | None = None,
    header: str | None = None,
    scale: int | None = None,
    gap_px: int = 2,
    frames: Sequence[Colour | None] | None = None,
) -> Image.Image:
    """One picture of pictures uint8 [N, C, H, W] (C is 1 or 3), row by row; as near to N columns by N rows as it goes.

    `scale` enlarges by whole numbers without smoothing, so that every pixel shown is one that was made; when not given,
    tiny pictures are enlarged to be visible. Captions (N, of one or more lines) stand under each picture, the header
    above them all. `frames` (N colours or None) are drawn around pictures, and cover nothing of them. The result is
    gray (mode L) when the pictures are and nothing is framed. Raises InputError when there is nothing to show.
    """
    _check(pictures, captions, frames)
    count, channels, height, width = pictures.shape
    columns = min(count, columns or math.ceil(math.sqrt(count)))
    rows = math.ceil(count / columns)
    scale = scale or _visible_scale(height, width, rows, columns)
    tile_h, tile_w = height * scale, width * scale
    lines = max(caption.count("\n") + 1 for caption in captions) if captions is not None else 0
    caption_h = lines * LINE_PX + 4 if lines else 0
    gap_px = max(gap_px, 2 * FRAME_PX + 2) if frames else gap_px
    header_h = HEADER_PX + 11 if header else 0
    size = (gap_px + columns * (tile_w + gap_px), header_h + gap_px + rows * (tile_h + caption_h + gap_px))
    gray = channels == 1 and not frames
    canvas = Image.new("L", size, GAP) if gray else Image.new("RGB", size, (GAP, GAP, GAP))
    for i, picture in enumerate(pictures):
        x = gap_px + i % columns * (tile_w + gap_px)
        y = header_h + gap_px + i // columns * (tile_h + caption_h + gap_px)
        canvas.paste(_enlarged(picture, scale), (x, y))
        if frames and (colour := frames[i]):
            _frame(canvas, (x, y, x + tile_w - 1, y + tile_h - 1), colour)
        if captions is not None:
            below = y + tile_h + 2 + (FRAME_PX if frames else 0)
            for j, line in enumerate(captions[i].split("\n")):
                write(canvas, (x, below + j * LINE_PX), line, CAPTION_PX, tile_w)
    if header:
        write(canvas, (gap_px + 4, 5), header, HEADER_PX, size[0] - 2 * gap_px - 8)
    return canvas


def save_png(path: str | Path, image: Image.Image) -> Path:
    """Write a PNG whole or not at all: a kill leaves the picture that was there. Raises InputError when it cannot."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False)
    return write_whole(path, buffer.getvalue())


def save_picture(path: str | Path, image: Image.Image) -> Path:
    """The same in the format that the name's suffix says. Raises InputError for one that is not known."""
    path = Path(path)
    check_picture_name(path)
    buffer = io.BytesIO()
    try:
        image.save(buffer, **FORMATS[path.suffix.lower()])
    except (OSError, ValueError) as error:  # JPEG and WebP end at 65,500 and 16,383 pixels a side
        size = f"{image.width}x{image.height}"
        raise InputError(f"{path} cannot hold {size} pixels ({error}): write fewer pictures, or a .png") from error
    return write_whole(path, buffer.getvalue())


def check_picture_name(path: Path) -> None:
    """Raises InputError where a name's suffix says no format that is written."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path} cannot be written: its name must end in {', '.join(FORMATS)}")


def _check(pictures: NDArray[np.uint8], captions: Sequence[str] | None, frames: Sequence[Colour | None] | None) -> None:
    if pictures.ndim != 4 or pictures.dtype != np.uint8 or pictures.shape[1] not in (1, 3):
        raise InputError(f"a sheet needs uint8 [N, 1 or 3, H, W], not {pictures.dtype} {list(pictures.shape)}")
    if 0 in pictures.shape:
        raise InputError("a sheet needs at least one picture: there is none to show")
    if captions is not None and len(captions) != len(pictures):
        raise InputError(f"a sheet of {len(pictures)} pictures needs as many captions, not {len(captions)}")
    if frames and len(frames) != len(pictures):
        raise InputError(f"a sheet of {len(pictures)} pictures needs as many frames, not {len(frames)}")


def _frame(canvas: Image.Image, box: tuple[int, int, int, int], colour: Colour) -> None:
    left, top, right, bottom = box
    outer = (left - FRAME_PX, top - FRAME_PX, right + FRAME_PX, bottom + FRAME_PX)
    ImageDraw.Draw(canvas).rectangle(outer, outline=colour, width=FRAME_PX)


def _visible_scale(height: int, width: int, rows: int, columns: int) -> int:
    wanted = VISIBLE_PX // max(height, width)
    room = min(WIDEST_PX // (columns * width), WIDEST_PX // (rows * height))
    return max(1, min(wanted, room))


def _enlarged(picture: NDArray[np.uint8], scale: int) -> Image.Image:
    pixels = np.moveaxis(picture, 0, -1)
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))
    size = (image.width * scale, image.height * scale)
    return image.resize(size, Image.Resampling.NEAREST) if scale > 1 else image
