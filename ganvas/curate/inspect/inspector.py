"""The worker program of inspecting: originals to measures, hash and trim box.

`python -m ganvas.curate.inspect.inspector -`.

A request is [path, bytes] of some originals; the reply is a dict of each (ganvas.curate.serving). Each is decoded once,
a large JPEG at a fraction of its size: of a photograph of 12 megapixels the measures see 500×375 and less.
"""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.curate.inspect.border import Box, content_box
from ganvas.curate.inspect.measures import SIDE_PX, measure, small_version
from ganvas.curate.packer import ALTERED, UNREADABLE, VANISHED
from ganvas.curate.serving import serve
from ganvas.pictures.phash import phash
from ganvas.pictures.read import UnreadablePicture, read_picture

DECODED_PX = SIDE_PX + SIDE_PX // 2  # what is decoded smaller is at least so large, then resized like everything else
DIGITS = 5


def inspected(path: str | Path, size: int) -> dict[str, Any]:
    """`measures`, `phash` and `trim` of an original of so many bytes, or `refused`: [rule, reason].

    Its hash is not checked: packing does that. The trim box is exact where the picture was decoded whole and is no
    larger than 256 pixels; otherwise it is rounded inwards, by two small pixels at most.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        return {"refused": [VANISHED, f"original cannot be opened: {error.strerror}"]}
    if len(data) != size:
        return {"refused": [ALTERED, f"original is not what was added: {len(data):,} bytes, not {size:,}"]}
    try:
        picture = read_picture(data, enough_px=DECODED_PX)
    except UnreadablePicture as error:
        return {"refused": [UNREADABLE, str(error)]}
    small = small_version(picture.pixels)
    whole = (picture.info.width, picture.info.height)
    box = content_box(_array(small))
    trim = None if box is None else enlarged(box, small.size, whole)
    if box is not None:
        small = small.crop(box)
    gray = small if small.mode == "L" else small.convert("L")
    left, top, right, bottom = trim or (0, 0, *whole)
    measures = measure(small, gray) | {"width": right - left, "height": bottom - top, "frames": picture.info.frames}
    rounded = {name: value if value is None else round(value, DIGITS) for name, value in measures.items()}
    return {"measures": rounded, "phash": phash(gray), "trim": trim}


def enlarged(box: Box, small: tuple[int, int], whole: tuple[int, int]) -> Box:
    """A box on the small version as one on the whole picture, a small pixel further in on the sides that are cut."""
    if small == whole:
        return box
    left, top, right, bottom = box
    across, down = whole[0] / small[0], whole[1] / small[1]
    return (
        math.ceil((left + 1) * across) if left else 0,
        math.ceil((top + 1) * down) if top else 0,
        math.floor((right - 1) * across) if right < small[0] else whole[0],
        math.floor((bottom - 1) * down) if bottom < small[1] else whole[1],
    )


def _array(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def main() -> None:
    """Serve until the other end closes."""
    serve(lambda originals: ([inspected(path, size) for path, size in originals], []))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
