"""The levels of 2 × that pictures of any size grow through: `level_sizes(96, 128, 4)` -> [(6, 8), …, (96, 128)]."""

from __future__ import annotations

import math

from ganvas.errors import SettingsError
from ganvas.networks.registry import Shape

Size = tuple[int, int]  # height, width


def level_sizes(height: int, width: int, levels: int) -> list[Size]:
    """(height, width) from the smallest level to the full picture: each is half of the next, rounded up."""
    return [(-(-height // 2**level), -(-width // 2**level)) for level in range(levels, -1, -1)]


def choose_levels(shape: Shape, base_px: int, asked: int | None, setting: str) -> tuple[int, str]:
    """Levels from about `base_px` on the short side, or those asked for as `network.SETTING`, with the reason.

    Raises SettingsError for more than halve the picture away.
    """
    short = min(shape.height, shape.width)
    most = max(1, int(math.log2(max(2, short // 2))))
    if asked is not None and asked > most:
        raise SettingsError(f"network.{setting} = {asked} halves {shape.width}×{shape.height} away: {most} at most")
    levels = asked or min(most, max(1, round(math.log2(short / base_px))))
    height, width = level_sizes(shape.height, shape.width, levels)[0]
    return levels, f"{shape.width}×{shape.height} pixels grow from {width}×{height}"
