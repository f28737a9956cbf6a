"""Small versions of many pictures at once, and how alike they are wherever they were moved or mirrored a little.

`thumbnails(pictures, 32)` averages areas; `spectra` find pictures again and `likeness` compares them, both whether they
were moved and mirrored or not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Small = NDArray[np.float32]
BLOCK = 256
FLAT = 1e-3  # of the scale 0 … 1: below this standard deviation a window holds no picture


def thumbnails(pictures: NDArray[np.uint8], side_px: int) -> Small:
    """uint8 [N, C, H, W] -> float32 [N, C, h, w] of 0 … 1, no side longer than `side_px`: means over equal areas."""
    height, width = pictures.shape[2:]
    rows, columns = _areas(min(height, side_px), height), _areas(min(width, side_px), width)
    small = np.empty((len(pictures), pictures.shape[1], len(rows), len(columns)), np.float32)
    for start in range(0, len(pictures), BLOCK):
        block = np.asarray(pictures[start : start + BLOCK], np.float32)
        small[start : start + BLOCK] = rows @ block @ columns.T / 255
    return small


def spectra(pictures: NDArray[np.uint8], side_px: int, lowest: int = 8, of: NDArray[np.int64] | None = None) -> Small:
    """uint8 [N, C, H, W] -> float32 [N, D] of length 1, the same for a picture that was moved, mirrored or recoloured.

    `of` are the places to look at in an array that may lie on disk; N is 1 or more.
    Magnitudes of the `lowest` frequencies of each thumbnail's Fourier transform, which a shift leaves as they are (but
    for the borders); mirroring swaps those of opposite signs, so their sum and their absolute difference stand here.
    """
    chosen = np.arange(len(pictures)) if of is None else of
    blocks = [chosen[start : start + BLOCK] for start in range(0, len(chosen), BLOCK)]
    return np.concatenate([_sizes(thumbnails(pictures[block], side_px), lowest) for block in blocks])


def likeness(pictures: Small, candidates: Small, shift_px: int = 2) -> NDArray[np.float32]:
    """How alike thumbnails [N, C, h, w] are to their candidates [N, K, C, h, w]: float32 [N, K], 1 where equal.

    The largest zero-mean normalised cross-correlation (Lewis 1995, "Fast normalized cross-correlation", eq. 2) of a
    picture's middle, as it is and mirrored, with all windows of the candidate that lie at most `shift_px` off its own:
    brightness, contrast, small shifts and mirroring change nothing.
    """
    shift_px = max(0, min(shift_px, (min(pictures.shape[2:]) - 2) // 2))  # two pixels a side make a picture
    height, width = (side - 2 * shift_px for side in pictures.shape[2:])
    middle = pictures[:, :, shift_px : shift_px + height, shift_px : shift_px + width]
    both = np.stack([middle, middle[..., ::-1]], axis=1).reshape(len(pictures), 2, -1)
    both = _unit(both).transpose(0, 2, 1)
    best = np.full(candidates.shape[:2], -1.0, np.float32)
    for dy in range(2 * shift_px + 1):
        for dx in range(2 * shift_px + 1):
            window = candidates[..., dy : dy + height, dx : dx + width].reshape(*candidates.shape[:2], -1)
            np.maximum(best, (_unit(window) @ both).max(axis=2), out=best)
    return best


def _sizes(small: Small, lowest: int) -> Small:
    sizes = np.abs(np.fft.fft2(small - small.mean(axis=(2, 3), keepdims=True)))
    rows, columns = np.arange(min(lowest, small.shape[2])), np.arange(min(lowest, small.shape[3]))
    rising, falling = sizes[:, :, rows[:, None], columns], sizes[:, :, rows[:, None], -columns]
    both = np.stack([rising + falling, np.abs(rising - falling)], axis=1).reshape(len(small), -1)
    directions: Small = (both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), FLAT)).astype(np.float32)
    return directions


def _areas(parts: int, size: int) -> Small:
    """Matrix [parts, size] that averages a line of `size` pixels over as many equal parts."""
    edges = np.linspace(0, size, parts + 1)
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights: Small = (np.maximum(overlap, 0) * parts / size).astype(np.float32)
    return weights


def _unit(vectors: Small) -> Small:
    """Vectors [..., D] less their mean and of length 1; 0 where they hold no more than one colour."""
    centred = vectors - vectors.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    flat = length < FLAT * np.sqrt(vectors.shape[-1])
    return np.where(flat, 0, centred / np.where(flat, 1, length)).astype(np.float32)
