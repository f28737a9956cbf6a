from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.pictures.animate import loop_gif, progress_gif
from ganvas.pictures.sheet import sheet


def smooth(count: int, channels: int, height: int, width: int, seed: int) -> np.ndarray:
    """Pictures with large shapes and some grain, as photographs have."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, channels, height // 16 + 1, width // 16 + 1))
    fine = coarse.repeat(16, axis=2).repeat(16, axis=3)[:, :, :height, :width] + rng.normal(0, 6, (height, width))
    return np.clip(fine, 0, 255).astype(np.uint8)


def frames_of(path: Path) -> list[tuple[Image.Image, int]]:
    with Image.open(path) as gif:
        shown = []
        for i in range(gif.n_frames):
            gif.seek(i)
            shown.append((gif.convert("RGB"), gif.info["duration"]))
        return shown


def test_every_frame_is_shown_on_one_canvas_the_last_one_held_for_ever_again(tmp_path: Path) -> None:
    frames = [(sheet(smooth(4, 3, 32, 48, i)), f"epoch {i}\nKID×1000 {90 - i}") for i in range(5)]
    path = progress_gif(tmp_path / "progress.gif", frames, seconds_a_frame=0.3, hold_last_s=1.5)
    shown = frames_of(path)
    assert [duration for _, duration in shown] == [300, 300, 300, 300, 1500]
    assert len({image.size for image, _ in shown}) == 1
    with Image.open(path) as gif:
        assert gif.info["loop"] == 0


def test_colours_survive_the_palette(tmp_path: Path) -> None:
    picture = sheet(smooth(16, 3, 64, 64, 1))
    shown = np.asarray(frames_of(progress_gif(tmp_path / "a.gif", [(picture, "one")]))[0][0], np.int64)
    wanted = np.asarray(picture, np.int64)
    offset = (shown.shape[1] - wanted.shape[1]) // 2
    seen = shown[: wanted.shape[0], offset : offset + wanted.shape[1]]
    assert np.abs(seen - wanted).mean() < 12


def test_gray_frames_stay_gray_and_pictures_before_text_are_untouched(tmp_path: Path) -> None:
    frames = [(sheet(smooth(9, 1, 28, 28, i)), f"epoch {i}") for i in range(3)]
    shown = frames_of(progress_gif(tmp_path / "a.gif", frames))
    for (image, _), (wanted, _) in zip(shown, frames, strict=True):
        pixels = np.asarray(image, np.int64)
        assert (pixels == pixels[..., :1]).all()
        offset = (image.width - wanted.width) // 2
        seen = pixels[: wanted.height, offset : offset + wanted.width, 0]
        assert np.abs(seen - np.asarray(wanted, np.int64)).max() <= 4


def test_text_stands_beneath_the_picture_and_long_text_is_wrapped(tmp_path: Path) -> None:
    picture = sheet(np.full((16, 1, 28, 28), 238, np.uint8))
    few = frames_of(progress_gif(tmp_path / "few.gif", [(picture, "short")]))[0][0]
    many = frames_of(progress_gif(tmp_path / "many.gif", [(picture, "many words " * 20)]))[0][0]
    assert many.height > few.height + 40
    assert np.asarray(few.convert("L"))[: picture.height].min() > 200
    assert np.asarray(few.convert("L"))[picture.height :].min() < 120


def test_frames_of_different_size_and_mode_share_a_canvas(tmp_path: Path) -> None:
    frames = [(sheet(smooth(4, 1, 28, 28, 0)), ""), (sheet(smooth(9, 3, 64, 48, 1)), "epoch 2")]
    assert len({image.size for image, _ in frames_of(progress_gif(tmp_path / "a.gif", frames))}) == 1


def test_twenty_frames_of_sixty_four_houses_stay_under_six_megabytes(tmp_path: Path) -> None:
    frames = [(sheet(smooth(64, 3, 128, 96, i)), f"epoch {i} · KID×1000 {i}") for i in range(20)]
    path = progress_gif(tmp_path / "a.gif", frames)
    assert path.stat().st_size <= 6_000_000
    shown = frames_of(path)
    assert len(shown) == 20
    assert shown[0][0].width >= 240


def test_a_long_training_is_thinned_evenly_from_first_to_last(tmp_path: Path) -> None:
    frames = [(Image.new("L", (8, 8), i), f"tick {i}") for i in range(240)]
    shown = frames_of(progress_gif(tmp_path / "a.gif", frames))
    assert len(shown) == 100
    assert np.asarray(shown[0][0])[4, 120, 0] < np.asarray(shown[-1][0])[4, 120, 0]


def test_no_frames_are_an_error_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no sheet yet"):
        progress_gif(tmp_path / "a.gif", [])
    assert not list(tmp_path.iterdir())


def test_a_loop_shows_every_frame_equally_long_at_its_own_size(tmp_path: Path) -> None:
    images = [sheet(smooth(1, 1, 28, 28, i)) for i in range(5)]
    shown = frames_of(loop_gif(tmp_path / "a.gif", images, seconds_a_frame=0.08))
    assert [duration for _, duration in shown] == [80] * 5
    assert {image.size for image, _ in shown} == {images[0].size}


def test_a_large_loop_is_drawn_smaller(tmp_path: Path) -> None:
    images = [sheet(smooth(4, 3, 128, 96, i)) for i in range(8)]
    path = loop_gif(tmp_path / "a.gif", images, seconds_a_frame=0.1, max_bytes=100_000)
    assert path.stat().st_size <= 100_000
    shown = frames_of(path)
    assert len(shown) == 8
    assert shown[0][0].width < images[0].width


def test_a_loop_needs_frames_and_the_name_of_an_animation(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one frame"):
        loop_gif(tmp_path / "a.gif", [], 0.1)
    with pytest.raises(InputError, match="end in .gif"):
        loop_gif(tmp_path / "a.png", [Image.new("L", (8, 8))], 0.1)
    assert not list(tmp_path.iterdir())
