from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ganvas.pictures.same import sameness

SIDE_PX = 160


def scene(seed: int, side_px: int = SIDE_PX) -> Image.Image:
    """A made-up picture with structure: ellipses and bars of many colours."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (side_px, side_px), tuple(int(level) for level in rng.integers(60, 200, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        x, y = (int(place) for place in rng.integers(-20, side_px, 2))
        width, height = (int(extent) for extent in rng.integers(8, side_px // 2, 2))
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((x, y, x + width, y + height), fill=tuple(int(level) for level in rng.integers(10, 230, 3)))
    return image


def small(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BICUBIC)).transpose(2, 0, 1)[None]


def alike(left: Image.Image, right: Image.Image) -> bool:
    return bool(sameness(small(left), small(right)).same[0])


@pytest.mark.parametrize("seed", range(5))
def test_copies_show_the_same(seed: int) -> None:
    image = scene(seed)
    assert alike(image, image)
    assert alike(image, image.resize((70, 70)))
    assert alike(image, image.point(lambda level: level * 0.7 + 20))
    assert alike(image, image.crop((2, 2, SIDE_PX - 2, SIDE_PX - 2)))
    assert alike(image.crop((0, 3, SIDE_PX, SIDE_PX)), image)


@pytest.mark.parametrize("seed", range(5))
def test_other_pictures_do_not(seed: int) -> None:
    image = scene(seed)
    assert not alike(image, scene(seed + 100))
    assert not alike(image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    red, green, blue = image.split()
    assert not alike(image, Image.merge("RGB", (blue, red, green)))
    changed = image.copy()
    changed.paste((240, 240, 20), (60, 60, 95, 95))
    assert not alike(image, changed)


def test_one_outline_filled_otherwise_is_not_the_same() -> None:
    rng = np.random.default_rng(0)
    shirts = np.zeros((2, 3, 32, 32), np.uint8)
    for shirt in shirts:
        shirt[:, 6:28, 8:24] = rng.integers(170, 230, (22, 16))
    found = sameness(shirts[:1], shirts[1:])
    assert found.explained[0] > 0.9
    assert found.detail[0] < 0.7
    assert not found.same[0]


def test_pictures_of_hardly_more_than_one_colour_are_like_no_other() -> None:
    rng = np.random.default_rng(0)
    plain = (128 + rng.integers(-3, 4, (1, 3, 32, 32))).astype(np.uint8)
    assert not sameness(plain, plain).same[0]
    assert not sameness(np.zeros((1, 1, 32, 32), np.uint8), np.zeros((1, 1, 32, 32), np.uint8)).same[0]


def test_many_pairs_are_judged_as_one_by_one() -> None:
    pictures = np.concatenate([small(scene(seed)) for seed in range(6)] * 50)
    other = np.roll(pictures, 1, axis=0)
    other[::6] = pictures[::6]
    whole = sameness(pictures, other)
    assert whole.same.sum() == 50
    one = sameness(pictures[7:8], other[7:8])
    np.testing.assert_allclose(one.explained[0], whole.explained[7], rtol=1e-4)
    assert sameness(pictures[:0], other[:0]).same.shape == (0,)
