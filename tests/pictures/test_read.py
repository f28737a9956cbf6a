"""Reading one picture: every step of the order, on pictures made here."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from ganvas.errors import SettingsError
from ganvas.pictures.read import Limits, Picture, PictureInfo, UnreadablePicture, check_picture, read_picture


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format_name, **options)
    return stream.getvalue()


def gradient(height: int = 24, width: int = 40) -> Image.Image:
    """Red grows to the right, green downwards: every turn and flip can be told apart."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    pixels[..., 2] = 60
    return Image.fromarray(pixels)


def gray() -> Image.Image:
    return gradient().getchannel(0)


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "TIFF", "BMP"])
def test_every_format_gives_the_same_picture(format_name: str) -> None:
    options: dict[str, Any] = {"quality": 95} if format_name in ("JPEG", "WEBP", "AVIF") else {}
    picture = read_picture(encoded(gradient(), format_name, **options))
    assert picture.info.format == format_name
    assert (picture.info.height, picture.info.width, picture.info.frames) == (24, 40, 1)
    assert picture.pixels.shape == (24, 40, 3)
    assert picture.pixels.dtype == np.uint8
    off = np.abs(picture.pixels.astype(int) - np.asarray(gradient())).mean()
    assert off < (16 if format_name == "GIF" else 4)


@pytest.mark.parametrize("format_name", ["PNG", "TIFF", "BMP", "JPEG", "GIF"])
def test_gray_keeps_one_channel(format_name: str) -> None:
    picture = read_picture(encoded(gray(), format_name))
    assert picture.pixels.shape == (24, 40, 1)
    assert np.abs(picture.pixels[..., 0].astype(int) - np.asarray(gray())).max() < 6


def test_black_and_white_is_gray() -> None:
    picture = read_picture(encoded(gray().convert("1"), "PNG"))
    assert picture.info.mode == "1"
    assert picture.pixels.shape == (24, 40, 1)
    assert set(np.unique(picture.pixels)) == {0, 255}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_turns_the_picture_upright(orientation: int, format_name: str) -> None:
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = gradient().transpose(inverse[orientation]) if orientation > 1 else gradient()
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"quality": 95} if format_name in ("JPEG", "WEBP", "AVIF") else {}
    picture = read_picture(encoded(stored, format_name, exif=exif.tobytes(), **options))
    assert (picture.info.height, picture.info.width) == (24, 40)
    assert np.abs(picture.pixels.astype(int) - np.asarray(gradient())).mean() < 4


def test_broken_exif_is_ignored() -> None:
    data = encoded(gradient(), "JPEG", exif=b"Exif\0\0" + b"\xff" * 40)
    assert read_picture(data).pixels.shape == (24, 40, 3)


@pytest.mark.parametrize(("format_name", "big_endian"), [("PNG", False), ("TIFF", False), ("TIFF", True)])
def test_sixteen_bits_are_scaled_not_clipped(format_name: str, big_endian: bool) -> None:
    values = np.linspace(0, 65535, 40).astype(np.uint16)[None].repeat(24, 0)
    image = Image.fromarray(values)
    if big_endian:
        image = Image.frombytes("I;16B", (40, 24), values.astype(">u2").tobytes())
    picture = read_picture(encoded(image, format_name))
    assert picture.info.mode.startswith("I;16")
    assert picture.pixels.shape == (24, 40, 1)
    assert np.array_equal(picture.pixels[..., 0], np.rint(values / 257).astype(np.uint8))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.0, 255.0]], np.float32), [0, 100, 255]),
        (np.array([[-1.0, 0.0, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, np.nan, 1.0]], np.float32), [0, 0, 255]),
        (np.array([[0.0, 0.5, np.inf, 1.0]], np.float32), [0, 128, 255, 255]),
        (np.array([[0, 257 * 9, 65535]], np.int32), [0, 9, 255]),
        (np.array([[-500, 0, 500]], np.int32), [0, 128, 255]),
        (np.array([[7, 7, 7]], np.int32), [7, 7, 7]),
    ],
)
def test_wide_numbers_are_scaled_by_their_range(values: np.ndarray[Any, Any], expected: list[int]) -> None:
    assert read_picture(encoded(Image.fromarray(values), "TIFF")).pixels.ravel().tolist() == expected


