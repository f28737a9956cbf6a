from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dctn

from ganvas.pictures import phash as module
from ganvas.pictures.phash import phash


def test_it_says_which_low_frequencies_are_above_their_median(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 7)
    pictures = np.random.default_rng(0).integers(0, 256, (20, 32, 32), np.uint8)
    for picture, found in zip(pictures, phash(pictures), strict=True):
        lowest = dctn(picture.astype(float), norm="ortho")[:8, :8].ravel()
        bits = "".join("1" if value > np.median(lowest[1:]) else "0" for value in lowest)
        assert f"{int(found) % 2**64:064b}" == bits
    assert int(phash(pictures[3])) == int(phash(pictures)[3])


def test_brightness_and_contrast_change_nothing() -> None:
    gray = np.random.default_rng(1).uniform(50, 150, (5, 32, 32)).astype(np.float32)
    np.testing.assert_array_equal(phash(gray), phash(gray * 1.5 + 10))


@pytest.mark.parametrize("shape", [(31, 32), (2, 3, 32, 32), (32,)])
def test_another_size_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\[N, 32, 32\]"):
        phash(np.zeros(shape, np.uint8))
