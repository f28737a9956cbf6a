"""Arrays in `.npy` and `.npz`, read a chunk of rows at a time: `open_arrays(path)`.

A .npy is memory-mapped. A member of a .npz is streamed out of its zip: a small file may unpack to more than the memory.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ganvas.collect.limits import ArchiveLimits
from ganvas.collect.registry import DamagedSource
from ganvas.errors import InputError

BAD_BYTES = (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)
PICKLED = "holds Python objects (pickle), which are never opened: save the pictures as uint8"


@dataclass(frozen=True)
class ArrayFile:
    """One array: `member` is its name inside a .npz, None for a .npy."""

    path: Path
    member: str | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def name(self) -> str:
        return self.path.name if self.member is None else self.member.removesuffix(".npy")

    def chunks(self, chunk_bytes: int) -> Iterator[NDArray[Any]]:
        """Its rows in order, about `chunk_bytes` at a time. Raises DamagedSource where they end too early."""
        row_bytes = max(int(np.prod(self.shape[1:])) * self.dtype.itemsize, 1)
        step = max(chunk_bytes // row_bytes, 1)
        if self.member is None:
            array = np.load(self.path, mmap_mode="r", allow_pickle=False)
            for start in range(0, self.shape[0], step):
                yield array[start : start + step]
            return
        with zipfile.ZipFile(self.path) as packed, packed.open(self.member) as stream:
            _header(stream)
            for start in range(0, self.shape[0], step):
                count = min(step, self.shape[0] - start)
                data = _read(stream, count * row_bytes, f"{self.name} ends at {start:,} of {self.shape[0]:,}")
                yield np.frombuffer(data, self.dtype).reshape(count, *self.shape[1:])


def open_arrays(path: Path) -> list[ArrayFile]:
    """The arrays of a .npy or .npz, none of them read. Raises InputError for what is damaged or pickled."""
    try:
        if path.suffix.lower() == ".npz":
            return _members(path)
        with open(path, "rb") as stream:
            shape, _, dtype = _header(stream)
        if not dtype.hasobject:
            np.load(path, mmap_mode="r", allow_pickle=False)  # a file shorter than its header says fails here
    except BAD_BYTES as error:
        raise InputError(f"{path} is damaged or no NumPy file ({_text(error)}): get it again") from error
    if dtype.hasobject:
        raise InputError(f"{path} {PICKLED}")
    return [ArrayFile(path, None, shape, dtype)]


def _members(path: Path) -> list[ArrayFile]:
    arrays = []
    with zipfile.ZipFile(path) as packed:
        for info in packed.infolist():
            if not info.filename.endswith(".npy") or info.file_size > ArchiveLimits.total_bytes:
                continue
            with packed.open(info) as stream:
                shape, fortran, dtype = _header(stream)
            if dtype.hasobject:
                continue  # labels of strings are often pickled; the pictures beside them are not
            if fortran and len(shape) > 1:
                raise InputError(f"{path}: {info.filename} is in Fortran order: save it with np.ascontiguousarray")
            arrays.append(ArrayFile(path, info.filename, shape, dtype))
    if not arrays:
        raise InputError(f"{path} holds no arrays, or only Python objects (pickle), which are never opened")
    return arrays


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    return np.lib.format.read_array_header_2_0(stream)


def _read(stream: IO[bytes], size: int, missing: str) -> bytes:
    try:
        data = stream.read(size)
    except BAD_BYTES as error:
        raise DamagedSource(f"{missing}: {_text(error)}") from error
    if len(data) < size:
        raise DamagedSource(missing)
    return data


def _text(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]
