"""Which images a person means: `which_images(studio, ["3fa2c1", "photos/house.jpg"])` -> their SHA-256s.

A name is a hash or the beginning of one, a file (its bytes are hashed), an item's title or key, or the name of the file
it was added from. Keys of museums are numbers, and words like `face` are hexadecimal, so both are always looked up.
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
SURE_PREFIX = 6  # shorter ones are words and numbers first, hashes only where they are nothing else
HASH = re.compile(rf"[0-9a-fA-F]{{{SHORTEST_PREFIX},64}}")


def which_images(studio: StudioFolder, names: Iterable[str]) -> list[str]:
    """The hashes of the images that these names mean, in their order, each once.

    Raises InputError for a name that means none (with a near one), or several.
    """
    return list(dict.fromkeys(_which(studio, str(name)) for name in names))


def _which(studio: StudioFolder, name: str) -> str:
    path = _file(name)
    if path and (found := studio.catalog.hashes_beginning(_hash(path))):
        return found[0]
    called = studio.catalog.hashes_called(name)
    begun = studio.catalog.hashes_beginning(name.lower()) if HASH.fullmatch(name) else []
    if begun == [name.lower()]:
        return begun[0]
    if called and (len(begun) > 1 or len(name) < SURE_PREFIX):
        begun = []  # what is called so exactly is meant
    if len(called) == len(begun) == 1 and called != begun:
        raise InputError(
            f"{name} is the title, key or file name of {called[0][:12]}, and begins the hash {begun[0][:12]}: "
            "give more of the hash that is meant"
        )
    if len(called) > 1:
        either = list(dict.fromkeys([*begun, *called]))
        few = ", ".join(sha256[:8] for sha256 in either[:5]) + ", …" * (len(either) > 5)
        raise InputError(f"{len(either)} images are called {name!r} ({few}): give one's hash")
    if len(begun) > 1:
        more = ", ".join(sha256[: len(name) + 4] for sha256 in begun)
        raise InputError(f"{name} begins the names of several images ({more}, …): give more of it")
    if called or begun:
        return (called or begun)[0]
    if path:
        raise InputError(f"{name} is not in this studio: `ganvas add {name}` adds it")
    near = did_you_mean(name, studio.catalog.names(NEAR))
    raise InputError(
        f"no image called {name!r}.{near or ' Give a hash, a file, or the title or file name it was added by.'}"
    )


def _file(name: str) -> Path | None:
    """The file of this name; None where there is none, or a file's name it cannot be."""
    try:
        path = Path(name).expanduser()
        return path if path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # too long, or below the home of nobody
        return None


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}") from error
