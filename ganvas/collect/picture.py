"""The source "picture": one file. Its name or its first bytes say that it is one."""

from __future__ import annotations

from pathlib import Path

from ganvas.collect.first_bytes import begins_like_a_picture
from ganvas.collect.names import kind_of
from ganvas.collect.registry import Entry, Listing, file_stamp, source
from ganvas.progress import Progress


def is_a_picture(path: Path) -> bool:
    """By its name, or else by its bytes."""
    if not path.is_file():
        return False
    return kind_of(path.name) == "picture" or begins_like_a_picture(path)


@source("picture", belongs=is_a_picture)
def picture(path: Path, progress: Progress) -> Listing:
    """One file as a source of one picture."""
    status = path.stat()
    return Listing(1, iter([Entry(path.name, path, file_stamp(status))]))
