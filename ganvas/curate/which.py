"""Which images a person means: `which_images(studio, ["3fa2c1", "photos/house.jpg"])` -> their SHA-256s.

A name is a hash or the beginning of one, a file (its bytes are hashed), an item's title or key, or the name of the file
it was added from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from ganvas.errors import InputError, did_you_mean
from ganvas.studio import StudioFolder

SHORTEST_PREFIX = 4
NEAR = 5_000  # names that are looked through for a near one
HASH = re.compile(rf"[0-9a-fA-F]{{{SHORTEST_PREFIX},64}}")


def which_images(studio: StudioFolder, names: Iterable[str]) -> list[str]:
    """The hashes of the images that these names mean, in their order, each once.

    Raises InputError for a name that means none (with a near one), or several.
    """
    return list(dict.fromkeys(_which(studio, str(name)) for name in names))


def _which(studio: StudioFolder, name: str) -> str:
    path = Path(name).expanduser()
    is_file = path.is_file()
    if is_file and (found := studio.catalog.hashes_beginning(_hash(path))):
        return found[0]
    if HASH.fullmatch(name):
        found = studio.catalog.hashes_beginning(name.lower())
        if len(found) > 1:
            more = ", ".join(sha256[: len(name) + 4] for sha256 in found)
            raise InputError(f"{name} begins the names of several images ({more}, …): give more of it")
        if found:
            return found[0]
    found = studio.catalog.hashes_called(name)
    if len(found) > 1:
        few = ", ".join(sha256[:8] for sha256 in found[:5])
        raise InputError(f"{len(found)} images are called {name!r} ({few}{', …' * (len(found) > 5)}): give one's hash")
    if found:
        return found[0]
    if is_file:
        raise InputError(f"{name} is not in this studio: `ganvas add {name}` adds it")
    known = studio.catalog.names(NEAR)
    near = did_you_mean(name, known) or " Give a hash, a file, or the title or file name it was added by."
    raise InputError(f"no image called {name!r}.{near}")


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}") from error
