"""The groups of duplicates on one sheet, a row a group: `write_sheet(studio, groups, "clean/duplicates.png")`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganvas.curate.showing import SHOWN_PX, shown
from ganvas.pictures.sheet import GAP, Colour, save_png, sheet
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.curate.duplicates import Group, Member

LARGEST_ROWS = DOUBTFUL_ROWS = 10
COLUMNS = 6
STAYS: Colour = (58, 150, 90)


def write_sheet(studio: StudioFolder, groups: Sequence[Group], path: Path) -> Path | None:
    """Ten rows of the largest groups, ten of the most doubtful ones: those of most bits, then those least explained.

    The picture that stays stands first, framed green. Without groups there is no sheet, and an old one is removed.
    """
    if not groups:
        path.unlink(missing_ok=True)
        return None
    by_size = sorted(groups, key=lambda group: -len(group.members))
    largest, rest = by_size[:LARGEST_ROWS], by_size[LARGEST_ROWS:]
    doubtful = sorted(rest, key=lambda group: _doubt(group.members[-1]), reverse=True)[:DOUBTFUL_ROWS]
    rows = [(group, group.members[:COLUMNS]) for group in largest]
    rows += [(group, (group.members[0], *group.members[:0:-1][: COLUMNS - 1])) for group in doubtful]
    columns = max(len(members) for _, members in rows)
    pictures = np.full((len(rows) * columns, 3, SHOWN_PX, SHOWN_PX), GAP, np.uint8)
    captions = [""] * len(pictures)
    frames: list[Colour | None] = [None] * len(pictures)
    for row, (group, members) in enumerate(rows):
        first = row * columns
        pictures[first : first + len(members)] = shown(studio, [member.image.sha256 for member in members])
        captions[first : first + len(members)] = [_caption(member, group) for member in members]
        frames[first : first + len(members)] = [STAYS if member.stays else None for member in members]
    path.parent.mkdir(parents=True, exist_ok=True)
    return save_png(
        path, sheet(pictures, columns, captions, _header(groups, len(largest), len(doubtful)), 1, 2, frames)
    )


def _doubt(member: Member) -> tuple[int, float]:
    return member.bits, -member.explained


def _caption(member: Member, group: Group) -> str:
    size = f"{member.image.width}×{member.image.height}"
    if member is group.members[0]:
        return f"{size}\nstays, of {len(group.members)}"
    return f"{size}\n{member.bits} bits, {member.explained:.1%}"


def _header(groups: Sequence[Group], largest: int, doubtful: int) -> str:
    dropped = sum(len(group.dropped) for group in groups)
    line = f"{len(groups):,} groups, {dropped:,} pictures dropped"
    return f"{line}: {largest} largest, then {doubtful} most doubtful" if doubtful else line
