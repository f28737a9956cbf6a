"""Whether pictures may be mirrored is answered by the pictures: letters and digits may not, soft blots may."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_digits

from ganvas.flips import flips_allowed

Pictures = NDArray[np.uint8]


def letters(count: int, size: int = 28) -> Pictures:
    """Capital letters, a little moved and turned."""
    rng = np.random.default_rng(0)
    pictures = []
    for _ in range(count):
        image = Image.new("L", (size, size))
        font = ImageFont.load_default(int(size * rng.uniform(0.6, 0.95)))
        at = tuple(size / 2 + rng.integers(-2, 3, 2))
        ImageDraw.Draw(image).text(at, chr(rng.integers(65, 91)), 255, font, anchor="mm")
        pictures.append(np.asarray(image.rotate(rng.uniform(-12, 12), Image.Resampling.BILINEAR)))
    return np.stack(pictures)[:, None]


def blots(count: int, height: int = 32, width: int = 32, channels: int = 1) -> Pictures:
    """Soft random blots: as a set its own mirror image."""
    rng = np.random.default_rng(1)
    shape = (height, width, channels)
    pictures = np.empty((count, channels, height, width), np.uint8)
    for picture in pictures:
        for channel in picture:
            seeds = Image.fromarray(rng.integers(0, 256, (5, 5)).astype(np.uint8))
            channel[:] = np.asarray(seeds.resize(shape[1::-1], Image.Resampling.BICUBIC))
    return pictures


def lit_from_a_side(count: int) -> tuple[Pictures, NDArray[np.int64]]:
    """Light from the left or the right, and which."""
    rng = np.random.default_rng(2)
    sides = rng.integers(2, size=count)
    fall = np.linspace(30, 220, 24)
    light = np.where(sides[:, None], fall, fall[::-1])[:, None, None, :]
    return np.clip(light + rng.normal(0, 15, (count, 1, 20, 24)), 0, 255).astype(np.uint8), sides


@pytest.mark.parametrize("count", [100, 400])
def test_letters_may_not_be_mirrored(count: int) -> None:
    answer = flips_allowed(letters(count), None, seed=0)
    assert not answer.allowed
    assert answer.accuracy > 0.7
    assert answer.reason.startswith("originals are told from their mirror images")
    assert str(answer).endswith(" % of the time: flips are off")


def test_digits_may_not_be_mirrored() -> None:
    digits = (load_digits().images * 15.9).astype(np.uint8)[:400, None]
    answer = flips_allowed(digits, None, seed=0)
    assert not answer.allowed
    assert answer.accuracy > 0.95


@pytest.mark.parametrize(
    ("height", "width", "channels"), [(32, 32, 1), (28, 37, 3), (96, 128, 3), (41, 40, 1), (8, 8, 1), (90, 21, 1)]
)
def test_a_set_that_is_its_own_mirror_image_may_be_mirrored(height: int, width: int, channels: int) -> None:
    answer = flips_allowed(blots(400, height, width, channels), None, seed=0)
    assert answer.allowed
    assert 0.4 < answer.accuracy < 0.6  # chance: no step of the test itself tells left from right
    assert str(answer).endswith("50 % by chance): flips are on")


def test_pictures_that_are_their_own_mirror_images_may_be_mirrored() -> None:
    half = blots(60, 20, 11)
    answer = flips_allowed(np.concatenate([half, half[:, :, :, ::-1]], axis=3), None, seed=0)
    assert answer.allowed
    assert answer.accuracy == 0.5


def test_left_and_right_are_mirror_images_but_not_under_their_own_names() -> None:
    pictures, sides = lit_from_a_side(300)
    assert flips_allowed(pictures, None, seed=0).allowed
    told = flips_allowed(pictures, sides, seed=0)
    assert not told.allowed
    assert told.accuracy > 0.95


def test_copies_are_not_taken_for_evidence() -> None:
    once = blots(150)
    assert flips_allowed(np.tile(once, (3, 1, 1, 1)), None, seed=0) == flips_allowed(once, None, seed=0)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 19])
def test_a_handful_of_pictures_is_too_few_to_tell(count: int) -> None:
    labels = np.zeros(count, np.int64)
    answer = flips_allowed(blots(count, 12, 10, 3), labels, seed=0)
    assert (answer.allowed, answer.accuracy) == (False, 0.5)
    assert f"{count} different pictures are too few" in answer.reason


def test_a_lean_to_one_side_is_allowed_only_where_the_pictures_are_enough_to_measure_it() -> None:
    pictures, sides = lit_from_a_side(2400)
    left, right = pictures[sides == 0], pictures[sides == 1]
    few = flips_allowed(np.concatenate([left[:36], right[:24]]), None, seed=0)
    many = flips_allowed(np.concatenate([left[:900], right[:600]]), None, seed=0)
    assert (few.allowed, many.allowed) == (False, True)
    assert few.accuracy == pytest.approx(0.6, abs=0.05)
    assert many.accuracy == pytest.approx(0.6, abs=0.05)
    assert "of 60 pictures" in few.reason
    assert "seldom told" in many.reason


def test_a_scene_that_hardly_changes_is_answered_by_its_own_asymmetry() -> None:
    rng = np.random.default_rng(0)
    slope = np.broadcast_to(np.linspace(20, 220, 24).astype(np.uint8), (60, 1, 20, 24))
    assert flips_allowed(slope + rng.integers(0, 2, slope.shape, np.uint8), None, seed=0).accuracy == 1.0
    plain = np.full((60, 1, 20, 24), 90, np.uint8)
    assert flips_allowed(plain + rng.integers(0, 2, plain.shape, np.uint8), None, seed=0).accuracy < 0.75


@pytest.mark.parametrize("shape", [(30, 1, 1, 64), (30, 3, 64, 1), (30, 3, 2, 2), (30, 1, 3, 300), (30, 1, 300, 4)])
def test_any_shape_is_answered(shape: tuple[int, ...]) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert 0 <= flips_allowed(pictures, None, seed=0).accuracy <= 1


def test_a_large_set_is_sampled_from_disk_by_the_seed_alone(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.tile(letters(300, 16), (7, 1, 1, 1)))
    pictures = np.load(tmp_path / "images.npy", mmap_mode="r")
    before = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = flips_allowed(pictures, np.zeros(len(pictures), np.int64), seed=3)
    assert not answer.allowed
    assert answer == flips_allowed(pictures, np.zeros(len(pictures), np.int64), seed=3)
    assert torch.equal(torch.get_rng_state(), before)
