"""Pictures that show the same as a better one: `decide_duplicates(studio)` drops them, and shows which they were.

Perceptual hashes that differ in few bits say which pictures might show the same (never N × N: `scores.hamming`), the
pictures themselves at 32 × 32 whether they do (`pictures.same`), and the best of each group stays (`curate.grouping`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.catalog.records import HashedRow
from ganvas.counted import counted
from ganvas.curate.grouping import MOST_ALIKE, Indices, crowded, leaders
from ganvas.curate.inspect.missing import none_readable
from ganvas.curate.small import SmallPictures
from ganvas.errors import InputError
from ganvas.pictures.same import Sameness
from ganvas.progress import Progress, Silent
from ganvas.scores.hamming import LARGEST_RADIUS, components_within, distances
from ganvas.studio import StudioFolder

RADIUS = 8
SHARPNESS = "sharpness"  # the measure of an inspection, the larger the sharper
SHEET = Path("clean") / "duplicates.png"
NO_PAIRS: Indices = np.empty((0, 2), np.int64)


@dataclass(frozen=True)
class Member:
    """One picture of a group: how many bits it is off the one that stays, and the share of it that one explains."""

    image: HashedRow
    bits: int
    explained: float
    reason: str | None

    @property
    def stays(self) -> bool:
        return self.reason is None


@dataclass(frozen=True)
class Group:
    """Pictures that show the same: the one that stays first, then the others, the likest first."""

    members: tuple[Member, ...]

    @property
    def id(self) -> int:
        """The lowest id of its images."""
        return min(member.image.id for member in self.members)

    @property
    def dropped(self) -> list[Member]:
        return [member for member in self.members if not member.stays]


@dataclass(frozen=True)
class DuplicateSummary:
    """What a search found among `pictures` pictures: the groups, the largest first, and the sheet that shows them.

    `unread` originals could not be read; they and their earlier groups, `standing`, are left as they were.
    """

    radius: int
    pictures: int
    not_inspected: int
    groups: list[Group]
    unread: int = 0
    standing: frozenset[str] = frozenset()
    sheet: Path | None = None

    @property
    def dropped(self) -> int:
        """How many pictures go because a better one shows the same."""
        return sum(len(group.dropped) for group in self.groups)

    @property
    def by_bits(self) -> dict[int, int]:
        """How many of the dropped are so many bits off the one that stays."""
        bits = sorted(member.bits for group in self.groups for member in group.dropped)
        return {count: bits.count(count) for count in dict.fromkeys(bits)}

    def to_json(self) -> dict[str, Any]:
        """Ready for JSON: counts, and the hashes of each group with the one that stays first."""
        return {
            "radius": self.radius,
            "pictures": self.pictures,
            "not_inspected": self.not_inspected,
            "unread": self.unread,
            "dropped": self.dropped,
            "dropped_by_bits": {str(bits): count for bits, count in self.by_bits.items()},
            "groups": [[member.image.sha256 for member in group.members] for group in self.groups],
            "sheet": None if self.sheet is None else str(self.sheet),
        }


def decide_duplicates(
    studio: StudioFolder, radius: int = RADIUS, progress: Progress | None = None, *, alike: Indices = NO_PAIRS
) -> DuplicateSummary:
    """Find the groups, record them, drop all but the best of each, and write the sheet clean/duplicates.png.

    A person's choice stays first, then the largest, the sharpest, the one of most bytes, the first found. What an
    earlier search dropped and this one does not is taken back. `alike` and what is raised: see `find_duplicates`.
    """
    from ganvas.curate.duplicate_sheet import write_sheet

    found = find_duplicates(studio, radius, progress, alike=alike)
    groups = {member.image.id: group.id for group in found.groups for member in group.members}
    drops = [
        (member.image.sha256, False, float(member.bits), member.reason)
        for group in found.groups
        for member in group.dropped
    ]
    studio.catalog.decide_duplicates(groups, drops, standing=found.standing)
    return replace(found, sheet=write_sheet(studio, found.groups, studio.root / SHEET))


def undo_duplicates(studio: StudioFolder) -> None:
    """Take all groups and drops back; their sheet goes."""
    studio.catalog.decide_duplicates({}, [])
    (studio.root / SHEET).unlink(missing_ok=True)


def find_duplicates(
    studio: StudioFolder, radius: int = RADIUS, progress: Progress | None = None, *, alike: Indices = NO_PAIRS
) -> DuplicateSummary:
    """The groups of pictures that show the same, of hashes at most `radius` bits apart (0 to 16); nothing is changed.

    `alike` are pairs of image ids [P, 2] that anything else calls the same, for example features: they are taken at
    their word. Raises InputError for a radius that cannot be, where nothing is inspected yet, and where
    no original can be read.
    """
    if not 0 <= radius <= LARGEST_RADIUS:
        raise InputError(f"--radius {radius} cannot be: how many of 64 bits may differ, from 0 to {LARGEST_RADIUS}")
    progress = progress or Silent()
    catalog = studio.catalog
    rows = catalog.hashes()
    not_inspected = catalog.count_not_inspected()
    _check(studio, len(rows), not_inspected)
    if not_inspected:
        left_out = counted(not_inspected, "picture is", "pictures are")
        progress.note(f"{left_out} left out until `ganvas clean` inspects what is new")
    ids, hashes = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    links = _links(ids, alike)
    components = components_within(hashes, radius, links, progress)
    shared = np.flatnonzero(np.bincount(components)[components] > 1)
    images = catalog.hashed_images([int(id) for id in ids[shared]])
    best_first = np.array(sorted(range(len(images)), key=lambda i: _preference(images[i])), np.int64)
    places = np.full(len(ids), -1, np.int64)
    places[shared[best_first]] = np.arange(len(shared))
    asked = shared[best_first]
    found = DuplicateSummary(radius, len(rows), not_inspected, [])
    best = [images[i] for i in best_first]
    return _compared(studio, found, best, hashes[asked], components[asked], places[links], progress)


def _check(studio: StudioFolder, hashed: int, not_inspected: int) -> None:
    if hashed:
        return
    if not_inspected:
        pictures = counted(not_inspected, "picture")
        raise InputError(f"none of {pictures} is inspected yet: `ganvas clean` measures first")
    dropped = "; all that were found are dropped" if studio.catalog.count_images() else ""
    raise InputError(f"no pictures to compare in {studio.root}{dropped}: `ganvas add FOLDER-OR-ARCHIVE` adds some")


def _links(ids: Indices, alike: Indices) -> Indices:
    """Pairs of image ids as pairs of places in `ids`; those of pictures that are not compared are left out."""
    pairs = alike[np.isin(alike, ids).all(axis=1)]
    return np.searchsorted(ids, pairs).astype(np.int64)  # ids come in order


def _compared(
    studio: StudioFolder,
    found: DuplicateSummary,
    images: Sequence[HashedRow],
    hashes: NDArray[np.int64],
    components: Indices,
    links: Indices,
    progress: Progress,
) -> DuplicateSummary:
    with SmallPictures(studio, images, progress) as small:
        standing = _standing(studio, images, small, progress)
        # thousands of near-white pages may share a hash: none is held against any other
        alone = ~small.comparable & ~np.isin(np.arange(len(images)), links)
        alone |= np.array([image.sha256 in standing for image in images], bool)
        components = np.where(alone, len(images) + np.arange(len(images)) + components.max(initial=0), components)
        leader = leaders(hashes, components, found.radius, lambda left, right: small.sameness(left, right).same, links)
        if many := crowded(hashes, leader):
            progress.note(
                f"{many:,} pictures share their hash with more than {MOST_ALIKE} others unlike them: not all of "
                "these were compared"
            )
        following = np.flatnonzero(leader != np.arange(len(leader)))
        seen = small.sameness(leader[following], following)
    members = _members(images, hashes, leader, following, seen)
    groups = [Group((Member(images[best], 0, 1.0, None), *others)) for best, others in members.items()]
    groups.sort(key=lambda group: (-len(group.members), group.id))
    return replace(found, groups=groups, unread=int(small.unread.sum()), standing=standing)


def _standing(
    studio: StudioFolder, images: Sequence[HashedRow], small: SmallPictures, progress: Progress
) -> frozenset[str]:
    """What cannot be read and all of its earlier groups: nothing new can be said of them."""
    unread = [images[place].sha256 for place in np.flatnonzero(small.unread).tolist()]
    if not unread:
        return frozenset()
    if len(unread) == len(images) and not _any_there(studio):
        raise none_readable(studio, len(unread), next(refusal.reason for refusal in small.refused if refusal))
    earlier = studio.catalog.duplicate_groups()
    theirs = {earlier[sha256] for sha256 in unread if sha256 in earlier}
    standing = frozenset(unread) | {sha256 for sha256, group in earlier.items() if group in theirs}
    progress.note(f"{len(unread):,} originals cannot be read: they and what showed the same before stay as they were")
    return standing


def _any_there(studio: StudioFolder) -> bool:
    return any(studio.image_path(image.sha256).is_file() for image in studio.catalog.images(kept=False))


def _members(
    images: Sequence[HashedRow], hashes: NDArray[np.int64], leader: Indices, following: Indices, seen: Sameness
) -> dict[int, list[Member]]:
    members: dict[int, list[Member]] = {}
    bits = distances(hashes[following], hashes[leader[following]])
    for place in np.lexsort((-seen.explained, bits)):
        image, best = images[following[place]], int(leader[following[place]])
        reason = None if image.kept_by_person else _reason(images[best], image)
        members.setdefault(best, []).append(Member(image, int(bits[place]), float(seen.explained[place]), reason))
    return members


def _preference(image: HashedRow) -> tuple[float, ...]:
    return (*(-value for value, _ in _merits(image)), image.id)


def _merits(image: HashedRow) -> list[tuple[float, str]]:
    """What speaks for a picture, the weightiest first, and how that is called."""
    return [
        (float(image.kept_by_person), "a person keeps"),
        (float(image.width * image.height), "is larger"),
        (float(image.measures.get(SHARPNESS) or 0), "is sharper"),
        (float(image.bytes), "has more bytes"),
    ]


def _reason(best: HashedRow, image: HashedRow) -> str:
    ours, theirs = _merits(image), _merits(best)
    why = next((word for (value, word), (other, _) in zip(theirs, ours, strict=True) if value > other), None)
    return f"shows the same as {best.sha256[:12]}, which {why or 'was found first'}"
