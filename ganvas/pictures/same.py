"""Whether two small pictures show the same: `sameness(left, right)`, once a hash has said that they might.

A duplicate is its original resized, recompressed, brightened, or cut a little at its sides. So one is explained by the
other: a contrast times it, a brightness, its gradients times a small shift and stretch (one step of Lucas & Kanade
1981, "An iterative image registration technique"). What is left over is noise where they show the same, and a shape
where they do not: two coins of one mint, two signs of one form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Small = NDArray[np.float32]
COMPARED_PX = 32
EXPLAINED = 0.94  # of the variance; different house fronts of like hashes reach .67, copies cut by 1 % fall to .99
WORST = 0.4  # standard deviations left in the worst tile; strong JPEG reaches .28, another letter on a toy .43
PLAIN = 0.02  # of the scale 0 … 1: below this standard deviation there is nothing to compare
TILE_PX = 5
BLOCK = 256


@dataclass(frozen=True)
class Sameness:
    """Of N pairs: the share of variance that one picture explains of the other, and what is left in the worst tile."""

    explained: Small
    worst: Small

    @property
    def same(self) -> NDArray[np.bool_]:
        """[N]: whether both measures call them the same."""
        return (self.explained >= EXPLAINED) & (self.worst <= WORST)


def sameness(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> Sameness:
    """Compare uint8 [N, C, 32, 32] pair by pair. Pictures of hardly more than one colour are like no other."""
    explained, worst = np.zeros(len(left), np.float32), np.full(len(left), np.inf, np.float32)
    for start in range(0, len(left), BLOCK):
        rows = slice(start, start + BLOCK)
        explained[rows], worst[rows] = _compared(left[rows], right[rows])
    return Sameness(explained, worst)


def _compared(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> tuple[Small, Small]:
    equal = (left == right).all(axis=(1, 2, 3))
    a, b = (side.astype(np.float32) * np.float32(1 / 255) for side in (left, right))
    contrast = np.minimum(a.std(axis=(1, 2, 3)), b.std(axis=(1, 2, 3)))
    explained = np.where(contrast < PLAIN, 0, 1).astype(np.float32)
    worst = np.where(contrast < PLAIN, np.inf, 0).astype(np.float32)
    asked = np.flatnonzero(~equal & (contrast >= PLAIN))
    if len(asked):
        explained[asked], worst[asked] = _left_over(_scaled(a[asked]), _scaled(b[asked]))
    return explained, worst


def _left_over(a: Small, b: Small) -> tuple[Small, Small]:
    parts = _explanation(a, (a + b) * np.float32(0.5))
    target = b[:, :, 1:-1, 1:-1].reshape(len(b), -1, 1)
    products = parts @ parts.transpose(0, 2, 1)
    products += 1e-4 * np.eye(parts.shape[1], dtype=np.float32) * products.trace(axis1=1, axis2=2)[:, None, None]
    weights = np.linalg.solve(products, parts @ target)
    rest = np.square(target - parts.transpose(0, 2, 1) @ weights)
    variance = target.var(axis=(1, 2))
    side = a.shape[-1] - 2
    tiles = rest.reshape(len(a), a.shape[1], side // TILE_PX, TILE_PX, side // TILE_PX, TILE_PX).mean(axis=(1, 3, 5))
    worst = np.sqrt(tiles.max(axis=(1, 2)) / variance)
    return (1 - rest.mean(axis=(1, 2)) / variance).astype(np.float32), worst.astype(np.float32)


def _explanation(picture: Small, between: Small) -> Small:
    """What the other may be made of, [N, 6, C × 30 × 30]: the picture, a constant, shifts and stretches."""
    across = (between[..., 2:] - between[..., :-2])[:, :, 1:-1]
    down = (between[:, :, 2:] - between[:, :, :-2])[..., 1:-1]
    inner = picture[:, :, 1:-1, 1:-1]
    place = np.linspace(-1, 1, inner.shape[-1], dtype=np.float32)
    parts: list[Small] = [inner, np.ones_like(inner), across, across * place, down, down * place[:, None]]
    return np.stack(parts, axis=1).reshape(len(picture), len(parts), -1)


def _scaled(pictures: Small) -> Small:
    centred = pictures - pictures.mean(axis=(1, 2, 3), keepdims=True)
    scaled: Small = centred / centred.std(axis=(1, 2, 3), keepdims=True)
    return scaled
