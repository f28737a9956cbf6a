"""Packing: originals to images.npy, uint8 [N, C, H, W], by several processes: `pack(file, originals, recipe)`.

The workers decode and resize, this process writes what they send, in order and with ordinary writes: a memory-mapped
file on a full disk would end the process with SIGBUS instead of an error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import IO

import numpy as np

from ganvas.curate.packer import UNREADABLE, Recipe, Refusal, Trim, packed
from ganvas.curate.workers import DIED, Answer, Workers
from ganvas.progress import Progress
from ganvas.workers import processors

Original = tuple[str, str, Trim | None]  # path, sha256, what is inside a border
Packed = tuple[list[Refusal | None], bytes]

CHUNK = 64
CHUNK_BYTES = 8 * 2**20
FEW = 128  # up to here, starting a process takes longer than doing the work


def pack(
    file: IO[bytes],
    originals: Sequence[Original],
    recipe: Recipe,
    *,
    workers: int | None = None,
    progress: Progress,
    label: str = "packing",
) -> list[Refusal | None]:
    """Write the originals that can be read as an array in .npy format; one entry an original says why it is not in it.

    The bytes are the same for any number of workers. Raises OSError where the file cannot be written (a full disk).
    """
    start = _header(file, len(originals), recipe)
    if hasattr(os, "posix_fallocate"):
        file.flush()
        _reserve(file.fileno(), start + len(originals) * recipe.bytes_each)
    refused: list[Refusal | None] = []
    with progress.task(label, len(originals), "pictures") as task:
        for refusals, pixels in decoded(originals, recipe, workers or processors()):
            file.write(pixels)
            refused += refusals
            task.advance(len(refusals))
    file.truncate(file.tell())
    file.seek(0)
    _header(file, refused.count(None), recipe)
    file.flush()
    os.fsync(file.fileno())
    return refused


def _header(file: IO[bytes], count: int, recipe: Recipe) -> int:
    # NumPy pads the header so that it keeps its length whatever the count
    shape = (count, recipe.channels, recipe.height, recipe.width)
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return file.tell()


def _reserve(descriptor: int, size: int) -> None:
    import errno

    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):  # not every file system can; then the writes will tell
            raise


def decoded(originals: Sequence[Original], recipe: Recipe, workers: int) -> Iterator[Packed]:
    """The originals in order, some at a time: why each has no pixels or None, and the pixels of those that have.

    The workers run ahead of whoever takes these.
    """
    for entries, pixels in _answers(originals, recipe, workers):
        yield [None if entry is None else Refusal(*entry) for entry in entries], pixels


def _answers(originals: Sequence[Original], recipe: Recipe, workers: int) -> Iterator[Answer]:
    step = max(1, min(CHUNK, CHUNK_BYTES // recipe.bytes_each))
    chunks = [originals[start : start + step] for start in range(0, len(originals), step)]
    if workers == 1 or len(originals) <= FEW:
        for chunk in chunks:
            entries, pixels = packed(chunk, recipe)
            yield entries, b"".join(pixels)
        return
    pool = Workers(
        "ganvas.curate.packer",
        json.dumps(asdict(recipe)),
        min(workers, len(chunks)),
        lost=[UNREADABLE, DIED],
        follow=lambda entries: entries.count(None) * recipe.bytes_each,
    )
    with pool:
        yield from pool.in_order(chunks)
