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
DETAIL = 0.8  # explained within a tile, on average; copies of houses .85 and more, other shirts of one cut .71 (median)
PLAIN = 0.02  # of the scale 0 … 1: below this standard deviation there is nothing to compare
NOISE = 0.012  # of the same: three of 255 levels, what encoding leaves in a tile without detail
TILE_PX = 5
TILES = (COMPARED_PX - 2) // TILE_PX
BLOCK = 256


@dataclass(frozen=True)
class Sameness:
    """Of N pairs, how well one picture is explained by the other.

    `explained` is the share of variance, `worst` what is left in the worst tile (in standard deviations of the whole),
    `detail` the share explained inside tiles that hold detail: outlines alone, as of shirts of one cut, give little.
    """

    explained: Small
    worst: Small
    detail: Small

    @classmethod
    def none(cls, count: int) -> Sameness:
        """What is said of pairs that were not compared: unlike."""
        return cls(np.zeros(count, np.float32), np.full(count, np.inf, np.float32), np.zeros(count, np.float32))

    @property
    def same(self) -> NDArray[np.bool_]:
        """[N]: whether all three call them the same."""
        return (self.explained >= EXPLAINED) & (self.worst <= WORST) & (self.detail >= DETAIL)

    def put(self, places: NDArray[np.integer], part: Sameness) -> None:
        """Write what was found of the pairs at these places."""
        self.explained[places], self.worst[places], self.detail[places] = part.explained, part.worst, part.detail


def sameness(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> Sameness:
    """Compare uint8 [N, C, 32, 32] pair by pair. Pictures of hardly more than one colour are like no other."""
    found = Sameness.none(len(left))
    for start in range(0, len(left), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(left)))
        found.put(rows, _compared(left[rows], right[rows]))
    return found


def is_plain(pictures: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """[N]: which of uint8 [N, C, 32, 32] are of hardly more than one colour, and so the same as no other."""
    found = np.empty(len(pictures), bool)
    for start in range(0, len(pictures), BLOCK):
        found[start : start + BLOCK] = pictures[start : start + BLOCK].std(axis=(1, 2, 3)) < 255 * PLAIN
    return found


def _compared(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> Sameness:
    found = Sameness.none(len(left))
    equal = (left == right).all(axis=(1, 2, 3))
    a, b = (side.astype(np.float32) * np.float32(1 / 255) for side in (left, right))
    plain = (a.std(axis=(1, 2, 3)) < PLAIN) | (b.std(axis=(1, 2, 3)) < PLAIN)
    alike, asked = np.flatnonzero(equal & ~plain), np.flatnonzero(~equal & ~plain)
    ones = np.ones(len(alike), np.float32)
    found.put(alike, Sameness(ones, 0 * ones, ones))
    if len(asked):
        found.put(asked, _explained(a[asked], b[asked]))
    return found


def _explained(a: Small, b: Small) -> Sameness:
    noise = np.square(NOISE / b.std(axis=(1, 2, 3)))[:, None, None]
    a, b = _scaled(a), _scaled(b)
    parts = _explanation(a, (a + b) * np.float32(0.5))
    target = b[:, :, 1:-1, 1:-1].reshape(len(b), -1, 1)
    products = parts @ parts.transpose(0, 2, 1)
    products += 1e-4 * np.eye(parts.shape[1], dtype=np.float32) * products.trace(axis1=1, axis2=2)[:, None, None]
    rest = target - parts.transpose(0, 2, 1) @ np.linalg.solve(products, parts @ target)
    variance = target.var(axis=(1, 2))
    tiles = (len(b), b.shape[1], TILES, TILE_PX, TILES, TILE_PX)
    left = np.square(rest).reshape(tiles).mean(axis=(1, 3, 5))
    inside = target.reshape(tiles).var(axis=(3, 5)).mean(axis=1)
    detailed = inside > 4 * noise
    shares = np.where(detailed, np.clip(1 - left / (inside + noise), 0, 1), 0).sum(axis=(1, 2))
    count = detailed.sum(axis=(1, 2))
    return Sameness(
        (1 - np.square(rest).mean(axis=(1, 2)) / variance).astype(np.float32),
        np.sqrt(left.max(axis=(1, 2)) / variance).astype(np.float32),
        np.where(count > 0, shares / np.maximum(count, 1), 1).astype(np.float32),
    )


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
