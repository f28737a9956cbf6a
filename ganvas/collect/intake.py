"""From a listing to the catalog: what is not known yet is decoded, stored and recorded. `take(studio, …)`.

Originals are written before their rows, and rows in transactions of a second or two: a kill at any moment leaves a
sound catalog, and the same call again goes on from there.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.collect.decoders import Content, Decoders, Reply
from ganvas.collect.originals import sweep
from ganvas.collect.registry import DamagedSource, Entry, Listing
from ganvas.errors import GanvasError
from ganvas.pictures.sniff import UnreadablePicture
from ganvas.progress import Progress, Task
from ganvas.studio import StudioFolder
from ganvas.workers import processors

if TYPE_CHECKING:
    from ganvas.catalog import FoundPicture

BATCH = 64
BATCH_BYTES = 8 * 2**20
COMMIT_ROWS = 512
COMMIT_S = 2.0
UNREAD = "#unread"


@dataclass(frozen=True)
class Origin:
    """Where entries come from: the source's name, and what its keys begin with (an absolute path)."""

    source: str
    place: str

    def key(self, entry: Entry) -> str:
        """What an item is known by. What a source says anew of the same file (bytes, folder label) is a new item."""
        parts = [f"{self.place}!{entry.member}"]
        if entry.stamp:
            parts.append(f"#{entry.stamp}")
        if entry.label is not None:
            parts.append(f"={entry.label}")
        return "".join(parts)


@dataclass
class Intake:
    """What was seen so far: entries, reasons of those that cannot be read, entries recorded."""

    found: int = 0
    recorded: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    first_reason: str | None = None
    damage: str | None = None


def take(
    studio: StudioFolder, origin: Origin, listing: Listing, label: str | None, progress: Progress, workers: int | None
) -> Intake:
    """Read all entries that are not recorded. A given `label` goes to every entry, recorded ones too."""
    intake = Intake()
    known = set() if label is not None else studio.catalog.known_keys(origin.source)
    sweep(studio.images)
    workers = workers or processors()
    try:
        with (
            progress.task("reading pictures", listing.total, "pictures") as task,
            Decoders(studio.images, workers) as decoders,
        ):
            batches = _batches(origin, listing, known, intake, task)
            _record_all(studio, origin.source, decoders.map(batches), label, intake, task)
    except KeyboardInterrupt:
        progress.note(f"stopped with {intake.recorded:,} new pictures recorded: the same command goes on from there")
        raise
    return intake


@dataclass
class _Batch:
    """Entries and their keys, with what the decoders are to read, or the reply where that is certain already."""

    jobs: list[tuple[Entry, str]] = field(default_factory=list)
    contents: list[Content | Reply] = field(default_factory=list)
    bytes: int = 0

    def __len__(self) -> int:
        return len(self.jobs)


def _batches(
    origin: Origin, listing: Listing, known: set[str], intake: Intake, task: Task
) -> Iterator[tuple[_Batch, list[Content | Reply]]]:
    batch = _Batch()
    try:
        for entry in listing.entries:
            intake.found += 1
            key = origin.key(entry)
            if key in known:
                task.advance()
                continue
            known.add(key)
            content = _content(entry)
            batch.jobs.append((entry, key))
            batch.contents.append(content)
            batch.bytes += len(content) if isinstance(content, bytes) else 0
            if len(batch) >= BATCH or batch.bytes >= BATCH_BYTES:
                yield batch, batch.contents
                batch = _Batch()
    except DamagedSource as error:
        intake.damage = str(error)
    if batch.jobs:
        yield batch, batch.contents


def _content(entry: Entry) -> Content | Reply:
    if isinstance(entry.content, Path):
        return entry.content
    try:
        return entry.content()
    except UnreadablePicture as error:
        return {"reason": str(error)}
    except MemoryError:
        return {"reason": "needs more memory than there is"}


def _record_all(
    studio: StudioFolder,
    source: str,
    answered: Iterator[tuple[_Batch, list[Reply]]],
    label: str | None,
    intake: Intake,
    task: Task,
) -> None:
    rows: list[FoundPicture] = []
    last = time.monotonic()
    for batch, replies in answered:
        for (entry, key), content, reply in zip(batch.jobs, batch.contents, replies, strict=True):
            rows.append(_row(source, key, entry, content, reply, label))
            if reason := reply.get("reason"):
                intake.first_reason = intake.first_reason or f"{entry.member}: {reason}"
                intake.unreadable[reason.split(":")[0]] += 1
        task.advance(len(replies))
        if len(rows) >= COMMIT_ROWS or time.monotonic() - last > COMMIT_S:
            _record(studio, rows, intake)
            last = time.monotonic()
    _record(studio, rows, intake)


def _record(studio: StudioFolder, rows: list[FoundPicture], intake: Intake) -> None:
    studio.catalog.add_found(rows)
    intake.recorded += len(rows)
    rows.clear()


def _row(
    source: str, key: str, entry: Entry, content: Content | Reply, reply: Reply, label: str | None
) -> FoundPicture:
    from ganvas.catalog import FoundPicture

    if "failed" in reply:
        raise GanvasError(reply["failed"])
    sha256, size = reply.get("sha256"), reply.get("bytes", 0)
    if sha256 is None and isinstance(content, bytes | Path):
        sha256, size = _hash(content)
    if sha256 is None:  # its bytes were not read: an item of its own, that a later run may read under its true key
        key += UNREAD
        sha256, size = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest(), 0
    return FoundPicture(
        sha256=sha256,
        bytes=size,
        format=reply.get("format"),
        width=reply.get("width"),
        height=reply.get("height"),
        mode=reply.get("mode"),
        frames=reply.get("frames"),
        unreadable=reply.get("reason"),
        source=source,
        key=key,
        label=entry.label if label is None else label,
        split=entry.split,
        title=entry.title,
        artist=entry.artist,
        licence=entry.licence,
        attribution=entry.attribution,
        details=entry.details,
    )


def _hash(content: bytes | Path) -> tuple[str | None, int]:
    """Of what a decoder could not answer for, because it died or could not open the file."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    try:
        with open(content, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
    except OSError:
        return None, 0
