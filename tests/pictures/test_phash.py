from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.fft import dctn

from ganvas.pictures.phash import phash


def test_it_says_which_low_frequencies_are_above_their_median() -> None:
    for picture in np.random.default_rng(0).integers(0, 256, (20, 32, 32), np.uint8):
        lowest = dctn(picture.astype(float))[:8, :8].ravel()
        bits = "".join("1" if value > np.median(lowest[1:]) else "0" for value in lowest)
        found = phash(Image.fromarray(picture))
        assert found is not None
        assert f"{found % 2**64:064b}" == bits
