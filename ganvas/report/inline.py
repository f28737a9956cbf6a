"""Pictures inside the page: data addresses, so that one file is everything."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

FORMATS = {"PNG": "image/png", "GIF": "image/gif"}


@dataclass(frozen=True)
class Inline:
    """A picture of the page: its address, what it shows in words, and its size in pixels."""

    src: str
    alt: str
    width: int
    height: int


def inline_file(path: Path | None, alt: str) -> Inline | None:
    """A PNG or GIF of the run's folder, None where it is missing or cannot be read."""
    if path is None:
        return None
    try:
        with Image.open(path) as image:
            image.load()
            kind, (width, height) = FORMATS[image.format or ""], image.size
        return Inline(_address(kind, path.read_bytes()), alt, width, height)
    except (OSError, SyntaxError, ValueError, KeyError, Image.DecompressionBombError):
        return None


def inline_svg(svg: str, alt: str, width: int, height: int) -> Inline:
    return Inline(_address("image/svg+xml", svg.encode()), alt, width, height)


def inline_picture(kind: str, data: bytes, alt: str, width: int, height: int) -> Inline:
    return Inline(_address(kind, data), alt, width, height)


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
