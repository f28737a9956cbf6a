"""Packing: originals to images.npy, uint8 [N, C, H, W], by several processes: `pack(file, originals, recipe)`.

The workers decode and resize, this process writes what they send, in order and with ordinary writes: a memory-mapped
file on a full disk would end the process with SIGBUS instead of an error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import IO

import numpy as np

from ganvas.curate.packer import UNREADABLE, Recipe, Refusal, pixels_of
from ganvas.errors import GanvasError
from ganvas.progress import Progress
from ganvas.workers import processors, worker_environment

Original = tuple[str, str]  # path, sha256
Packed = tuple[list[Refusal | None], bytes]

PROGRAM = ("-P", "-m", "ganvas.curate.packer")
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
    step = max(1, min(CHUNK, CHUNK_BYTES // recipe.bytes_each))
    chunks = [originals[start : start + step] for start in range(0, len(originals), step)]
    if workers == 1 or len(originals) <= FEW:
        yield from (_here(chunk, recipe) for chunk in chunks)
        return
    with _Workers(recipe, min(workers, len(chunks))) as pool:
        yield from pool.in_order(chunks)


def _here(chunk: Sequence[Original], recipe: Recipe) -> Packed:
    done = [pixels_of(path, sha256, recipe) for path, sha256 in chunk]
    refusals = [it if isinstance(it, Refusal) else None for it in done]
    return refusals, b"".join(it.tobytes() for it in done if not isinstance(it, Refusal))


class _Workers:
    """A thread for each worker process, which waits for it and starts it when the first chunk comes."""

    def __init__(self, recipe: Recipe, count: int) -> None:
        self._recipe = recipe
        self._count = count
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="packer")
        self._own = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closing = False

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing = True
        for process in list(self._processes):
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.communicate()

    def in_order(self, chunks: Sequence[Sequence[Original]]) -> Iterator[Packed]:
        pending: deque[Future[Packed]] = deque()
        for chunk in chunks:
            pending.append(self._threads.submit(self._answer, chunk))
            if len(pending) > 2 * self._count:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    def _answer(self, chunk: Sequence[Original]) -> Packed:
        answer = self._ask(chunk)
        if answer is not None:
            return answer
        if len(chunk) == 1:  # the one that the worker died on
            return [Refusal(UNREADABLE, "ended the process that decoded it")], b""
        singly = [self._answer([original]) for original in chunk]
        return [refusal for refusals, _ in singly for refusal in refusals], b"".join(pixels for _, pixels in singly)

    def _ask(self, chunk: Sequence[Original]) -> Packed | None:
        process = self._process()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(chunk).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if line.endswith(b"\n"):
                refusals = [None if it is None else Refusal(*it) for it in json.loads(line)]
                size = refusals.count(None) * self._recipe.bytes_each
                pixels = process.stdout.read(size)
                if len(pixels) == size:
                    return refusals, pixels
        except BrokenPipeError:
            pass
        self._own.process = None
        return None

    def _process(self) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if self._closing:
            raise GanvasError("packing was stopped")
        if process is None:
            process = self._own.process = subprocess.Popen(
                [sys.executable, *PROGRAM, json.dumps(asdict(self._recipe))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=worker_environment(),
                start_new_session=True,  # Ctrl-C is for the one who decides, not for the workers
            )
            self._processes.append(process)
        return process
