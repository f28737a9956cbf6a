"""The groups of duplicates on one sheet, a group a row: `write_sheet(studio, groups, "clean/duplicates.png")`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL.Image import Image

from ganvas.curate.showing import SHOWN_PX, shown
from ganvas.pictures.sheet import GAP, Colour, save_png, sheet
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.curate.duplicates import Group, Member

ROWS = 10
MOST_SHOWN = 5  # of a group
FEWEST_COLUMNS = 5  # a header needs the room
STAYS: Colour = (58, 150, 90)
Rows = list[tuple["Group", tuple["Member", ...]]]


def write_sheet(studio: StudioFolder, groups: Sequence[Group], path: Path) -> Path | None:
    """The ten largest groups, and beside them the ten most doubtful others: those of most bits, then least explained.

    The picture that stays stands first, framed green. Without groups there is no sheet, and an old one is removed.
    """
    if not groups:
        path.unlink(missing_ok=True)
        return None
    by_size = sorted(groups, key=lambda group: -len(group.members))
    doubtful = sorted(by_size[ROWS:], key=lambda group: _doubt(group.members[-1]), reverse=True)[:ROWS]
    blocks: list[Rows] = [[(group, group.members[:MOST_SHOWN]) for group in by_size[:ROWS]]]
    if doubtful:  # their most doubtful members first
        blocks += [[(group, (group.members[0], *group.members[:0:-1][: MOST_SHOWN - 1])) for group in doubtful]]
    path.parent.mkdir(parents=True, exist_ok=True)
    return save_png(path, _drawn(studio, blocks, _header(groups, [len(block) for block in blocks])))


def _drawn(studio: StudioFolder, blocks: Sequence[Rows], header: str) -> Image:
    """The blocks side by side, an empty column between them."""
    widths = [max(len(members) for _, members in block) for block in blocks]
    columns = max(FEWEST_COLUMNS, sum(widths) + len(widths) - 1)
    pictures = np.full((max(map(len, blocks)) * columns, 3, SHOWN_PX, SHOWN_PX), GAP, np.uint8)
    captions = [""] * len(pictures)
    frames: list[Colour | None] = [None] * len(pictures)
    for block, left in zip(blocks, (0, widths[0] + 1), strict=False):
        for row, (group, members) in enumerate(block):
            cells = slice(row * columns + left, row * columns + left + len(members))
            pictures[cells] = shown(studio, [member.image.sha256 for member in members])
            captions[cells] = [_caption(member, group) for member in members]
            frames[cells] = [STAYS if member.stays else None for member in members]
    return sheet(pictures, columns, captions, header, scale=1, frames=frames)


def _doubt(member: Member) -> tuple[int, float]:
    return member.bits, -member.explained


def _caption(member: Member, group: Group) -> str:
    size = f"{member.image.width}×{member.image.height}"
    if member is group.members[0]:
        return f"{size}\nstays, of {len(group.members)}"
    return f"{size}\n{member.bits} bits, {member.explained:.1%}"


def _header(groups: Sequence[Group], shown_of: Sequence[int]) -> str:
    dropped = sum(len(group.dropped) for group in groups)
    line = f"{len(groups):,} groups, {dropped:,} pictures dropped"
    if len(shown_of) == 1:
        return line
    return f"{line}: the {shown_of[0]} largest, and the {shown_of[1]} most doubtful"
