"""Originals by their hash, written once and never altered: `store(images, sha256, data)`.

Each is written beside and renamed into its place, so that a kill leaves a whole file or none.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from pathlib import Path

INCOMING = ".incoming"
STALE_S = 3600
_numbers = itertools.count()


def store(images: Path, place: Path, data: bytes) -> bool:
    """Write `data` to `place`, a path below `images`; False where it lies there already. Raises OSError (disk full)."""
    if _lies_there(place, len(data)):
        return False
    incoming = images / INCOMING
    temporary = incoming / f"{os.getpid()}-{next(_numbers)}"
    try:
        try:
            temporary.write_bytes(data)
        except FileNotFoundError:
            incoming.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
        try:
            os.replace(temporary, place)
        except FileNotFoundError:
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(temporary, place)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return True


def sweep(images: Path) -> None:
    """Remove what killed writers left behind more than an hour ago."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(images / INCOMING):
            if entry.stat().st_mtime < time.time() - STALE_S:
                os.unlink(entry.path)


def _lies_there(place: Path, size: int) -> bool:
    # The name is the hash. Another size is what a power cut can leave of a file that was renamed before it was on disk.
    try:
        return place.stat().st_size == size
    except OSError:
        return False
