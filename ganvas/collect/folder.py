"""The source "folder": every picture below a folder, symbolic links followed once.

Labels and splits come from the folders' names (labels.py) or from `metadata.jsonl` files (metadata.py). A folder that
holds no picture but shards, tar or Parquet files as data sets are handed on in, is these one after another.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from ganvas.collect.first_bytes import begins_like_a_picture
from ganvas.collect.labels import label_paths
from ganvas.collect.metadata import Metadata
from ganvas.collect.names import Kind, kind_of
from ganvas.collect.registry import Entry, Listing, file_stamp, source
from ganvas.errors import InputError
from ganvas.progress import Progress
from ganvas.studio import SETTINGS_FILE

SHARDS = (".tar", ".parquet")


class OnlyShards(InputError):
    """Raised for a folder whose pictures are all inside shards, with these in their order."""

    def __init__(self, path: Path, shards: list[Path]) -> None:
        super().__init__(f"no pictures in {path} but {len(shards):,} shards: add each by its own name")
        self.shards = shards


@dataclass
class _Walk:
    root: str
    progress: Progress
    pictures: list[tuple[str, str]] = field(default_factory=list)  # path inside the folder, stamp
    metadata: list[str] = field(default_factory=list)
    shards: list[str] = field(default_factory=list)
    passed_over: Counter[Kind] = field(default_factory=Counter)
    been: set[tuple[int, int]] = field(default_factory=set)


@source("folder", belongs=Path.is_dir)
def folder(path: Path, progress: Progress) -> Listing:
    """All pictures below `path`, in the order of their paths. Raises OnlyShards where all are inside shards, and
    InputError where there are none.
    """
    walk = _Walk(str(path), progress)
    _look_into("", walk)
    if not walk.pictures and walk.shards:
        tars = sum(shard.lower().endswith(".tar") for shard in walk.shards)
        if others := walk.passed_over["archive"] - tars:
            progress.note(f"{others:,} archives in {path} were left alone: add each by its own name")
        raise OnlyShards(path, [path / shard for shard in walk.shards])
    if not walk.pictures:
        what = f"none of its {walk.passed_over.total():,} files is a picture" if walk.passed_over else "it is empty"
        raise InputError(f"no pictures in {path}: {what}. Put some in it, or name another folder")
    if walk.passed_over["archive"]:
        progress.note(f"{walk.passed_over['archive']:,} archives in {path} were left alone: add each by its own name")
    metadata = Metadata()
    for name in walk.metadata:
        with open(path / name, "rb") as lines:
            metadata.read(lines, name, progress.note)
    return Listing(len(walk.pictures), _entries(path, walk.pictures, metadata))


def _entries(path: Path, pictures: list[tuple[str, str]], metadata: Metadata) -> Iterator[Entry]:
    members = [member for member, _ in pictures]
    for (member, stamp), (label, split) in zip(pictures, label_paths(members), strict=True):
        yield metadata.described(Entry(member, path / member, stamp, label, split))


def _look_into(inside: str, walk: _Walk) -> None:
    try:
        here = os.stat(os.path.join(walk.root, inside))
        names = sorted(os.listdir(os.path.join(walk.root, inside)))
    except OSError as error:
        walk.progress.note(f"{os.path.join(walk.root, inside)} cannot be looked into: {error.strerror}")
        return
    if (here.st_dev, here.st_ino) in walk.been:
        return  # a link back to a folder that was seen: the second way round never ends
    walk.been.add((here.st_dev, here.st_ino))
    if SETTINGS_FILE in names:
        walk.progress.note(f"{os.path.join(walk.root, inside)} is a studio: passed over")
        return
    for name in names:
        _look_at(f"{inside}/{name}" if inside else name, walk)


def _look_at(member: str, walk: _Walk) -> None:
    kind = kind_of(member)
    if kind == "hidden":
        return
    path = os.path.join(walk.root, member)
    try:
        status = os.stat(path)
    except OSError:  # a dangling link
        if kind == "picture":
            walk.pictures.append((member, ""))
        return
    if S_ISDIR(status.st_mode):
        _look_into(member, walk)
    elif not S_ISREG(status.st_mode):
        walk.passed_over["other"] += 1
    elif kind == "metadata":
        walk.metadata.append(member)
    elif kind == "picture" or (kind == "other" and begins_like_a_picture(path)):
        walk.pictures.append((member, file_stamp(status)))
    else:
        walk.passed_over[kind] += 1
        if member.lower().endswith(SHARDS):
            walk.shards.append(member)
