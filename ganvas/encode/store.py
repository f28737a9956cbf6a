"""Features of a studio's originals by their SHA-256, left on disk: features/ENCODER-VERSION/.

Two files that only grow: `rows.f16`, float16 [N, D], and `index`, 32 bytes of hash a row. Rows reach the disk before
their hashes do, so whatever a kill leaves behind the last hash is no row, and is cut off by the next who writes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ganvas.encode import Encoder
from ganvas.errors import InputError
from ganvas.whole import write_whole

try:
    import fcntl
except ImportError:  # Windows: there, one process at a time must do
    fcntl = None  # type: ignore[assignment]

ROWS_FILE, INDEX_FILE, ABOUT_FILE = "rows.f16", "index", "about.json"
HASH_BYTES = 32
BLOCK_BYTES = 32 << 20  # of float32 that are taken from the disk at a time
LARGEST = float(np.finfo(np.float16).max)


class FeatureStore:
    """One encoder's features of many pictures. Half precision: a cosine moves by less than 1e-5."""

    def __init__(self, folder: Path, encoder: Encoder, how: str) -> None:
        """`folder` holds the stores of all encoders; `how` is the way pictures are fitted to the encoder's square."""
        name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{encoder.name}-{encoder.version}-{how}")
        self.folder = folder / name
        self._width = encoder.features
        self._about = {"encoder": encoder.name, "version": encoder.version, "fit": how, "features": encoder.features}
        self._places: dict[str, int] = {}
        self._seen = 0
        self._read_on()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, sha256: object) -> bool:
        return sha256 in self._places

    def rows(self, sha256s: Sequence[str]) -> NDArray[np.float32]:
        """Float32 [n, D] of pictures that are all in the store, in their order."""
        found = np.empty((len(sha256s), self._width), np.float32)
        for part, block in self.blocks(sha256s):
            found[part] = block
        return found

    def blocks(self, sha256s: Sequence[str]) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """The same a block at a time, and which part of all it is: a million pictures would be gigabytes."""
        if not sha256s:
            return
        stored = np.memmap(self.folder / ROWS_FILE, np.float16, "r", shape=(self._seen, self._width))
        count = max(1, BLOCK_BYTES // (4 * self._width))
        for start in range(0, len(sha256s), count):
            part = slice(start, min(start + count, len(sha256s)))
            yield part, np.asarray(stored[[self._places[sha256] for sha256 in sha256s[part]]], np.float32)

    def append(self, sha256s: Sequence[str], features: NDArray[np.float32]) -> None:
        """Add float32 [n, D]. Raises InputError where they cannot be written, or are not finite; none is added then."""
        self._check_finite(sha256s, features)
        rows = np.clip(features, -LARGEST, LARGEST).astype(np.float16)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / ABOUT_FILE).exists():
                write_whole(self.folder / ABOUT_FILE, json.dumps(self._about).encode())
            with self._alone() as (rows_file, index_file):
                count = self._count()
                _add(rows_file, count * self._row_bytes, rows.tobytes())
                _add(index_file, count * HASH_BYTES, b"".join(bytes.fromhex(sha256) for sha256 in sha256s))
        except OSError as error:
            raise InputError(
                f"features cannot be kept in {self.folder} ({error.strerror}): free some space, or see who owns it"
            ) from error
        self._read_on()

    def _check_finite(self, sha256s: Sequence[str], features: NDArray[np.float32]) -> None:
        finite = np.isfinite(features).all(axis=1)
        if not finite.all():
            bad = sha256s[int(np.argmin(finite))][:12]
            raise InputError(
                f"{self._about['encoder']} sees something infinite, or no number, in picture {bad}: "
                f"`ganvas drop {bad}` leaves it out, or use another --encoder"
            )

    @property
    def _row_bytes(self) -> int:
        return 2 * self._width

    @contextmanager
    def _alone(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Both files, and no other process between this and the end of the block."""
        for name in (ROWS_FILE, INDEX_FILE):
            (self.folder / name).touch()
        with (self.folder / ROWS_FILE).open("r+b") as rows, (self.folder / INDEX_FILE).open("r+b") as index:
            if fcntl is not None:
                fcntl.flock(index, fcntl.LOCK_EX)
            yield rows, index

    def _count(self) -> int:
        """Whole rows that have a whole hash."""
        try:
            sizes = [(self.folder / name).stat().st_size for name in (ROWS_FILE, INDEX_FILE)]
        except FileNotFoundError:
            return 0
        return min(sizes[0] // self._row_bytes, sizes[1] // HASH_BYTES)

    def _read_on(self) -> None:
        """Learn which rows have come, from this process or another."""
        count = self._count()
        if count <= self._seen:
            return
        with (self.folder / INDEX_FILE).open("rb") as file:
            file.seek(self._seen * HASH_BYTES)
            for place in range(self._seen, count):
                self._places[file.read(HASH_BYTES).hex()] = place
        self._seen = count


def _add(file: IO[bytes], at: int, data: bytes) -> None:
    file.truncate(at)  # what a kill left behind the last whole row
    file.seek(at)
    file.write(data)
    file.flush()
    os.fsync(file.fileno())
