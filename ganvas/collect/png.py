"""An array as a PNG original whose bytes are the same on every machine: `png_bytes(pixels)`.

The pixels are in stored (uncompressed) deflate blocks written here: what a compressor makes differs between versions of
zlib, and with it the hash that names the original. RFC 1951, 3.2.4; PNG specification, chapters 5 and 9.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # channels -> gray, RGB, RGBA
STORED_BLOCK = 65_535


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """uint8 [H, W, C], C being 1, 3 or 4, to the bytes of a PNG."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each row begins with filter type 0: none
    rows[:, 1:] = pixels.reshape(height, -1)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", _stored(rows.tobytes())) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def _stored(data: bytes) -> bytes:
    parts = [b"\x78\x01"]
    for at in range(0, len(data), STORED_BLOCK):
        block = data[at : at + STORED_BLOCK]
        final = at + STORED_BLOCK >= len(data)
        parts.append(struct.pack("<BHH", final, len(block), 0xFFFF - len(block)) + block)
    return b"".join(parts) + struct.pack(">I", zlib.adler32(data))
