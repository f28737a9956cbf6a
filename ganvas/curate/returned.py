"""Originals that packing left out and that are there again, as they were added: `take_back(studio)`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ganvas.curate.packer import ALTERED, VANISHED
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.catalog import ImageRow

PACK = "pack"  # the stage of what packing decides


def take_back(studio: StudioFolder) -> None:
    """An original that is there again, as it was added, is no longer dropped for having vanished or changed."""
    for rule, there in _returned(studio).items():
        studio.catalog.undo(PACK, rule, sorted(there))


def kept_images(studio: StudioFolder) -> list[ImageRow]:
    """The kept images in the order of finding, as they are once `take_back` was called; nothing is written."""
    found = {image.id: image for image in studio.catalog.images()}
    for rule, there in _returned(studio).items():
        images = studio.catalog.images(but_for=(PACK, rule))
        found |= {image.id: image for image in images if image.sha256 in there}
    return [found[id] for id in sorted(found)]


def _returned(studio: StudioFolder) -> dict[str, set[str]]:
    """Rule -> the hashes of the originals that it drops without a reason; only those changed are read for it."""
    vanished, altered = (studio.catalog.dropped_by(PACK, rule) for rule in (VANISHED, ALTERED))
    found = {
        VANISHED: {sha256 for sha256 in vanished if studio.image_path(sha256).is_file()},
        ALTERED: {sha256 for sha256 in altered if _is_whole(studio, sha256)},
    }
    return {rule: hashes for rule, hashes in found.items() if hashes}


def _is_whole(studio: StudioFolder, sha256: str) -> bool:
    try:
        with studio.image_path(sha256).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
