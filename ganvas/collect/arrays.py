"""The source "arrays": pictures in `.npy` (memory-mapped) or `.npz` (streamed), with labels beside them in the latter.

[N, H, W], [N, H, W, C] or [N, C, H, W], C being 1, 3 or 4; uint8, or other numbers whose range says what they mean.
Pickled objects are never opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.collect.array_files import ArrayFile, open_arrays
from ganvas.collect.labels import SPLITS
from ganvas.collect.png import png_bytes
from ganvas.collect.registry import Entry, Listing, file_stamp, source
from ganvas.errors import InputError
from ganvas.pictures.read import Limits
from ganvas.pictures.sniff import UnreadablePicture
from ganvas.progress import Progress

IMAGE_WORDS = {"images", "image", "imgs", "x", "data", "pictures", "samples", "arr"}
LABEL_WORDS = {"labels", "label", "y", "targets", "classes", "arr"}
CHUNK_BYTES = 64 * 2**20
# (lowest, highest, factor, offset, what it is called): the first range that holds all values
RANGES = (
    (0.0, 1.0, 255.0, 0.0, "0 to 1"),
    (-1.0, 1.0, 127.5, 127.5, "-1 to 1"),
    (0.0, 255.0, 1.0, 0.0, "0 to 255"),
    (0.0, 65535.0, 1 / 257, 0.0, "0 to 65535"),
)


def is_arrays(path: Path) -> bool:
    """A file named .npy or .npz."""
    return path.is_file() and path.suffix.lower() in (".npy", ".npz")


@dataclass(frozen=True)
class _Scale:
    factor: float = 1.0
    offset: float = 0.0


@source("arrays", belongs=is_arrays)
def arrays(path: Path, progress: Progress) -> Listing:
    """All pictures of a file of arrays. Raises InputError for shapes and types that are no pictures."""
    files = open_arrays(path)
    listings = [_listing(path, *found, progress) for found in _pairs(path, files)]
    return Listing(
        sum(listing.total or 0 for listing in listings), (entry for listing in listings for entry in listing.entries)
    )


def _listing(path: Path, images: ArrayFile, labels: ArrayFile | None, split: str | None, progress: Progress) -> Listing:
    _check_shape(path, images)
    names = None if labels is None else _label_names(labels, images, progress)
    scale = _scale(path, images, progress)
    return Listing(images.shape[0], _entries(path, images, names, split, scale))


def _entries(
    path: Path, images: ArrayFile, names: list[str] | None, split: str | None, scale: _Scale | None
) -> Iterator[Entry]:
    status = path.stat()
    stamp = file_stamp(status)
    index = 0
    for rows in images.chunks(CHUNK_BYTES):
        for row in rows:
            content = partial(_png, _channels_last(row, images.shape), scale)
            yield Entry(f"{images.name}/{index:07d}", content, stamp, names[index] if names else None, split)
            index += 1


def _png(row: NDArray[Any], scale: _Scale | None) -> bytes:
    if scale is None:
        return png_bytes(row.astype(np.uint8, copy=False))
    numbers = row.astype(np.float64) * scale.factor + scale.offset
    if not np.isfinite(numbers).all():
        raise UnreadablePicture("not a number in the array")
    return png_bytes(np.clip(np.rint(numbers), 0, 255).astype(np.uint8))


def _check_shape(path: Path, images: ArrayFile) -> None:
    shape = images.shape
    fits = len(shape) == 3 or (len(shape) == 4 and (shape[3] in (1, 3, 4) or shape[1] in (1, 3, 4)))
    if not fits or not 0 < np.prod(shape[1:], dtype=object) <= 4 * Limits.max_pixels:
        raise InputError(
            f"{path}: {images.name} has shape {shape}, not [N, H, W], [N, H, W, C] or [N, C, H, W] with C 1, 3 or 4"
        )
    if shape[0] == 0:
        raise InputError(f"{path}: {images.name} is empty: shape {shape}")
    if images.dtype.kind not in "buif":
        raise InputError(f"{path}: {images.name} holds {images.dtype}: pictures are uint8, bool, integers or floats")


def _channels_last(row: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if row.ndim == 2:
        return row[:, :, None]
    return row if shape[3] in (1, 3, 4) else row.transpose(1, 2, 0)


def _scale(path: Path, images: ArrayFile, progress: Progress) -> _Scale | None:
    """How to bring the numbers to 0…255; None where they are uint8. Looks at all: one picture may be black."""
    if images.dtype == np.uint8:
        return None
    if images.dtype == np.bool_:
        return _Scale(255.0)
    lowest, highest = np.inf, -np.inf
    for rows in images.chunks(CHUNK_BYTES):
        finite = rows[np.isfinite(rows)]
        if finite.size:
            lowest, highest = min(lowest, float(finite.min())), max(highest, float(finite.max()))
    if lowest > highest:
        raise InputError(f"{path}: {images.name} holds no finite number")
    ranges = RANGES if images.dtype.kind == "f" else RANGES[2:]
    for low, high, factor, offset, name in ranges:
        if low <= lowest and highest <= high:
            progress.note(f"{path.name}: {images.name} is {images.dtype}, taken as {name} and scaled to 8 bits")
            return _Scale(factor, offset)
    raise InputError(
        f"{path}: {images.name} is {images.dtype} from {lowest:g} to {highest:g}: scale it to 0…255 as uint8 first"
    )


def _pairs(path: Path, files: list[ArrayFile]) -> list[tuple[ArrayFile, ArrayFile | None, str | None]]:
    """(images, labels, split) by the usual names: images/labels, x_train/y_train, test_images, arr_0/arr_1."""
    if path.suffix.lower() == ".npy":
        return [(files[0], None, None)]
    words = {file.name: _words(file.name) for file in files}
    images = [file for file in files if words[file.name][0] & IMAGE_WORDS and len(file.shape) >= 3]
    if not images:
        images = [file for file in files if len(file.shape) >= 3]
        if len(images) != 1:
            has = ", ".join(f"{file.name} {file.shape}" for file in files) or "nothing"
            raise InputError(f"{path} has no array named images, x or arr_0: it has {has}")
    return [(file, _labels_for(file, files, words), words[file.name][1]) for file in images]


def _labels_for(
    images: ArrayFile, files: list[ArrayFile], words: dict[str, tuple[set[str], str | None]]
) -> ArrayFile | None:
    for file in files:
        named, split = words[file.name]
        fits = file.shape[:1] == images.shape[:1] and len(file.shape) <= 2 and np.prod(file.shape[1:]) == 1
        if named & LABEL_WORDS and split == words[images.name][1] and fits and file.dtype.kind in "buifSU":
            return file
    return None


def _words(name: str) -> tuple[set[str], str | None]:
    words = set(re.findall(r"[a-z]+|held-out", name.lower()))
    split = next((SPLITS[word] for word in sorted(words) if word in SPLITS), None)
    return words - set(SPLITS), split


def _label_names(labels: ArrayFile, images: ArrayFile, progress: Progress) -> list[str]:
    values = np.concatenate([rows.reshape(-1) for rows in labels.chunks(CHUNK_BYTES)])
    if values.dtype.kind == "S":
        return [value.decode(errors="replace") for value in values.tolist()]
    if values.dtype.kind == "f" and np.isfinite(values).all() and (values == np.rint(values)).all():
        values = values.astype(np.int64)
    return [str(value) for value in values.tolist()]
