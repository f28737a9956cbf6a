"""The source "idx": images and labels in the IDX format of MNIST, gzipped or not.

Give the images' file, or a folder of `*-images-idx3-ubyte[.gz]`; labels are looked for beside it. `labels.txt` there
holds the labels' names, a line each. Format: yann.lecun.com/exdb/mnist, "The IDX file format".
"""

from __future__ import annotations

import gzip
import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ganvas.collect.labels import split_named
from ganvas.collect.png import png_bytes
from ganvas.collect.registry import DamagedSource, Entry, Listing, file_stamp, source
from ganvas.errors import InputError
from ganvas.pictures.read import Limits
from ganvas.progress import Progress

IMAGES = re.compile(r"(?P<split>\w*?)[-_]?images[-.]idx[34]-ubyte(\.gz)?", re.IGNORECASE)
LABELS = re.compile(r"\w*?[-_]?labels[-.]idx1-ubyte(\.gz)?", re.IGNORECASE)
LABEL_NAMES = "labels.txt"
UNSIGNED_BYTES = 8
BAD_BYTES = (OSError, EOFError, zlib.error)
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
# SHA-256 of Fashion-MNIST's unpacked labels (60,000 and 10,000): the files themselves do not say what they show
FASHION_LABELS = {
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def is_idx(path: Path) -> bool:
    """An IDX file by its name, or a folder that holds one."""
    if path.is_dir():
        return bool(_image_files(path))
    return bool(IMAGES.fullmatch(path.name) or LABELS.fullmatch(path.name))


@source("idx", belongs=is_idx)
def idx(path: Path, progress: Progress) -> Listing:
    """Every picture of one file, or of all image files in a folder. Raises InputError for files that do not fit."""
    if path.is_file() and LABELS.fullmatch(path.name):
        raise InputError(f"{path} holds labels only: give the file of the images, its labels are found beside it")
    files = _image_files(path) if path.is_dir() else [path]
    listings = [pair(file, _labels_of(file), progress) for file in files]
    return Listing(sum(listing.total or 0 for listing in listings), chain.from_iterable(x.entries for x in listings))


def pair(images: Path, labels: Path | None, progress: Progress) -> Listing:
    """One file of images and its labels, if any; label names from labels.txt, Fashion-MNIST's own, or the numbers."""
    with _opened(images) as stream:
        shape = _header(stream, images)
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3, 4)):
        raise InputError(f"{images} holds an array of shape {shape}: pictures are [N, H, W] or [N, H, W, 1, 3 or 4]")
    if not 0 < prod(shape[1:]) <= Limits.max_pixels:
        raise InputError(f"{images} says that its pictures are {shape[2]}×{shape[1]}: that is no picture")
    if shape[0] == 0:
        raise InputError(f"{images} holds no pictures: get it again")
    names = None if labels is None else _label_names(labels, shape[0])
    if names is None:
        progress.note(f"no labels beside {images.name}: added without")
    return Listing(shape[0], _entries(images, shape, names))


def _entries(path: Path, shape: tuple[int, ...], names: list[str] | None) -> Iterator[Entry]:
    status = path.stat()
    match = IMAGES.fullmatch(path.name)
    split = split_named(match["split"]) if match else None
    size = prod(shape[1:])
    picture_shape = shape[1:] if len(shape) == 4 else (*shape[1:], 1)
    with _opened(path) as stream:
        _header(stream, path)
        for index in range(shape[0]):
            data = _read(stream, size, f"picture {index + 1:,} of {shape[0]:,} is missing")
            pixels = np.frombuffer(data, np.uint8).reshape(picture_shape)
            yield Entry(
                f"{path.name}/{index:07d}",
                partial(png_bytes, pixels),
                file_stamp(status),
                names[index] if names else None,
                split,
            )


def _image_files(folder: Path) -> list[Path]:
    # a plain file and its gzipped twin are the same pictures
    files = sorted(file for file in folder.iterdir() if IMAGES.fullmatch(file.name) and file.is_file())
    return [file for file in files if not (file.suffix == ".gz" and file.with_suffix("") in files)]


def _labels_of(images: Path) -> Path | None:
    plain = images.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
    return next((file for name in (plain, plain + ".gz") if (file := images.parent / name).is_file()), None)


def _label_names(path: Path, count: int) -> list[str]:
    with _opened(path) as stream:
        shape = _header(stream, path)
        if shape != (count,):
            raise InputError(f"{path} holds labels of shape {shape}, but there are {count:,} pictures: one is wrong")
        data = _read(stream, count, "labels are missing")
    known = _known_names(path, data)
    if known and max(data) >= len(known):
        raise InputError(f"{path.parent / LABEL_NAMES} names {len(known)} labels, but there is a label {max(data)}")
    return [known[value] if known else str(value) for value in data]


def _known_names(path: Path, data: bytes) -> tuple[str, ...]:
    names = path.parent / LABEL_NAMES
    if names.is_file():
        return tuple(line.strip() for line in names.read_text(errors="replace").splitlines() if line.strip())
    header = struct.pack(">BBBBI", 0, 0, UNSIGNED_BYTES, 1, len(data))
    return FASHION if hashlib.sha256(header + data).hexdigest() in FASHION_LABELS else ()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if packed:
            with gzip.open(file) as stream:
                yield stream
        else:
            yield file


def _header(stream: Any, path: Path) -> tuple[int, ...]:
    try:
        start = stream.read(4)
        if len(start) < 4 or start[:2] != b"\0\0" or start[2] != UNSIGNED_BYTES:
            raise InputError(f"{path} is no IDX file of unsigned bytes: it begins with {start.hex() or 'nothing'}")
        sizes = stream.read(4 * start[3])
        return struct.unpack(f">{start[3]}I", sizes)
    except (*BAD_BYTES, struct.error) as error:
        raise InputError(f"{path} is damaged ({error}): get it again") from error


def _read(stream: Any, size: int, missing: str) -> bytes:
    try:
        data: bytes = stream.read(size)
    except BAD_BYTES as error:
        raise DamagedSource(f"{missing}: {error}") from error
    if len(data) < size:
        raise DamagedSource(missing)
    return data
