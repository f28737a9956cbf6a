"""A training seen in time: `progress_gif("progress.gif", [(sheet_of_tick_1, "epoch 1 · KID 300"), …])`.

`loop_gif("walk.gif", [sheet_1, …])` plays sheets round and round without a seam.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.errors import InputError
from ganvas.pictures.lettering import INK, wrapped, write
from ganvas.pictures.sheet import GAP
from ganvas.whole import write_whole

Frame = tuple[Image.Image, str]
MAX_BYTES = 6_000_000
MAX_FRAMES = 100
NARROWEST_PX = 240  # text needs this much to be read
SMALLEST_LOOP_PX = 96
TEXT_PX = 14
LINE_PX = 20
MARGIN_PX = 8
GRAYS = 64  # a quarter of the shades packs a third smaller and looks the same
INKS = 12  # palette places kept for the shades of smooth letters
CELL_BITS = 5  # of each of red, green and blue, when a colour looks for its place in the palette


def progress_gif(
    path: str | Path,
    frames: Sequence[Frame],
    seconds_a_frame: float = 0.4,
    hold_last_s: float = 2.0,
    max_bytes: int = MAX_BYTES,
) -> Path:
    """Write a GIF that loops for ever: each picture with its lines of text beneath, the last one held.

    All frames share one canvas and one palette (gray where all are gray). Of more than 100 frames as many are shown,
    evenly; a file that would be larger than `max_bytes` is drawn smaller. Raises InputError without frames.
    """
    if not frames:
        raise InputError("an animation needs at least one frame: the run has no sheet yet")
    shown = _thinned(frames)
    scale = _scale_for(shown, max_bytes / len(shown))
    durations = [round(1000 * seconds_a_frame)] * (len(shown) - 1) + [round(1000 * hold_last_s)]
    data = _encoded(_drawn(shown, scale), durations)
    while len(data) > max_bytes and _width(shown, scale) > NARROWEST_PX:
        scale *= 0.95 * math.sqrt(max_bytes / len(data))
        data = _encoded(_drawn(shown, scale), durations)
    return write_whole(path, data)


def loop_gif(
    path: str | Path, images: Sequence[Image.Image], seconds_a_frame: float, max_bytes: int = MAX_BYTES
) -> Path:
    """Write a GIF of images of one size that loops for ever, no frame held: the last one leads to the first.

    A file that would be larger than `max_bytes` is drawn smaller. Raises InputError without images, and for a name
    that does not end in .gif.
    """
    if not images:
        raise InputError("an animation needs at least one frame: there is none to show")
    check_gif_name(path)
    durations = [round(1000 * seconds_a_frame)] * len(images)
    scale, data = 1.0, _encoded(images, durations)
    while len(data) > max_bytes and scale * images[0].width > SMALLEST_LOOP_PX:
        scale *= 0.95 * math.sqrt(max_bytes / len(data))
        data = _encoded([_resized(image, scale) for image in images], durations)
    return write_whole(path, data)


def check_gif_name(path: str | Path) -> None:
    """Raises InputError where a name does not end in .gif."""
    if Path(path).suffix.lower() != ".gif":
        raise InputError(f"{path} cannot be written: the name of an animation must end in .gif")


def _thinned(frames: Sequence[Frame]) -> list[Frame]:
    places = np.linspace(0, len(frames) - 1, min(len(frames), MAX_FRAMES)).round().astype(int)
    return [frames[place] for place in places]


def _scale_for(frames: Sequence[Frame], bytes_a_frame: float) -> float:
    """Noise at the start, pictures at the end: what three frames take foretells the rest, with a little room."""
    few = [frames[0], frames[len(frames) // 2], frames[-1]]
    each = len(_encoded(_drawn(few, 1.0), [1000] * len(few))) / len(few)
    return min(1.0, 0.97 * math.sqrt(bytes_a_frame / each))


def _width(frames: Sequence[Frame], scale: float) -> int:
    return max(NARROWEST_PX, *(round(image.width * scale) for image, _ in frames))


def _drawn(frames: Sequence[Frame], scale: float) -> list[Image.Image]:
    """Every frame on a canvas of the same size, gray or RGB."""
    mode = "L" if all(image.mode in ("L", "1") for image, _ in frames) else "RGB"
    width = _width(frames, scale)
    height = max(round(image.height * scale) for image, _ in frames)
    texts = [wrapped(text, TEXT_PX, width - 2 * MARGIN_PX) for _, text in frames]
    text_h = LINE_PX * max(map(len, texts)) + (MARGIN_PX if any(texts) else 0)
    paper = GAP if mode == "L" else (GAP, GAP, GAP)
    canvases = []
    for (image, _), lines in zip(frames, texts, strict=True):
        canvas = Image.new(mode, (width, height + text_h), paper)
        canvas.paste(_resized(image.convert(mode), scale), ((width - round(image.width * scale)) // 2, 0))
        for i, line in enumerate(lines):
            write(canvas, (MARGIN_PX, height + MARGIN_PX // 2 + i * LINE_PX), line, TEXT_PX, width - 2 * MARGIN_PX)
        canvases.append(canvas)
    return canvases


def _resized(image: Image.Image, scale: float) -> Image.Image:
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def _encoded(canvases: Sequence[Image.Image], durations: Sequence[int]) -> bytes:
    indexed = _in_grays(canvases) if canvases[0].mode == "L" else _in_colours(canvases)
    buffer = io.BytesIO()
    indexed[0].save(
        buffer, "GIF", save_all=True, append_images=indexed[1:], duration=list(durations), loop=0, optimize=False
    )
    return buffer.getvalue()


def _in_grays(canvases: Sequence[Image.Image]) -> list[Image.Image]:
    step = 256 // GRAYS
    shades = [level for i in range(GRAYS) for level in [round(i * 255 / (GRAYS - 1))] * 3]
    indexed = []
    for canvas in canvases:
        image = Image.fromarray(np.asarray(canvas) // step)
        image.putpalette(shades)
        indexed.append(image)
    return indexed


def _in_colours(canvases: Sequence[Image.Image]) -> list[Image.Image]:
    """One palette of the last, the middle and the first frame; no dithering, which would flicker and not compress."""
    seen = [canvases[-1], canvases[len(canvases) // 2], canvases[0]]
    together = Image.new("RGB", (seen[0].width, sum(canvas.height for canvas in seen)))
    for i, canvas in enumerate(seen):
        together.paste(canvas, (0, i * canvas.height))
    found = together.quantize(256 - INKS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).getpalette() or []
    inks = [level for shade in np.linspace(INK, GAP, INKS).round().astype(int) for level in [int(shade)] * 3]
    palette = np.array(found[: 3 * (256 - INKS)] + inks, np.float32).reshape(-1, 3)
    nearest = _nearest_place(palette)
    indexed = []
    for canvas in canvases:
        red, green, blue = np.moveaxis(np.asarray(canvas) >> (8 - CELL_BITS), -1, 0)
        image = Image.fromarray(nearest[red, green, blue])
        image.putpalette([int(level) for level in palette.ravel()])
        indexed.append(image)
    return indexed


def _nearest_place(palette: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The palette's nearest place for every cell of a coarse colour cube: Pillow's own search takes seconds a frame."""
    cells = 1 << CELL_BITS
    levels = (np.arange(cells, dtype=np.float32) + 0.5) * (256 / cells)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    distances = np.square(palette).sum(axis=1) - 2 * cube @ palette.T
    places: NDArray[np.uint8] = distances.argmin(axis=1).astype(np.uint8).reshape(cells, cells, cells)
    for place in range(len(palette) - INKS, len(palette)):
        shade = int(palette[place, 0]) >> (8 - CELL_BITS)
        places[shade, shade, shade] = place  # letters and paper stay truly gray
    return places
