"""What a trial needs where the studio cannot be seen: its set, put into Ray's object store once, and its run so far.

`put` is what makes bytes available everywhere and returns a reference; `get` of unpacking.py is its counterpart.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.catalog import RunRow, TickRow
from ganvas.pictures.packed import IMAGES_FILE, MEMBERS_FILE, SET_FILE, PackedSet
from ganvas.studio import StudioFolder

PART_BYTES = 8 << 20  # a small object store must hold several
FEATURES = "features"  # what encoders saw in the set: not needed, but dear to see again
CHECKPOINTS = "checkpoints"

Put = Callable[[bytes], Any]


@dataclass(frozen=True)
class ShippedFile:
    """A file by its path inside its folder; `parts` are references to its bytes."""

    path: str
    size: int
    sha256: str
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class ShippedSet:
    """A packed set; `digest` is that of its pictures and members, whatever it is called."""

    name: str
    digest: str
    files: tuple[ShippedFile, ...]


@dataclass(frozen=True)
class ShippedRun:
    """A run as it was when it was last heard of: what the catalog says, and the files that it goes on from."""

    name: str
    row: RunRow
    ticks: tuple[TickRow, ...]
    files: tuple[ShippedFile, ...]


@dataclass(frozen=True)
class Cargo:
    """All that is sent for one trial."""

    picture_set: ShippedSet
    runs: tuple[ShippedRun, ...]


def ship_set(folder: Path, put: Put) -> ShippedSet:
    """The packed set in this folder, with what encoders have seen in it. Raises InputError where it is damaged."""
    packed = PackedSet.open(folder)
    own = [_shipped(folder, folder / name, put) for name in (IMAGES_FILE, SET_FILE, MEMBERS_FILE)]
    digest = hashlib.sha256("\n".join(file.sha256 for file in own).encode()).hexdigest()
    seen = [_shipped(folder, path, put) for path in sorted((folder / FEATURES).glob("*.npz"))]
    return ShippedSet(packed.name, digest, (*own, *seen))


def ship_run(studio: StudioFolder, name: str, put: Put) -> ShippedRun | None:
    """A run's records, its newest whole checkpoint and its best one; None where there is no such run yet."""
    row = studio.catalog.run_named(name)
    if row is None:
        return None
    folder = studio.runs / name
    files = tuple(_shipped(folder, path, put) for path in (*records(folder), *_checkpoint_files(folder / CHECKPOINTS)))
    return ShippedRun(name, row, tuple(studio.catalog.ticks(name)), files)


def records(folder: Path) -> Iterator[Path]:
    """Every file of a run but its checkpoints and what is not yet whole."""
    for where, folders, files in os.walk(folder):  # which does not mind what vanishes, as Path.rglob does
        folders[:] = sorted(name for name in folders if name != CHECKPOINTS and not name.startswith("."))
        yield from (Path(where, name) for name in sorted(files) if not name.startswith("."))


def _checkpoint_files(folder: Path) -> Iterable[Path]:
    from ganvas.train.checkpoint import BEST, checkpoints, damage

    newest = next((path for path in reversed(checkpoints(folder)) if damage(path) is None), None)
    whole = [newest] if newest else []
    if (folder / BEST).is_dir() and damage(folder / BEST) is None:
        whole.append(folder / BEST)
    return [file for path in whole for file in sorted(path.iterdir())]


def _shipped(folder: Path, path: Path, put: Put) -> ShippedFile:
    digest, size, parts = hashlib.sha256(), 0, []
    with path.open("rb") as file:
        while data := file.read(PART_BYTES):
            digest.update(data)
            size += len(data)
            parts.append(put(data))
    return ShippedFile(path.relative_to(folder).as_posix(), size, digest.hexdigest(), tuple(parts))
