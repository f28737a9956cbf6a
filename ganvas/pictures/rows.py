"""What the rows of a sheet are called: `named_rows(sheet(pictures, columns=8), ["boot", "bag"])`."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from ganvas.errors import InputError
from ganvas.pictures.lettering import wrapped, write
from ganvas.pictures.sheet import GAP

TEXT_PX = 14
LINE_PX = 17
ROOM_PX = 100
MARGIN_PX = 8


def named_rows(shown: Image.Image, names: Sequence[str]) -> Image.Image:
    """The sheet with a margin on its left, where each name stands half-way down its row, in lines as they fit.

    Raises InputError without names.
    """
    if not names:
        raise InputError("the rows of a sheet need names: there is none")
    row_h = shown.height / len(names)
    paper = GAP if shown.mode == "L" else (GAP, GAP, GAP)
    canvas = Image.new(shown.mode, (shown.width + ROOM_PX + MARGIN_PX, shown.height), paper)
    canvas.paste(shown, (ROOM_PX + MARGIN_PX, 0))
    for i, name in enumerate(names):
        lines = wrapped(name, TEXT_PX, ROOM_PX - MARGIN_PX)[: max(1, int(row_h // LINE_PX))]
        top = round((i + 0.5) * row_h - len(lines) * LINE_PX / 2)
        for j, line in enumerate(lines):
            write(canvas, (MARGIN_PX, top + j * LINE_PX), line, TEXT_PX, ROOM_PX - MARGIN_PX)
    return canvas
