"""The source "picture": one file. Its name or its first bytes say that it is one."""

from __future__ import annotations

from pathlib import Path

from ganvas.collect.names import kind_of
from ganvas.collect.registry import Entry, Listing, source
from ganvas.pictures.sniff import UnreadablePicture, sniff
from ganvas.progress import Progress


def is_a_picture(path: Path) -> bool:
    """By its name, or else by its bytes."""
    if not path.is_file():
        return False
    if kind_of(path.name) == "picture":
        return True
    try:
        with open(path, "rb") as file:
            sniff(file.read(64))
    except (OSError, UnreadablePicture):
        return False
    return True


@source("picture", belongs=is_a_picture)
def picture(path: Path, progress: Progress) -> Listing:
    """One file as a source of one picture."""
    status = path.stat()
    return Listing(1, iter([Entry(path.name, path, f"{status.st_size}-{int(status.st_mtime)}")]))
