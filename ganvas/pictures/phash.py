"""A perceptual hash: pictures that look the same differ in few of its 64 bits. `phash(image)`. A pure function.

The low frequencies of a picture of 32×32 grays (its discrete cosine transform, the 8×8 lowest), each compared with the
median of them: C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), section 3.2.1.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE_PX = 32
KEPT = 8
FLAT = 2.0  # of 255: below this spread there is nothing but noise to hash

_places = np.arange(SIDE_PX)
_COSINES = np.cos(np.pi / SIDE_PX * (_places[None, :] + 0.5) * np.arange(KEPT)[:, None])  # DCT-II, [KEPT, SIDE_PX]


def phash(gray: Image.Image) -> int | None:
    """64 bits of an image of mode L as a signed number, the lowest frequency first; None for one of a single shade.

    The first coefficient (the mean) takes no part in the median: it would say how bright the picture is.
    """
    small = np.asarray(gray.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX), np.float64)
    if small.max() - small.min() < FLAT:
        return None
    waves = (_COSINES @ small @ _COSINES.T).ravel()
    bits = waves > np.median(waves[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)
