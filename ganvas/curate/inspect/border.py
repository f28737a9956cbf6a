"""The box inside a solid border: `content_box(pixels)` -> (left, top, right, bottom), or None where there is no border.

A border is rows or columns of one colour, the same from two opposite edges inwards, that end all at once, in a straight
line: letterbox bars, frames, scanner beds. An object on a plain background has none, since one ragged side is enough to
tell; a road along the lower edge neither, since the sky along the upper is none of its colour. Pure functions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]

SOLID = 20  # of 255: how far JPEG's ringing takes one colour
OTHER = 10  # what is certainly no longer the border, where a whole row is
STROKE = 2  # what a drawn line's colour varies by
STRAY = 0.02  # share of a row that may be something else: dust, ringing
STRAIGHT = 0.85  # share of the first row inside that must differ from the border
BLURRED = 32  # one in so many rows may be a blend of both
SMALLEST_PX = 48  # of a picture: in less, every leg of trousers ends in a straight line
SAMPLES, SPOILED = 8, 0.2  # a first look at some pixels of the outermost row
THINNEST_PX = 2
SMALLEST_INSIDE = 0.3  # of the area; what leaves less is not taken for a border


def content_box(pixels: NDArray[np.uint8]) -> Box | None:
    """What of uint8 [H, W, C] lies inside a solid border, in pixels; None where nothing is to be cut."""
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_PX:
        return None
    top, bottom = _both(pixels)
    if top + bottom >= height:  # one colour all over
        return None
    left, right = _both(pixels[top : height - bottom].swapaxes(0, 1))
    if left + right >= width or not (top or left):
        return None
    ends = [_end(pixels, (left, top, right, bottom), side) for side in range(4)]
    if None in ends:
        return None
    left, top, right, bottom = (end or 0 for end in ends)
    inside = pixels[top : height - bottom, left : width - right]
    large = inside.size >= SMALLEST_INSIDE * pixels.size
    return (left, top, width - right, height - bottom) if large and not _is_solid(_flat(inside)) else None


def _both(rows: NDArray[np.uint8]) -> tuple[int, int]:
    first = _solid(rows)
    last = _solid(rows[::-1]) if first else 0
    alike = not _differs(_middle(rows[-1]), _middle(rows[0]), 2 * SOLID).any()
    return (first, last) if last and alike else (0, 0)


def _solid(rows: NDArray[np.uint8]) -> int:
    """How many rows from the first one on are all of the first one's colour."""
    few = rows[0, :: max(1, rows.shape[1] // SAMPLES)]
    if not _is_solid(few, SPOILED) or not _is_solid(rows[0]):  # most pictures end here
        return 0
    solid = _differs(rows, _middle(rows[0]), SOLID).mean(axis=1) <= STRAY
    count = int(len(rows) if solid.all() else solid.argmin())
    return count if count >= THINNEST_PX else 0


def _is_solid(pixels: NDArray[np.uint8], stray: float = STRAY, tolerance: int = SOLID) -> bool:
    """Whether pixels [N, C] are of one colour, but for a share of strays."""
    return bool(_differs(pixels, _middle(pixels), tolerance).mean() <= stray)


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    middle: NDArray[np.uint8] = np.sort(pixels, axis=0)[len(pixels) // 2]
    return middle


def _differs(rows: NDArray[np.uint8], colour: NDArray[np.uint8], tolerance: int) -> NDArray[np.bool_]:
    level = colour.astype(np.int16)
    low, high = (level - tolerance).clip(0).astype(np.uint8), (level + tolerance).clip(max=255).astype(np.uint8)
    differs: NDArray[np.bool_] = np.any((rows < low) | (rows > high), axis=-1)
    return differs


def _flat(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels.reshape(-1, pixels.shape[2])


def _end(pixels: NDArray[np.uint8], sides: tuple[int, int, int, int], side: int) -> int | None:
    """Where the border of a side (0 left, 1 top, 2 right, 3 bottom) ends in a straight line; None where in no such.

    JPEG blurs colours across the line, so some rows after the last solid one may belong to it. A stroke of one colour
    along the line is a drawing's, unless a frame goes all round.
    """
    thickness = sides[side]
    if not thickness:
        return 0
    turned = pixels if side in (1, 3) else pixels.swapaxes(0, 1)
    before, after = (sides[0], sides[2]) if side in (1, 3) else (sides[1], sides[3])
    rows = turned[:, before : turned.shape[1] - after]
    rows = rows if side in (0, 1) else rows[::-1]
    within = rows[thickness : thickness + max(2, len(rows) // BLURRED)]
    begun = _differs(within, _middle(rows[0]), OTHER).mean(axis=1) >= STRAIGHT
    if not begun.any():
        return None
    end = thickness + int(begun.argmax())
    return end if all(sides) or not _is_solid(rows[end], tolerance=STROKE) else None
