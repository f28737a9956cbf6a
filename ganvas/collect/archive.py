"""The source "archive": the pictures in a zip or tar file (tar also gzip, bzip2 or xz).

Members are read as streams, in the order they lie in, and stored by hash: a member's name is only a name, and nothing
is ever written by it. Links and devices are no pictures. What is encrypted, damaged or too large becomes a row. A JSON
file that has a picture's name but for the suffix describes it, as in a WebDataset.
"""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ganvas.collect.labels import label_paths
from ganvas.collect.limits import ARCHIVE_LIMITS, ArchiveLimits
from ganvas.collect.metadata import Metadata
from ganvas.collect.names import Kind, kind_of
from ganvas.collect.packed_files import Member, PackedFile, TarPacked, ZipPacked
from ganvas.collect.registry import DamagedSource, Entry, Listing, source
from ganvas.errors import InputError
from ganvas.pictures.sniff import UnreadablePicture, sniff
from ganvas.progress import Progress

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
ENDINGS = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
SNIFFED_BYTES = 64
BESIDE_BYTES = 2**16  # of a JSON that describes one picture


def is_archive(path: Path) -> bool:
    """A zip or tar by its bytes, or a file that is named like one."""
    if not path.is_file() or path.suffix.lower() == ".npz":
        return False
    return _is_zip(path) or _is_tar(path) or path.name.lower().endswith(ENDINGS)


@source("archive", belongs=is_archive)
def archive(path: Path, progress: Progress, limits: ArchiveLimits = ARCHIVE_LIMITS) -> Listing:
    """All pictures in an archive. Raises InputError where it holds none, is no archive, or goes over the limits."""
    contents = _first_pass(path, progress, limits)
    if not contents.pictures:
        if contents.damage:
            raise InputError(f"{path} is damaged ({contents.damage}) and no picture could be read: get it again")
        what = f"none of its {contents.passed_over.total():,} files is a picture" if contents.passed_over else "empty"
        raise InputError(f"no pictures in {path}: {what}")
    if contents.passed_over["archive"]:
        inside = contents.passed_over["archive"]
        progress.note(f"{inside:,} archives inside {path.name} were left alone: unpack them and add each")
    return Listing(len(contents.pictures), _entries(path, contents, limits))


@dataclass
class _Contents:
    pictures: list[tuple[int, str]] = field(default_factory=list)  # place among the members, name
    metadata: Metadata = field(default_factory=Metadata)
    beside: dict[str, bytes] = field(default_factory=dict)  # JSON files by their path without the suffix
    beside_bytes: int = 0
    passed_over: Counter[Kind] = field(default_factory=Counter)
    damage: str | None = None


def _first_pass(path: Path, progress: Progress, limits: ArchiveLimits) -> _Contents:
    """The names: labels need all of them. A tar is read through for that, which costs far less than decoding."""
    contents = _Contents()
    unpacked = 0
    with _opened(path, limits) as packed:
        try:
            for count, member in enumerate(packed.members(), 1):
                unpacked += member.size
                if count > limits.members or unpacked > limits.total_bytes:
                    raise InputError(
                        f"{path} unpacks to more than {limits.members:,} files or {limits.total_bytes / 2**30:.4g} "
                        "GiB: split it, or unpack it and add the folder"
                    )
                _sort_in(count, member, packed, contents, limits, progress)
        except DamagedSource as error:
            contents.damage = str(error)
    for _, name in contents.pictures:
        if (data := contents.beside.pop(_stem(name), None)) is not None:
            contents.metadata.read_one(data, name)
    if contents.beside:
        contents.passed_over["other"] += len(contents.beside)
    return contents


def _stem(name: str) -> str:
    """What the files of one example share in a WebDataset: the path up to the first dot of the file's name."""
    folder, slash, file = name.rpartition("/")
    return f"{folder}{slash}{file.partition('.')[0]}"


def _sort_in(
    place: int, member: Member, packed: PackedFile, contents: _Contents, limits: ArchiveLimits, progress: Progress
) -> None:
    kind = kind_of(member.name)
    if kind == "metadata" and member.size <= limits.metadata_bytes:
        try:
            lines = packed.read(member, limits.metadata_bytes).splitlines()
        except UnreadablePicture as error:
            progress.note(f"{member.name}: {error}: passed over")
            return
        contents.metadata.read(lines, member.name, progress.note)
    elif kind == "picture" or (kind == "other" and _begins_like_a_picture(member, packed)):
        contents.pictures.append((place, member.name))
    elif kind == "other" and member.name.endswith(".json") and _room_beside(member, contents, limits):
        with suppress(UnreadablePicture):
            contents.beside[_stem(member.name)] = packed.read(member, BESIDE_BYTES)
            contents.beside_bytes += member.size
    elif kind != "hidden":
        contents.passed_over[kind] += 1


def _room_beside(member: Member, contents: _Contents, limits: ArchiveLimits) -> bool:
    return member.size <= BESIDE_BYTES and contents.beside_bytes + member.size <= limits.metadata_bytes


def _begins_like_a_picture(member: Member, packed: PackedFile) -> bool:
    try:
        sniff(packed.read(member, SNIFFED_BYTES, only_the_start=True))
    except (UnreadablePicture, DamagedSource):
        return False
    return True


def _entries(path: Path, contents: _Contents, limits: ArchiveLimits) -> Iterator[Entry]:
    places = {place for place, _ in contents.pictures}
    labels = iter(label_paths([name for _, name in contents.pictures]))
    with _opened(path, limits) as packed:
        for place, member in enumerate(packed.members(), 1):
            if place in places:
                label, split = next(labels)
                read = partial(packed.read, member, limits.member_bytes)
                yield contents.metadata.described(Entry(member.name, read, member.stamp, label, split))


def _opened(path: Path, limits: ArchiveLimits) -> PackedFile:
    return ZipPacked(path, limits) if _is_zip(path) else TarPacked(path, limits)


def _is_zip(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) in ZIP_STARTS


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except Exception:  # a damaged compressed file: not only tarfile's own errors come through
        return False
