from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.pictures.lettering import writable
from ganvas.pictures.sheet import save_picture, save_png, sheet


def pictures(count: int, channels: int = 3, height: int = 30, width: int = 20, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, channels, height, width), np.uint8)


def test_pictures_lie_row_by_row_with_one_gap_around_each() -> None:
    shown = pictures(5, height=6, width=4)
    pixels = np.asarray(sheet(shown, columns=3, scale=1, gap_px=2))
    assert pixels.shape == (2 + 2 * 8, 2 + 3 * 6, 3)
    for i in range(5):
        y, x = 2 + i // 3 * 8, 2 + i % 3 * 6
        assert (pixels[y : y + 6, x : x + 4] == shown[i].transpose(1, 2, 0)).all()
    gap = pixels[0, 0]
    assert (pixels[:2] == gap).all()
    assert (pixels[:, :2] == gap).all()
    assert (pixels[10:16, 14:18] == gap).all()  # the place of a sixth


def test_gray_pictures_give_a_gray_sheet_and_colours_a_coloured_one() -> None:
    assert sheet(pictures(4, channels=1), captions=list("abcd"), header="gray").mode == "L"
    assert sheet(pictures(4, channels=3), captions=list("abcd"), header="colour").mode == "RGB"


def test_sixty_four_pictures_make_eight_by_eight() -> None:
    assert sheet(pictures(64, height=10, width=10), scale=1, gap_px=0).size == (80, 80)


def test_tiny_pictures_are_enlarged_pixel_by_pixel_and_large_ones_are_not() -> None:
    tiny = pictures(4, channels=1, height=28, width=28)
    pixels = np.asarray(sheet(tiny, columns=2, gap_px=2))
    assert pixels.shape == (2 + 2 * 86, 2 + 2 * 86)
    assert (pixels[2:86, 2:86] == tiny[0, 0].repeat(3, axis=0).repeat(3, axis=1)).all()
    assert sheet(pictures(1, height=128, width=96), gap_px=0).size == (96, 128)


def test_a_great_many_tiny_pictures_are_not_enlarged_beyond_what_a_screen_holds() -> None:
    assert max(sheet(pictures(2500, channels=1, height=28, width=28)).size) <= 4096 + 200


def test_captions_and_header_are_written_without_touching_the_pictures() -> None:
    shown = pictures(4, height=40, width=60)
    plain = np.asarray(sheet(shown, columns=2, scale=1, gap_px=2))
    lettered = np.asarray(sheet(shown, columns=2, scale=1, gap_px=2, captions=["a boot"] * 4, header="four boots"))
    assert lettered.shape[1] == plain.shape[1]
    top = lettered.shape[0] - plain.shape[0] - 2 * 18
    assert (lettered[top + 2 : top + 42, 2:62] == plain[2:42, 2:62]).all()
    assert lettered[:top].min() < 120
    assert lettered[top + 42 : top + 60, 2:62].min() < 120


def test_letters_the_font_lacks_are_replaced_and_never_drawn_as_boxes() -> None:
    assert writable("KID×1000 −1 — 3 ± 1\nline") == "KIDx1000 -1 - 3 ± 1 line"
    assert writable("東京") == "??"


def test_a_caption_wider_than_its_picture_stays_within_it() -> None:
    shown = np.full((1, 1, 20, 60), 238, np.uint8)
    wide = np.asarray(sheet(shown, scale=1, gap_px=2, captions=["W" * 200]))
    assert (wide[:, 62:] == 238).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.zeros((0, 3, 8, 8), np.uint8), "none to show"),
        (np.zeros((2, 3, 8), np.uint8), "uint8"),
        (np.zeros((2, 2, 8, 8), np.uint8), "1 or 3"),
        (np.zeros((2, 3, 8, 8), np.float32), "float32"),
    ],
)
def test_what_is_no_stack_of_pictures_is_said_in_one_line(wrong: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        sheet(wrong)
    assert "\n" not in str(caught.value)


def test_captions_must_be_as_many_as_pictures() -> None:
    with pytest.raises(InputError, match="4 pictures needs as many captions, not 1"):
        sheet(pictures(4), captions=["one"])


def test_a_saved_sheet_reads_back_equal_and_leaves_nothing_else(tmp_path: Path) -> None:
    image = sheet(pictures(9))
    path = save_png(tmp_path / "sheets" / "tick-0001.png", image)
    with Image.open(path) as read:
        assert np.array_equal(np.asarray(read), np.asarray(image))
    assert [file.name for file in path.parent.iterdir()] == ["tick-0001.png"]


def test_a_sheet_that_cannot_be_written_says_why_and_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="could not be written"):
        save_png(tmp_path / "file" / "a.png", sheet(pictures(1)))
    assert (tmp_path / "file").read_text() == "not a folder"


@pytest.mark.parametrize(("name", "format_name"), [("a.png", "PNG"), ("a.JPG", "JPEG"), ("a.webp", "WEBP")])
def test_the_suffix_names_the_format(tmp_path: Path, name: str, format_name: str) -> None:
    with Image.open(save_picture(tmp_path / name, sheet(pictures(4)))) as image:
        assert image.format == format_name


def test_a_suffix_or_size_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must end in .png, .jpg"):
        save_picture(tmp_path / "a.docx", sheet(pictures(4)))
    with pytest.raises(InputError, match="cannot hold 70000x1 pixels"):
        save_picture(tmp_path / "a.jpg", Image.new("L", (70_000, 1)))
    assert list(tmp_path.iterdir()) == []
