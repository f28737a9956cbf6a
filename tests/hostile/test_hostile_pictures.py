"""A zoo of bytes that are no picture, or want to be one that costs the machine: each is refused with a short reason."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ganvas.pictures.read import UnreadablePicture, read_picture
from ganvas.pictures.sniff import sniff

FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "TIFF", "BMP"]


def valid(format_name: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (32, 48, 3), np.uint8)).save(stream, format_name)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_says(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def bmp_that_says(width: int, height: int) -> bytes:
    return struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"\0" * 5000, "not a JPEG"),
        (b"hello, I am a house\n" * 40, "text, not a picture"),
        ("Überall Häuser, überall Fassaden. ".encode() * 100, "text, not a picture"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "a web page"),
        (b"\n  <HTML><title>Just a moment...</title>", "a web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>', "SVG is not read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run", "EPS is not read"),
        (b"\xc5\xd0\xd3\xc6" + b"\0" * 60, "EPS is not read"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF is not read"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40, "HEIC is not read"),
        (b"\x00\x00\x01\x00\x01\x00\x10\x10" + b"\0" * 60, "not a JPEG"),
        (b"8BPS\0\x01" + b"\0" * 60, "not a JPEG"),
        (b"MZ\x90\0" + b"\0" * 60, "not a JPEG"),
        (b"PK\x03\x04" + b"\0" * 60, "not a JPEG"),
        (b"BM is short for bitmap, and this is a letter", "text, not a picture"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePicture, match=reason):
        read_picture(data)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_file_cut_short_is_refused(format_name: str, share: float) -> None:
    data = valid(format_name)
    with pytest.raises(UnreadablePicture) as caught:
        read_picture(data[: max(4, int(len(data) * share))])
    assert len(str(caught.value)) < 140
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [png_that_says(60_000, 60_000), png_that_says(2**31 - 1, 2**31 - 1), bmp_that_says(50_000, 50_000)],
    ids=["png", "largest png", "bmp"],
)
def test_a_header_that_promises_gigapixels_is_refused_at_once(data: bytes) -> None:
    with pytest.raises(UnreadablePicture, match="megapixels|damaged"):
        read_picture(data)


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (0, 0)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadablePicture):
        read_picture(png_that_says(*size))


@pytest.mark.parametrize("format_name", FORMATS)
def test_flipped_bytes_give_a_picture_or_a_reason_and_nothing_else(format_name: str) -> None:
    chance = random.Random(format_name)
    data = valid(format_name)
    reasons = []
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 12)):
            end = min(len(data), 400) if chance.random() < 0.7 else len(data)
            damaged[chance.randrange(end)] = chance.randrange(256)
        try:
            assert read_picture(bytes(damaged)).pixels.ndim == 3
        except UnreadablePicture as error:
            reasons.append(str(error))
    assert reasons
    assert all(0 < len(reason) < 140 for reason in reasons)


def test_a_tiff_whose_pages_go_round_in_a_circle_ends() -> None:
    data = bytearray(valid("TIFF"))
    first = struct.unpack_from("<I", data, 4)[0]
    entries = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)
    assert read_picture(bytes(data)).pixels.shape == (32, 48, 3)


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_is_known_by_its_first_64_bytes(format_name: str) -> None:
    assert sniff(valid(format_name)[:64]) == format_name
