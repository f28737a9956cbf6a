"""The one resize: sizes, proportions, antialiasing."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import SettingsError
from ganvas.pictures.resize import Fit, as_channels, fit


def noise(height: int, width: int, channels: int = 3) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize("how", get_args(Fit))
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_becomes_any_other(how: Fit, channels: int) -> None:
    sizes = [(1, 1), (1, 70), (70, 1), (3, 5), (28, 28), (60, 100), (97, 31)]
    for height, width in sizes:
        for to_height, to_width in sizes:
            done = fit(noise(height, width, channels), to_height, to_width, how)
            assert done.shape == (to_height, to_width, channels)


@pytest.mark.parametrize("how", get_args(Fit))
def test_one_colour_stays_that_colour(how: Fit) -> None:
    pixels = np.full((30, 50, 3), (200, 100, 50), np.uint8)
    assert (fit(pixels, 17, 9, how, background="#c86432") == (200, 100, 50)).all()


def test_the_same_size_is_the_same_picture() -> None:
    pixels = noise(12, 34)
    assert np.array_equal(fit(pixels, 12, 34), pixels)


def test_crop_keeps_proportions_and_the_middle() -> None:
    pixels = np.zeros((10, 40, 1), np.uint8)
    pixels[:, 15:25] = 255
    assert (fit(pixels, 20, 20)[:, 1:-1] == 255).all()


def test_pad_shows_everything_in_the_middle_of_the_background() -> None:
    done = fit(np.full((10, 40, 3), 255, np.uint8), 40, 40, "pad", background="blue")
    assert (done[:15] == (0, 0, 255)).all()
    assert (done[15:25] == 255).all()
    assert (done[25:] == (0, 0, 255)).all()


def test_pad_takes_the_luminance_of_the_background_for_gray() -> None:
    done = fit(np.zeros((10, 40, 1), np.uint8), 40, 40, "pad", background="red")
    assert done[0, 0, 0] == np.asarray(Image.new("RGB", (1, 1), "red").convert("L"))[0, 0]


def test_stretch_uses_every_pixel() -> None:
    pixels = np.zeros((20, 20, 1), np.uint8)
    pixels[:, 10:] = 255
    done = fit(pixels, 5, 40, "stretch")
    assert done[0, 0, 0] == 0
    assert done[0, -1, 0] == 255


def test_reducing_does_not_alias() -> None:
    stripes = np.zeros((64, 640, 1), np.uint8)
    stripes[:, ::2] = 255
    done = fit(stripes, 9, 90, "stretch").astype(int)
    assert np.abs(done - 127.5).max() < 12


@pytest.mark.parametrize(("height", "width"), [(0, 10), (10, 0), (-1, 5), (100_000, 100_000)])
def test_a_size_that_cannot_be_is_refused(height: int, width: int) -> None:
    with pytest.raises(SettingsError, match="size"):
        fit(noise(4, 4), height, width)


def test_an_unknown_fit_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match="Did you mean crop"):
        fit(noise(4, 4), 8, 8, "corp")  # type: ignore[arg-type]


def test_luminance_is_pillows() -> None:
    pixels = noise(16, 16)
    assert np.array_equal(as_channels(pixels, 1)[..., 0], np.asarray(Image.fromarray(pixels).convert("L")))


def test_gray_is_repeated_and_comes_back() -> None:
    pixels = noise(5, 6, 1)
    assert as_channels(pixels, 3).shape == (5, 6, 3)
    assert np.array_equal(as_channels(as_channels(pixels, 3), 1), pixels)
    with pytest.raises(SettingsError, match="channels"):
        as_channels(pixels, 4)
