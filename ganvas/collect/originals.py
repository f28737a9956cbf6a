"""Originals by their hash, written once and never altered: `store(place, data)`.

Each is written under another name and renamed, so that a kill leaves a whole file or none. The other name is in the
same folder: one folder for all that is being written can cost ext4 760 µs a file, against 100, to find free inodes.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from pathlib import Path

UNFINISHED = "."  # what the names of files that are being written begin with
STALE_S = 3600
_numbers = itertools.count()


def store(place: Path, data: bytes) -> bool:
    """Write `data` to `place`; False where it lies there already. Raises OSError (disk full)."""
    if _lies_there(place, len(data)):
        return False
    unfinished = place.with_name(f"{UNFINISHED}{os.getpid()}-{next(_numbers)}")
    try:
        try:
            unfinished.write_bytes(data)
        except FileNotFoundError:
            place.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(data)
        os.replace(unfinished, place)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    return True


def sweep(images: Path) -> None:
    """Remove what killed writers left behind more than an hour ago."""
    with contextlib.suppress(OSError):
        for folder in [entry.path for entry in os.scandir(images) if entry.is_dir()]:
            for name in os.listdir(folder):
                if name.startswith(UNFINISHED) and _age_s(os.path.join(folder, name)) > STALE_S:
                    os.unlink(os.path.join(folder, name))


def _age_s(path: str) -> float:
    return time.time() - os.stat(path).st_mtime


def _lies_there(place: Path, size: int) -> bool:
    # The name is the hash. Another size is what a power cut can leave of a file that was renamed before it was on disk.
    try:
        return place.stat().st_size == size
    except OSError:
        return False
