"""The pictures of a set as they are exported: encoded, safely named, with what is known of each."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganvas.catalog.public_keys import public_key
from ganvas.errors import InputError
from ganvas.pictures.packed import HELD_OUT, PackedSet
from ganvas.studio import StudioFolder
from ganvas.workers import processors

if TYPE_CHECKING:
    from ganvas.catalog import OriginRow

SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "AVIF": ".avif", "TIFF": ".tiff"}
OUTSIDE = {HELD_OUT: "test"}  # what other programs call it
LONGEST_SLUG = 40
CHUNK = 64  # pictures in memory at once
PNG_LEVEL = 3  # of zlib: 60 % of the time of 6, files 1 % larger


@dataclass(frozen=True)
class Example:
    """One picture to be written: `split` as other programs call it, `name` without a folder, `row` for its metadata."""

    split: str
    name: str
    data: bytes
    row: dict[str, Any]


def outside(split: str) -> str:
    """The name of a split in an export: train, validation, test."""
    return OUTSIDE.get(split, split)


def examples(
    studio: StudioFolder, packed: PackedSet, origins: Mapping[str, OriginRow], originals: bool
) -> Iterator[Example]:
    """Every picture of the set in its order. Raises InputError for an original that is gone or another by now."""

    def example(position: int) -> Example:
        sha256, label, split = packed.sha256s[position], packed.labels[position], str(packed.split[position])
        named = packed.label_names[label] if label >= 0 else None
        origin = origins[sha256]
        if originals:
            data, suffix = _original(studio, sha256), SUFFIXES.get(origin.format, f".{origin.format.lower()}")
        else:
            data, suffix = png(packed.images[position], sha256), ".png"
        return Example(outside(split), _name(position, named, suffix), data, _row(named, split, sha256, origin))

    with ThreadPoolExecutor(processors()) as pool:  # packing a PNG is zlib's work, which lets other threads run
        for start in range(0, len(packed), CHUNK):
            yield from pool.map(example, range(start, min(start + CHUNK, len(packed))))


def png(pixels: NDArray[np.uint8], sha256: str) -> bytes:
    """uint8 [C, H, W] as PNG. It names the original, since two originals may look the same once they are small."""
    shaped = pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    info = PngInfo()
    info.add_text("Source", f"sha256:{sha256}")
    buffer = io.BytesIO()
    Image.fromarray(shaped).save(buffer, "PNG", pnginfo=info, compress_level=PNG_LEVEL)
    return buffer.getvalue()


def _original(studio: StudioFolder, sha256: str) -> bytes:
    path = studio.image_path(sha256)
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
    else:
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
        what = "is not what was added"
    raise InputError(f"original {path} {what}: `ganvas add` its source again, or export without --originals")


def _row(label: str | None, split: str, sha256: str, origin: OriginRow) -> dict[str, Any]:
    row = {
        "label": label,
        "split": outside(split),
        "sha256": sha256,
        "title": origin.title,
        "artist": origin.artist,
        "licence": origin.licence,
        "attribution": origin.attribution,
        "source": origin.source,
        "key": public_key(origin.source, origin.key),
    }
    return {key: value for key, value in row.items() if value is not None}


def _name(position: int, label: str | None, suffix: str) -> str:
    plain = unicodedata.normalize("NFKD", label or "").encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-").lower()
    return f"{position:07d}{'-' if slug else ''}{slug}{suffix}"
