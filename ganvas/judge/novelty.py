"""Are the pictures new? The nearest training pictures of each, to be looked at, and how many are no copies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.judge.scorecard import Resemblance
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.sheet import GAP, sheet
from ganvas.scores.neighbours import Features, nearest

NEAREST = 3
SHOWN = 16
COLUMN_GAP_PX = 24


def nearest_real(
    fake_features: Features, real_features: Features, k: int = NEAREST
) -> tuple[NDArray[np.intp], Features]:
    """For each fake [N, D] the k nearest reals [M, D], nearest first: their places [N, k] and distances [N, k]."""
    return nearest(fake_features, real_features, k)


def resemblances(fake: Features, real: Features, positions: NDArray[np.int64]) -> tuple[Resemblance, ...]:
    """The first 16 fakes, never chosen, each with its nearest reals; `positions` are the reals' places in their set."""
    places, distances = nearest_real(fake[:SHOWN], real)
    return tuple(
        Resemblance(i, [int(positions[place]) for place in places[i]], [round(float(d), 4) for d in distances[i]])
        for i in range(len(places))
    )


def nearest_sheet(fake: NDArray[np.uint8], packed: PackedSet, found: Sequence[Resemblance]) -> Image.Image:
    """Each generated picture uint8 [N, C, H, W] with its nearest training pictures right of it, in two columns."""
    half = (len(found) + 1) // 2
    columns = [_column(fake, packed, part) for part in (found[:half], found[half:]) if part]
    width = sum(column.width for column in columns) + COLUMN_GAP_PX * (len(columns) - 1)
    mode = columns[0].mode
    canvas = Image.new(mode, (width, columns[0].height), GAP if mode == "L" else (GAP, GAP, GAP))
    for i, column in enumerate(columns):
        canvas.paste(column, (i * (columns[0].width + COLUMN_GAP_PX), 0))
    return canvas


def _column(fake: NDArray[np.uint8], packed: PackedSet, found: Sequence[Resemblance]) -> Image.Image:
    pictures, captions = [], []
    for item in found:
        pictures += [fake[item.picture], *np.asarray(packed.images[item.positions])]
        captions += [f"new {item.picture + 1}", *(f"real, {distance:.2f}" for distance in item.distances)]
    return sheet(np.stack(pictures), columns=1 + len(found[0].positions), captions=captions)
