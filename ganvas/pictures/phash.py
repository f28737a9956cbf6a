"""A perceptual hash: 64 bits that hardly change when a picture is resized, recompressed or brightened: `phash(gray)`.

Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", section 3.2: which of the 8 × 8
lowest frequencies of a 32 × 32 gray version are above their median. Of a picture of one colour it says nothing.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE_PX = 32
LOWEST = 8
BLOCK = 4096


def phash(gray: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.int64]:
    """Gray pictures [N, 32, 32] (or one, [32, 32]) of any scale -> int64 [N] (or a scalar array), the bits as signed.

    The first bit is the mean's, against the median of the other 63. Raises ValueError for any other size.
    """
    if gray.shape[-2:] != (SIDE_PX, SIDE_PX) or gray.ndim not in (2, 3):
        raise ValueError(f"a perceptual hash needs gray pictures [N, {SIDE_PX}, {SIDE_PX}], not {list(gray.shape)}")
    pictures = gray.reshape(-1, SIDE_PX, SIDE_PX)
    hashes = np.empty(len(pictures), np.int64)
    for start in range(0, len(pictures), BLOCK):
        hashes[start : start + BLOCK] = _hashes(pictures[start : start + BLOCK])
    return hashes.reshape(gray.shape[:-2])


def _hashes(pictures: NDArray[Any]) -> NDArray[np.int64]:
    waves = _cosines()
    lowest = (waves @ pictures.astype(np.float32) @ waves.T).reshape(len(pictures), -1)
    above = lowest > np.median(lowest[:, 1:], axis=1, keepdims=True)
    return np.packbits(above, axis=1).view(">i8")[:, 0].astype(np.int64)


@cache
def _cosines() -> NDArray[np.float32]:
    """The discrete cosine transform (type II) of 32 values, its 8 lowest frequencies: [8, 32]."""
    places = (np.arange(SIDE_PX) + 0.5) / SIDE_PX
    waves = np.cos(np.pi * np.arange(LOWEST)[:, None] * places)
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)
