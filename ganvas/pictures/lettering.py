"""Lines of text on pictures, in Pillow's own font: `write(canvas, (x, y), "tick 3", size_px=13, room_px=200)`."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

INK = 64  # dark enough on the paper gray of sheets, softer than black
SUBSTITUTES = {"×": "x", "−": "-", "–": "-", "—": "-", "‑": "-", "½": "1/2", "→": ">", "≥": ">=", "≤": "<=", "’": "'"}
NO_CHARACTER = "\U0010ffff"
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write(canvas: Image.Image, at: tuple[int, int], text: str, size_px: int, room_px: int, ink: int = INK) -> None:
    """One line at (x, y) on a gray or RGB canvas, cut with … where it is longer than the room."""
    colour = ink if canvas.mode in ("L", "P") else (ink, ink, ink)
    font = _font(size_px)
    ImageDraw.Draw(canvas).text(at, _cut(writable(text), font, room_px), colour, font)


def letters_wide(text: str, size_px: int) -> int:
    """How many pixels a line takes."""
    return math.ceil(_font(size_px).getlength(writable(text)))


def wrapped(text: str, size_px: int, room_px: int) -> list[str]:
    """The text's lines, broken at spaces so that each fits the room; a longer word is left for `write` to cut."""
    font = _font(size_px)
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in writable(paragraph).split():
            longer = f"{line} {word}" if line else word
            if line and font.getlength(longer) > room_px:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def writable(text: str) -> str:
    """The text with what the font lacks replaced: × by x, é by e, other scripts by ?."""
    return "".join(_drawable(character) for character in " ".join(text.split()))


@lru_cache(maxsize=4096)
def _drawable(character: str) -> str:
    if _in_font(character):
        return character
    if character in SUBSTITUTES:
        return SUBSTITUTES[character]
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return plain if plain and plain != character and all(_in_font(part) for part in plain) else "?"


def _in_font(character: str) -> bool:
    font = _font(16)
    return character.isspace() or bytes(font.getmask(character)) != bytes(font.getmask(NO_CHARACTER))


def _cut(text: str, font: Font, room_px: int) -> str:
    if font.getlength(text) <= room_px:
        return text
    while text and font.getlength(text + "…") > room_px:
        text = text[:-1]
    return text.rstrip() + "…"


@lru_cache
def _font(size_px: int) -> Font:
    return ImageFont.load_default(size_px)
