"""`ganvas add PATH`: every picture of a folder, archive, IDX pair, array file or single file into the studio.

Of a folder of shards each is added as if by its own name.
Rerunning repeats nothing that is recorded. A file that changed on disk is a new item; the picture it was before stays.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganvas.collect.folder import OnlyShards
from ganvas.collect.intake import Intake, Origin, take
from ganvas.collect.registry import DamagedSource, Listing, source_for
from ganvas.counted import counted
from ganvas.errors import InputError
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder


@dataclass(frozen=True)
class Added:
    """What an `add` did: pictures found; of these new to the studio, known already, and unreadable by reason."""

    found: int
    new: int
    known: int
    unreadable: dict[str, int] = field(default_factory=dict)


def add(
    studio: StudioFolder,
    path: str | Path,
    *,
    label: str | None = None,
    progress: Progress = Silent(),  # noqa: B008 stateless
    workers: int | None = None,
) -> Added:
    """Add what lies at `path`; `label` replaces what the source says, also for what was added before.

    `workers` decode at the same time (default: one a processor). Raises InputError where there is nothing at `path`, no
    type that can be added, no readable picture, or where the source is damaged (what could be read of it is then kept).
    """
    root = Path(os.path.abspath(os.path.expanduser(path)))
    try:
        _check(root, studio)
        source = source_for(root)
        listing = source.listing(root, progress)
    except OnlyShards as found:
        return _add_shards(studio, found.shards, label, progress, workers)
    except DamagedSource as error:
        raise _damaged(root, str(error), 0) from error
    except PermissionError as error:
        raise InputError(f"{root} cannot be opened: {error.strerror}") from error
    return add_listing(studio, Origin(source.name, str(root)), listing, label=label, progress=progress, workers=workers)


def _add_shards(
    studio: StudioFolder, shards: Sequence[Path], label: str | None, progress: Progress, workers: int | None
) -> Added:
    """One that cannot be added does not keep the others out; its error is raised in the end."""
    progress.note(f"{len(shards):,} shards, one after another")
    done: list[Added] = []
    errors: list[InputError] = []
    for shard in shards:
        try:
            done.append(add(studio, shard, label=label, progress=progress, workers=workers))
        except InputError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    unreadable = sum((Counter(added.unreadable) for added in done), Counter[str]())
    found, new, known = (sum(getattr(added, name) for added in done) for name in ("found", "new", "known"))
    return Added(found, new, known, dict(unreadable.most_common()))


def add_listing(
    studio: StudioFolder,
    origin: Origin,
    listing: Listing,
    *,
    label: str | None = None,
    progress: Progress = Silent(),  # noqa: B008 stateless
    workers: int | None = None,
) -> Added:
    """Add the entries of a source that is already listed."""
    before = studio.catalog.count_images()
    intake = take(studio, origin, listing, label, progress, workers)
    new = studio.catalog.count_images() - before
    if intake.damage is not None:
        raise _damaged(Path(origin.place), intake.damage, intake.recorded - intake.unreadable.total())
    if 0 < intake.found == intake.unreadable.total():
        raise InputError(_nothing_readable(origin.place, intake))
    known = intake.found - new - intake.unreadable.total()
    return Added(intake.found, new, known, dict(intake.unreadable.most_common()))


def _check(root: Path, studio: StudioFolder) -> None:
    if not root.exists():
        raise InputError(f"{root} does not exist: check the path")
    place, home = root.resolve(), studio.root.resolve()
    own = (studio.images.resolve(), studio.sets.resolve(), studio.runs.resolve())
    if place == home or any(place.is_relative_to(folder) for folder in own):
        raise InputError(f"{root} is the studio's own: give the folder or archive that the pictures lie in")


def _damaged(path: Path, damage: str, added: int) -> InputError:
    if str(path) in damage:
        return InputError(damage)
    kept = f"the {added:,} pictures before that are in the studio" if added else "nothing could be read"
    return InputError(f"{path} is damaged ({damage}): {kept}. Get it again and add it once more")


def _nothing_readable(place: str, intake: Intake) -> str:
    return f"no picture could be read in {place}: {counted(intake.found, 'file')}, the first {intake.first_reason}"
