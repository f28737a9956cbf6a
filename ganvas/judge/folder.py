"""Pictures from anywhere, as a set would hold them: `read_folder(folder, packed)`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.read import LIMITS, UnreadablePicture, read_picture
from ganvas.pictures.resize import as_channels, fit
from ganvas.progress import Progress, Silent

SHOWN = 3  # unreadable files named


@dataclass(frozen=True)
class FolderPictures:
    """uint8 [N, C, H, W] of a set's size, and each one's path inside the folder."""

    pictures: NDArray[np.uint8]
    names: list[str]


def read_folder(folder: Path, packed: PackedSet, progress: Progress | None = None, seed: int = 0) -> FolderPictures:
    """Every picture below a folder, made into the size and colours of the set, in an order shuffled by a seed.

    In the order of the paths the first ones might all be of one kind. A file that is no picture is passed over and
    named. Raises InputError where there is none at all.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder of pictures")
    progress = progress or Silent()
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and not _hidden(p.relative_to(folder)))
    paths = [paths[i] for i in np.random.default_rng(seed).permutation(len(paths))]
    pictures = np.empty((len(paths), packed.channels, packed.height, packed.width), np.uint8)
    names: list[str] = []
    unreadable: list[str] = []
    with progress.task("reading pictures", len(paths), "pictures") as task:
        for path in paths:
            name = path.relative_to(folder).as_posix()
            try:
                pictures[len(names)] = _as_in(packed, _bytes(path))
                names.append(name)
            except (UnreadablePicture, OSError) as error:
                unreadable.append(f"{name} ({error})")
            task.advance(1)
    if not names:
        raise InputError(f"no pictures in {folder}: " + ("; ".join(unreadable[:SHOWN]) or "it is empty"))
    if unreadable:
        more = "; …" if len(unreadable) > SHOWN else ""
        progress.note(f"{len(unreadable):,} files were passed over: {'; '.join(unreadable[:SHOWN])}{more}")
    return FolderPictures(pictures[: len(names)], names)


def _hidden(inside: Path) -> bool:
    return any(part.startswith(".") for part in inside.parts)


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > LIMITS.max_bytes:
        raise UnreadablePicture(f"larger than {LIMITS.max_bytes / 2**20:.4g} MiB")
    return path.read_bytes()


def _as_in(packed: PackedSet, data: bytes) -> NDArray[np.uint8]:
    how, background = (packed.description.get(key, usual) for key, usual in (("fit", "crop"), ("background", "white")))
    pixels = as_channels(read_picture(data, background=background).pixels, packed.channels)
    return fit(pixels, packed.height, packed.width, how, background).transpose(2, 0, 1)
