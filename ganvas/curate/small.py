"""Originals at 32 × 32 for as long as they are compared: `with SmallPictures(studio, sha256s, progress) as small:`.

Read once, by several processes, into a file of their own: a million of them would take 3 GB of memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganvas.curate.pack import pack
from ganvas.curate.packer import Recipe
from ganvas.curate.rules.registry import BORDER, CLEAN
from ganvas.pictures.same import COMPARED_PX, Sameness, is_plain, sameness
from ganvas.progress import Progress
from ganvas.studio import StudioFolder

CHUNK = 4096


class SmallPictures:
    """The originals with these hashes, stretched to a square and in colour; what cannot be read is like no other."""

    def __init__(self, studio: StudioFolder, sha256s: Sequence[str], progress: Progress) -> None:
        self._studio, self._sha256s, self._progress = studio, sha256s, progress
        self._folder = tempfile.TemporaryDirectory(prefix="ganvas-small-")

    def __enter__(self) -> Self:
        try:
            self._read(Path(self._folder.name) / "small.npy")
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        del self._pictures
        self._folder.cleanup()

    @property
    def comparable(self) -> NDArray[np.bool_]:
        """Which of the pictures can be the same as another: read, and of more than one colour."""
        readable = self._rows >= 0
        readable[readable] = ~is_plain(self._pictures)
        return readable

    def sameness(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> Sameness:
        """How far the pictures at these places [P] show the same, pair by pair."""
        found = Sameness.none(len(left))
        rows = self._rows[left], self._rows[right]
        readable = np.flatnonzero((rows[0] >= 0) & (rows[1] >= 0))
        for start in range(0, len(readable), CHUNK):
            chosen = readable[start : start + CHUNK]
            found.put(chosen, sameness(*(np.asarray(self._pictures[side[chosen]]) for side in rows)))
        return found

    def _read(self, path: Path) -> None:
        recipe = Recipe(COMPARED_PX, COMPARED_PX, 3, "stretch", "white")
        trims = self._studio.catalog.trims(CLEAN, BORDER)  # what is hashed, too, lies inside a border
        originals = [(str(self._studio.image_path(sha)), sha, trims.get(sha)) for sha in self._sha256s]
        with path.open("w+b") as file:
            refused = pack(file, originals, recipe, progress=self._progress, label="comparing alike pictures")
        readable = np.array([refusal is None for refusal in refused], bool)
        self._rows = np.where(readable, np.cumsum(readable) - 1, -1)
        self._pictures: NDArray[np.uint8] = np.load(path, mmap_mode="r" if readable.any() else None)
