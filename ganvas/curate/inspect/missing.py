"""Every readable original that this version of the measures has not seen, by several processes: `inspect_missing`.

What was measured is saved every second or two, so a kill costs no more than that, and the same call goes on from there.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ganvas.catalog.records import InspectionRow
from ganvas.counted import counted
from ganvas.curate.inspect.inspector import inspected
from ganvas.curate.inspect.measures import VERSION
from ganvas.curate.packer import ALTERED, UNREADABLE, VANISHED
from ganvas.curate.rules.registry import CLEAN
from ganvas.curate.workers import DIED, Workers
from ganvas.errors import InputError
from ganvas.progress import Progress
from ganvas.studio import StudioFolder
from ganvas.workers import processors

REFUSALS = (VANISHED, ALTERED, UNREADABLE)
CHUNK = 32
CHUNK_BYTES = 16 * 2**20  # of encoded pictures: large photographs come a few at a time
FEW = 64  # up to here, starting a process takes longer than doing the work
SAVE_ROWS = 1024
SAVE_S = 2.0
Original = tuple[str, int]  # hash, bytes


def inspect_missing(studio: StudioFolder, progress: Progress, workers: int | None = None) -> int:
    """Inspect what is missing; returns how many pictures that was. An original that cannot be read becomes a decision.

    Those are tried again at every call. Raises InputError where not one original can be read (a folder that is not
    mounted must not drop every picture there is).
    """
    missing = studio.catalog.not_inspected(VERSION)
    refused: dict[str, tuple[str, str]] = {}
    rows: list[InspectionRow] = []
    done, saved_at = 0, time.monotonic()
    with progress.task("inspecting", len(missing), "pictures") as task:
        for originals, entries in _inspected(studio, missing, workers or processors()):
            for (sha256, _), entry in zip(originals, entries, strict=True):
                if "refused" in entry:
                    refused[sha256] = tuple(entry["refused"])
                else:
                    rows.append(_row(sha256, entry))
            task.advance(len(entries))
            if len(rows) >= SAVE_ROWS or time.monotonic() - saved_at > SAVE_S:
                done, saved_at = done + _save(studio, rows), time.monotonic()
    done += _save(studio, rows)
    _decide(studio, refused, done, progress)
    return done


def none_readable(studio: StudioFolder, count: int, reason: str) -> InputError:
    """The error of a folder of originals that is not there: nothing may be decided then."""
    return InputError(
        f"none of the {count:,} originals in {studio.images} can be read ({reason}): "
        "see that the folder is there, or `ganvas add` the pictures again"
    )


def _inspected(
    studio: StudioFolder, missing: Sequence[Original], workers: int
) -> Iterator[tuple[Sequence[Original], list[Any]]]:
    chunks = list(_chunks(missing))
    requests = [[(str(studio.image_path(sha256)), size) for sha256, size in chunk] for chunk in chunks]
    large = sum(size for _, size in missing) > CHUNK_BYTES
    if workers == 1 or (len(missing) <= FEW and not large):
        for chunk, request in zip(chunks, requests, strict=True):
            yield chunk, [inspected(path, size) for path, size in request]
        return
    lost = {"refused": [UNREADABLE, DIED]}
    with Workers("ganvas.curate.inspect.inspector", "-", min(workers, len(chunks)), lost=lost) as pool:
        for chunk, (entries, _) in zip(chunks, pool.in_order(requests), strict=True):
            yield chunk, entries


def _chunks(missing: Sequence[Original]) -> Iterator[list[Original]]:
    chunk: list[Original] = []
    for original in missing:
        chunk.append(original)
        if len(chunk) >= CHUNK or sum(size for _, size in chunk) >= CHUNK_BYTES:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _row(sha256: str, entry: dict[str, Any]) -> InspectionRow:
    trim = entry["trim"]
    return InspectionRow(sha256, VERSION, entry["phash"], entry["measures"], tuple(trim) if trim else None)


def _save(studio: StudioFolder, rows: list[InspectionRow]) -> int:
    count = len(rows)
    if rows:
        studio.catalog.save_inspections(rows)
        rows.clear()
    return count


def _decide(studio: StudioFolder, refused: dict[str, tuple[str, str]], done: int, progress: Progress) -> None:
    if refused and not done and len(refused) == studio.catalog.count_images():
        _, reason = next(iter(refused.values()))
        raise none_readable(studio, len(refused), reason)
    for rule in REFUSALS:
        verdicts = [(sha256, False, None, reason) for sha256, (name, reason) in refused.items() if name == rule]
        studio.catalog.decide_anew(CLEAN, rule, verdicts)
    for rule, count in Counter(rule for rule, _ in refused.values()).items():
        progress.note(f"{counted(count, 'picture')} dropped: {rule} since added")
