"""A trial's colour: blue for the best, through gray, to orange for the worst. Every eye tells them apart."""

from __future__ import annotations

from ganvas.pictures.curves import COLOURS

BEST, MIDDLE, WORST = COLOURS[0], "#949aa5", COLOURS[1]
UNSCORED = "#949aa5"


def colour_of(goodness: float | None) -> str:
    """#rrggbb of a goodness from 0 to 1; gray where there is none."""
    if goodness is None:
        return UNSCORED
    start, end, share = (MIDDLE, BEST, 2 * goodness - 1) if goodness >= 0.5 else (WORST, MIDDLE, 2 * goodness)
    levels = [round(a + (b - a) * share) for a, b in zip(_levels(start), _levels(end), strict=True)]
    return "#" + "".join(f"{level:02x}" for level in levels)


def _levels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
