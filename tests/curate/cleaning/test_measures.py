"""What one look at a picture measures: the measures, the hash, the box inside a border."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from ganvas.curate.inspect.border import content_box
from ganvas.curate.inspect.inspector import inspected
from ganvas.curate.inspect.measures import VERSION, measure, small_version
from ganvas.pictures.phash import phash


def measured(image: Image.Image) -> dict[str, Any]:
    return measure(image, image.convert("L"))


def box_of(image: Image.Image) -> tuple[int, int, int, int] | None:
    pixels = np.asarray(image)
    return content_box(pixels if pixels.ndim == 3 else pixels[:, :, None])


def bits_apart(one: int | None, other: int | None) -> int:
    assert one is not None
    assert other is not None
    return ((one ^ other) & (2**64 - 1)).bit_count()


def test_the_measures_of_this_version_are_these(made: SimpleNamespace) -> None:
    """If this fails, measures changed: give them another VERSION, and these numbers."""
    ramp = np.zeros((60, 80, 3), np.uint8)
    ramp[..., 0] = np.arange(80) * 3
    ramp[20:40, 30:50] = (10, 200, 90)
    found = measured(Image.fromarray(ramp))
    wanted = {
        "brightest": 0.51765,
        "darkest": 0.01176,
        "contrast": 0.29,
        "entropy": 6.008,
        "colour": 0.9294,
        "sharpness": 0.4571,
        "flatness": 0.5,
    }
    assert VERSION == "1"
    assert found == pytest.approx(wanted, abs=0.006)


def test_blurring_lowers_sharpness_step_by_step_and_contrast_does_not(made: SimpleNamespace) -> None:
    image = made.scene()
    steps = [measured(image.filter(ImageFilter.GaussianBlur(radius)))["sharpness"] for radius in (0, 1, 2, 4)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > 0.6
    assert steps[-1] < 0.2
    faint = ImageEnhance.Contrast(image).enhance(0.5)
    assert measured(faint)["sharpness"] == pytest.approx(steps[0], abs=0.05)


def test_motion_in_one_direction_counts_as_blur(made: SimpleNamespace) -> None:
    moved = made.scene().filter(ImageFilter.BoxBlur((8, 0)))
    assert measured(moved)["sharpness"] < 0.5 * measured(made.scene())["sharpness"]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2), (9, 9), (5000, 3)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_oddest_sizes_are_measured(size: tuple[int, int], mode: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    Image.effect_noise(size, 60).convert(mode).save(path)
    found = inspected(path, path.stat().st_size)
    assert (found["measures"]["width"], found["measures"]["height"]) == size
    assert all(value is None or np.isfinite(value) for value in found["measures"].values())


def test_one_colour_has_neither_sharpness_nor_a_hash() -> None:
    image = Image.new("RGB", (50, 40), "navy")
    found = measured(image)
    assert (found["sharpness"], found["flatness"], found["entropy"], found["contrast"]) == (None, None, 0.0, 0.0)
    assert phash(image.convert("L")) is None


def test_a_hash_stays_near_when_a_picture_is_saved_anew_and_goes_far_for_another(made: SimpleNamespace) -> None:
    image = made.scene(1, (320, 240))
    first = phash(image.convert("L"))
    assert -(2**63) <= (first or 0) < 2**63
    for changed in (
        image.resize((200, 150), Image.Resampling.BICUBIC),
        image.filter(ImageFilter.GaussianBlur(1)),
        ImageEnhance.Brightness(image).enhance(0.8),
        ImageEnhance.Contrast(image).enhance(0.8),
    ):
        assert bits_apart(first, phash(changed.convert("L"))) <= 4
    others = [phash(made.scene(seed, (320, 240)).convert("L")) for seed in range(2, 12)]
    assert min(bits_apart(first, other) for other in others) > 12


@pytest.mark.parametrize("bars", [(0, 20, 0, 20), (24, 0, 24, 0), (9, 9, 9, 9), (30, 14, 20, 8)])
@pytest.mark.parametrize("colour", ["black", "white", "#7a8078"])
def test_bars_on_opposite_sides_are_found_to_the_pixel(
    made: SimpleNamespace, bars: tuple[int, int, int, int], colour: str
) -> None:
    inner = made.scene(3)
    left, top, _, _ = bars
    assert box_of(made.framed(inner, bars, colour)) == (left, top, left + inner.width, top + inner.height)


def test_bars_are_found_through_jpeg(made: SimpleNamespace, tmp_path: Path) -> None:
    inner = made.scene(3, (400, 300))
    path = tmp_path / "framed.jpg"
    made.framed(inner, (37, 21, 37, 21)).save(path, quality=85)
    left, top, right, bottom = inspected(path, path.stat().st_size)["trim"]
    assert 37 <= left <= 42
    assert 21 <= top <= 26
    assert 432 <= right <= 437
    assert 316 <= bottom <= 321


def test_what_is_no_border_is_left_alone(made: SimpleNamespace) -> None:
    circle = Image.new("RGB", (160, 120), "white")
    circle.paste(made.scene(4), (0, 0), Image.radial_gradient("L").resize((160, 120)).point(lambda v: 255 * (v < 100)))
    one_sided = made.framed(made.scene(4), (0, 0, 0, 30))
    sky_and_road = made.framed(made.framed(made.scene(4), (0, 0, 0, 30), "#404040"), (0, 10, 0, 0), "#90c0f0")
    assert box_of(made.scene(4)) is None
    assert box_of(circle) is None
    assert box_of(one_sided) is None
    assert box_of(sky_and_road) is None
    assert box_of(Image.new("RGB", (160, 120), "white")) is None
    assert box_of(made.framed(made.scene(4, (8, 8)), (40, 40, 40, 40))) is None  # what is left would be next to nothing
    assert box_of(made.framed(made.scene(4, (20, 28)), (4, 0, 4, 0))) is None  # too small to tell


def test_measures_are_of_what_is_inside_the_border(made: SimpleNamespace, tmp_path: Path) -> None:
    inner, framed = tmp_path / "inner.png", tmp_path / "framed.png"
    made.scene(5).save(inner)
    made.framed(made.scene(5), (0, 30, 0, 30)).save(framed)
    one, other = (inspected(path, path.stat().st_size) for path in (inner, framed))
    assert other["trim"] == (0, 30, 160, 150)
    assert other["measures"] == one["measures"]
    assert other["phash"] == one["phash"]


def test_a_photograph_decoded_small_measures_nearly_the_same(made: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    made.scene(6, (250, 190)).resize((2000, 1520), Image.Resampling.BICUBIC).save(path, quality=92)
    found = inspected(path, path.stat().st_size)["measures"]
    whole = measured(small_version(np.asarray(Image.open(path))))
    assert (found["width"], found["height"]) == (2000, 1520)
    for name in ("brightest", "darkest", "contrast", "colour"):
        assert found[name] == pytest.approx(whole[name], abs=0.02)
    for name in ("sharpness", "flatness"):
        assert found[name] == pytest.approx(whole[name], abs=0.05)
    assert found["entropy"] == pytest.approx(whole["entropy"], abs=0.1)


def test_a_photograph_on_its_side_is_measured_upright(made: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "side.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    framed = made.framed(made.scene(7, (600, 400)), (0, 100, 0, 100))
    framed.transpose(Image.Transpose.ROTATE_90).save(path, quality=95, exif=exif)
    found = inspected(path, path.stat().st_size)
    left, top, right, bottom = found["trim"]
    assert (left, right) == (0, 600)
    assert 100 <= top <= 112
    assert 488 <= bottom <= 500
