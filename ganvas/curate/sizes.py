"""Which size to pack pictures in: `propose_size([(250, 188), (240, 180)])`. A pure function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ganvas.errors import InputError

LONG_SIDE_PX = 128  # what trains on a laptop in minutes; larger sizes are asked for
AS_THEY_ARE_PX = 256
MULTIPLE_PX = 4  # networks halve the size twice at least without a remainder
SMALLEST_PX, LARGEST_PX = 4, 4096


@dataclass(frozen=True)
class Proposal:
    width: int
    height: int
    reason: str


def propose_size(sizes: Sequence[tuple[int, int]]) -> Proposal:
    """A size in pixels for pictures of these (width, height).

    All alike and at most 256: exactly that. Otherwise the median proportions, sides that are multiples of 4, the longer
    one at most 128 and neither above its median, so that most pictures are never enlarged.
    """
    count = f"{len(sizes):,} pictures"
    width, height = sizes[0]
    if len(set(sizes)) == 1 and max(width, height) <= AS_THEY_ARE_PX and min(width, height) >= SMALLEST_PX:
        return Proposal(width, height, f"all {count} are {width}x{height}")
    typical_width, typical_height = median(w for w, _ in sizes), median(h for _, h in sizes)
    aspect = median(w / h for w, h in sizes)
    long_side = min(float(LONG_SIDE_PX), typical_width if aspect >= 1 else typical_height)
    ideal_width = long_side if aspect >= 1 else long_side * aspect
    ideal_height = long_side / aspect if aspect >= 1 else long_side
    width, height = _rounded(ideal_width, typical_width), _rounded(ideal_height, typical_height)
    reason = f"the median of {count} is {typical_width:.0f}x{typical_height:.0f}, width to height {aspect:.2f}"
    return Proposal(width, height, reason)


def checked_size(size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) that was asked for. Raises InputError for what cannot be packed."""
    try:
        width, height = size
        whole = int(width) == width and int(height) == height
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"size {size!r} is not (width, height): give two whole numbers of pixels") from error
    if not whole or not all(SMALLEST_PX <= side <= LARGEST_PX for side in (width, height)):
        raise InputError(
            f"--size {width}x{height} cannot be: it is width x height, each from {SMALLEST_PX} to {LARGEST_PX:,} pixels"
        )
    return int(width), int(height)


def _rounded(ideal: float, at_most: float) -> int:
    nearest = round(ideal / MULTIPLE_PX) * MULTIPLE_PX
    if nearest > at_most:
        nearest -= MULTIPLE_PX
    return max(nearest, MULTIPLE_PX)
