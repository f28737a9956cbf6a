"""Originals at 32 × 32 for as long as they are compared: `with SmallPictures(studio, images, progress) as small:`.

Read once, by several processes, into a file of their own: a million of them would take 3 GB of memory. It lies in a
hidden folder of the studio; what a killed run leaves behind is removed by the next.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganvas.catalog.records import HashedRow
from ganvas.curate.holding import hold, is_held
from ganvas.curate.pack import pack
from ganvas.curate.packer import Recipe, Refusal
from ganvas.errors import InputError
from ganvas.pictures.same import COMPARED_PX, Sameness, is_plain, sameness
from ganvas.progress import Progress
from ganvas.studio import StudioFolder

CHUNK = 4096
RECIPE = Recipe(COMPARED_PX, COMPARED_PX, 3, "stretch", "white")


class SmallPictures:
    """These images' originals, stretched to a square and in colour; what cannot be read is like no other.

    `refused` says of each why it could not be read, or None. Raises InputError where the disk has no room.
    """

    refused: list[Refusal | None]

    def __init__(self, studio: StudioFolder, images: Sequence[HashedRow], progress: Progress) -> None:
        self._studio, self._images, self._progress = studio, images, progress

    def __enter__(self) -> Self:
        root = self._studio.root
        with ExitStack() as stack:
            try:
                self._read(stack.enter_context(_hidden_folder(root)) / "small.npy")
            except OSError as error:
                needed = len(self._images) * RECIPE.bytes_each / 1e6
                raise InputError(
                    f"{root} cannot hold the pictures to compare ({error.strerror}): "
                    f"{needed:,.1f} MB are needed there for a while; free some space"
                ) from error
            self._open = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        del self._pictures
        self._open.close()

    @property
    def unread(self) -> NDArray[np.bool_]:
        """Which of the pictures could not be read."""
        return self._rows < 0

    @property
    def comparable(self) -> NDArray[np.bool_]:
        """Which of the pictures can be the same as another: read, and of more than one colour."""
        readable = ~self.unread
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
        # the same part of each that its hash is of, whether or not a set is to be trimmed
        originals = [(str(self._studio.image_path(it.sha256)), it.sha256, it.trim) for it in self._images]
        with path.open("w+b") as file:
            self.refused = pack(file, originals, RECIPE, progress=self._progress, label="comparing alike pictures")
        readable = np.array([refusal is None for refusal in self.refused], bool)
        self._rows = np.where(readable, np.cumsum(readable) - 1, -1)
        self._pictures: NDArray[np.uint8] = np.load(path, mmap_mode="r" if readable.any() else None)


@contextmanager
def _hidden_folder(root: Path) -> Iterator[Path]:
    for left in root.glob(".comparing-*"):
        if not is_held(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = root / f".comparing-{secrets.token_hex(4)}"
    folder.mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(hold(folder))
        yield folder
