"""The sources: one file each, registered by a decorator; `source_for(path)` -> the one that a path belongs to.

A source is a function from a path to a Listing of entries. It never decodes a picture and never writes: it only says
what there is, in a fixed order, and how to get its bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from ganvas.errors import InputError
from ganvas.progress import Progress

MODULES = ("idx", "arrays", "parquet", "archive", "folder", "picture")  # asked in this order


class DamagedSource(InputError):
    """Raised while listing: what came before it is sound and is kept."""


@dataclass(frozen=True)
class Entry:
    """One picture of a source. `content` is a file to be read, or a call that gives the bytes or UnreadablePicture.

    Such a call is only valid until the next entry is asked for: archives are read as streams. `stamp` changes whenever
    the bytes may have changed; it is a part of the key, so that a changed file is a new item.
    """

    member: str
    content: Path | Callable[[], bytes]
    stamp: str = ""
    label: str | None = None
    split: str | None = None
    title: str | None = None
    artist: str | None = None
    licence: str | None = None
    attribution: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def file_stamp(status: os.stat_result) -> str:
    """The stamp of what lies in one file of the disk: its size and when it was changed, in seconds."""
    return f"{status.st_size}-{int(status.st_mtime)}"


@dataclass(frozen=True)
class Listing:
    """How many entries there are at most, and the entries."""

    total: int | None
    entries: Iterator[Entry]


@dataclass(frozen=True)
class Source:
    name: str
    belongs: Callable[[Path], bool]
    listing: Callable[[Path, Progress], Listing]


SOURCES: dict[str, Source] = {}

ListingOf = Callable[[Path, Progress], Listing]


def source(name: str, belongs: Callable[[Path], bool]) -> Callable[[ListingOf], ListingOf]:
    """Register a function as the source `name` of all paths for which `belongs` is true."""

    def register(listing: ListingOf) -> ListingOf:
        SOURCES[name] = Source(name, belongs, listing)
        return listing

    return register


def source_for(path: Path) -> Source:
    """The first source that a path belongs to. Raises InputError that says what can be added."""
    for module in MODULES:
        import_module(f"ganvas.collect.{module}")
    for name in MODULES:
        if SOURCES[name].belongs(path):
            return SOURCES[name]
    raise InputError(
        f"{path} cannot be added: give a folder, zip or tar, an IDX or Parquet file, .npy, .npz or one picture"
    )
