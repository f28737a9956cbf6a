"""Whether a file is a picture by its first bytes: for files whose name does not say it."""

from __future__ import annotations

from os import PathLike

from ganvas.pictures.sniff import UnreadablePicture, sniff


def begins_like_a_picture(path: str | PathLike[str]) -> bool:
    """False also for a file that cannot be opened."""
    try:
        with open(path, "rb") as file:
            sniff(file.read(64))
    except (OSError, UnreadablePicture):
        return False
    return True
