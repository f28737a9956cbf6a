"""What a file is by its first bytes, whatever its name says: `sniff(data)` -> "JPEG", or UnreadablePicture.

Only plain picture formats are let through. EPS, PDF and SVG are programs or documents: they are never opened.
"""

from __future__ import annotations

from ganvas.errors import GanvasError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}
DOCUMENTS = ((b"%!PS", "EPS"), (b"\xc5\xd0\xd3\xc6", "EPS"), (b"%PDF", "PDF"))


class UnreadablePicture(GanvasError):
    """Bytes that are no picture ganvas reads. The message is a short reason; after a colon come details."""


def sniff(data: bytes) -> str:
    """The Pillow name of the format (one of FORMATS). Raises UnreadablePicture that says what the bytes are instead."""
    head = bytes(data[:1024])
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(TIFF_STARTS):
        return "TIFF"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in BMP_HEADER_SIZES:
        return "BMP"
    if _brands(head) & {b"avif", b"avis"}:
        return "AVIF"
    raise UnreadablePicture(_what_it_is(head))


def _brands(head: bytes) -> set[bytes]:
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12]} | {head[at : at + 4] for at in range(16, end, 4)}


def _what_it_is(head: bytes) -> str:
    if not head:
        return "empty file"
    for start, name in DOCUMENTS:
        if head.startswith(start):
            return f"{name} is not read"
    if _brands(head) & {b"heic", b"heix", b"mif1", b"hevc"}:
        return "HEIC is not read, save it as JPEG"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "SVG is not read"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page, not a picture"
    if b"\0" not in head and _is_text(head):
        return "text, not a picture"
    return "not a JPEG, PNG, WebP, GIF, AVIF, TIFF or BMP"


def _is_text(head: bytes) -> bool:
    printable = sum(byte >= 32 or byte in b"\t\r\n\f" for byte in head)
    try:
        head[:-4].decode() if len(head) > 4 else head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 8 and printable == len(head)
    return printable == len(head)