def test_cmyk_becomes_rgb() -> None:
    picture = read_picture(encoded(gradient().convert("CMYK"), "JPEG", quality=95))
    assert picture.info.mode == "CMYK"
    assert np.abs(picture.pixels.astype(int) - np.asarray(gradient())).mean() < 6


def test_lab_becomes_rgb() -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    stored = ImageCms.profileToProfile(gradient(), srgb, lab, outputMode="LAB")
    assert stored is not None
    picture = read_picture(encoded(stored, "TIFF"))
    assert np.abs(picture.pixels.astype(int) - np.asarray(gradient())).mean() < 8


def swapped_profile() -> bytes:
    """An RGB profile whose red and green primaries are exchanged: using it exchanges the channels."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    places = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, green = places[b"rXYZ"], places[b"gXYZ"]
    data[red + 4 : red + 12], data[green + 4 : green + 12] = data[green + 4 : green + 12], data[red + 4 : red + 12]
    return bytes(data).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_an_icc_profile_is_applied(mode: str) -> None:
    image = Image.new("RGB", (8, 8), (250, 10, 10)).convert(mode)
    picture = read_picture(encoded(image, "PNG", icc_profile=swapped_profile()))
    assert picture.pixels.shape == (8, 8, 3)
    assert np.abs(picture.pixels[0, 0].astype(int) - (10, 250, 10)).max() < 12


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("profile", [b"no profile at all", b"\0" * 300])
def test_a_broken_icc_profile_does_not_cost_the_picture(mode: str, profile: bytes) -> None:
    picture = read_picture(encoded(gradient().convert(mode), "JPEG", quality=95, icc_profile=profile))
    plain = read_picture(encoded(gradient().convert(mode), "JPEG", quality=95))
    assert np.array_equal(picture.pixels, plain.pixels)


def test_a_profile_of_another_colour_space_is_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(
        read_picture(encoded(gray(), "PNG", icc_profile=profile)).pixels, read_picture(encoded(gray(), "PNG")).pixels
    )


@pytest.mark.parametrize(
    ("background", "expected"), [("white", (255, 255, 255)), ("#102030", (16, 32, 48)), ("black", (0, 0, 0))]
)
def test_alpha_lies_over_the_background(background: str, expected: tuple[int, int, int]) -> None:
    image = gradient().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    picture = read_picture(encoded(image, "PNG"), background=background)
    assert (picture.pixels == expected).all()
    assert picture.info.mode == "RGBA"


def test_half_transparent_pixels_mix_with_the_background() -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    assert (read_picture(encoded(image, "PNG")).pixels == 127).all()


def test_gray_with_alpha_stays_gray_on_gray_and_takes_a_coloured_background() -> None:
    image = Image.merge("LA", (gray(), Image.new("L", gray().size, 0)))
    assert read_picture(encoded(image, "PNG")).pixels.shape == (24, 40, 1)
    assert (read_picture(encoded(image, "PNG"), background="red").pixels == (255, 0, 0)).all()


@pytest.mark.parametrize(
    ("image", "transparency", "expected"),
    [
        (Image.new("P", (4, 4), 0), 0, (255, 255, 255)),
        (Image.new("P", (4, 4), 0), bytes([0]), (255, 255, 255)),
        (Image.new("L", (4, 4), 9), 9, (255,)),
        (Image.new("RGB", (4, 4), (1, 2, 3)), (1, 2, 3), (255, 255, 255)),
    ],
)
def test_a_transparent_colour_counts_as_alpha(image: Image.Image, transparency: Any, expected: tuple[int, ...]) -> None:
    assert (read_picture(encoded(image, "PNG", transparency=transparency)).pixels == expected).all()


def test_a_palette_becomes_colours() -> None:
    picture = read_picture(encoded(gradient().quantize(64), "PNG"))
    assert picture.info.mode == "P"
    assert np.abs(picture.pixels.astype(int) - np.asarray(gradient())).mean() < 12


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_the_first_frame_is_taken_and_the_frames_are_counted(format_name: str) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], format_name, save_all=True, append_images=frames[1:])
    picture = read_picture(data)
    assert picture.info.frames == 3
    assert np.abs(picture.pixels[5, 10].astype(int) - (255, 0, 0)).max() < 8


def test_damage_behind_the_first_frame_keeps_the_first_frame() -> None:
    frames = [Image.fromarray(np.random.default_rng(i).integers(0, 255, (64, 64), np.uint8)) for i in range(3)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    picture = read_picture(data[: len(data) // 2])
    assert np.array_equal(picture.pixels, read_picture(data).pixels)


def test_the_format_is_sniffed_whatever_the_name_or_the_caller_says(tmp_path: Path) -> None:
    gradient().save(tmp_path / "house.png")
    renamed = (tmp_path / "house.png").rename(tmp_path / "house.jpg")
    assert read_picture(renamed.read_bytes()).info.format == "PNG"


def test_more_bytes_than_the_limit_are_refused() -> None:
    data = encoded(gradient(), "BMP")
    with pytest.raises(UnreadablePicture, match="larger than"):
        read_picture(data, limits=Limits(max_bytes=len(data) - 1))
    assert read_picture(data, limits=Limits(max_bytes=len(data))).info.width == 40


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "TIFF", "BMP"])
def test_more_pixels_than_the_limit_are_refused_before_decoding(
    format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(gradient(), format_name)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(UnreadablePicture, match="megapixels"):
        read_picture(data, limits=Limits(max_pixels=24 * 40 - 1))


def test_settings_of_the_importing_program_change_nothing_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = encoded(gradient(), "PNG")
    assert read_picture(data).pixels.shape == (24, 40, 3)
    with pytest.raises(UnreadablePicture, match="PNG is cut short"):
        read_picture(data[:-60])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(UnreadablePicture, match="megapixels"):
        read_picture(data, limits=Limits(max_pixels=100))
    assert Image.MAX_IMAGE_PIXELS is None
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_reading_is_safe_in_threads(recwarn: pytest.WarningsRecorder) -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    whole, cut = encoded(gradient(), "PNG"), encoded(gradient(), "PNG")[:-60]
    results: list[Picture | str] = []

    def read(data: bytes) -> None:
        for _ in range(30):
            try:
                results.append(read_picture(data))
            except UnreadablePicture as error:
                results.append(str(error))

    threads = [threading.Thread(target=read, args=(data,)) for data in (whole, cut) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(result, Picture) for result in results) == 120
    assert results.count("PNG is cut short") == 120
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_an_unknown_background_is_a_setting_to_mend() -> None:
    with pytest.raises(SettingsError, match="no colour"):
        read_picture(encoded(gradient(), "PNG"), background="whiteish")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "1", "P", "I;16"])
def test_checking_a_picture_says_what_reading_it_does(mode: str) -> None:
    image = Image.fromarray(np.full((24, 40), 300, np.uint16)) if mode == "I;16" else gradient().convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(image, "TIFF", exif=exif.tobytes())
    assert check_picture(data) == read_picture(data).info == PictureInfo("TIFF", 24, 40, mode, 1)
    for read in (read_picture, check_picture):
        with pytest.raises(UnreadablePicture):
            read(data[: len(data) // 2])


def test_small_pictures_are_checked_without_numpy() -> None:
    program = (
        "import sys; from ganvas.pictures.read import check_picture; "
        "print(check_picture(sys.stdin.buffer.read()).width, 'numpy' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, input=encoded(gradient(), "JPEG"), capture_output=True, check=True)
    assert done.stdout.split() == [b"40", b"False"]


def test_running_out_of_memory_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(self: ImageFile.ImageFile) -> None:
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", no_memory)
    with pytest.raises(UnreadablePicture, match="memory"):
        read_picture(encoded(gradient(), "BMP"))


def test_a_text_chunk_that_unpacks_to_gigabytes_is_no_way_in() -> None:
    data = encoded(gradient(), "PNG")
    text = b"Comment\0\0" + zlib.compress(b"a" * 50_000_000, 9)
    chunk = len(text).to_bytes(4, "big") + b"zTXt" + text + zlib.crc32(b"zTXt" + text).to_bytes(4, "big")
    with pytest.raises(UnreadablePicture, match="PNG"):
        read_picture(data[:33] + chunk + data[33:])
