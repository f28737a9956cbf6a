"""Tables of text, with commas, semicolons, tabs or bars: quotes over several lines, rows of any length, no header."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ganvas.collect.lists.bytes_in import briefly
from ganvas.collect.lists.lines import ADDRESS, text_lines
from ganvas.counted import counted

DELIMITERS = ",;\t|"
LOOKED_AT = 30  # rows by which a delimiter is told
LARGEST_FIELD = 4 * 2**20
NONE = "\x1f"  # a delimiter that never comes up: a table of one column
SAYS_SO = re.compile(r"sep=(.)\s*$")  # a first line of spreadsheets


def table_rows(path: str, delimiter: str | None, note: Callable[[str], None]) -> Generator[dict[str, Any]]:
    """{column: text} for each row. Columns without a header are called 1, 2, …; so are cells beyond the header.

    A note counts the rows that are shorter or longer than the header, or could not be read.
    """
    csv.field_size_limit(LARGEST_FIELD)
    lines = text_lines(path, note)
    first = next(lines, "")
    rows = csv.reader(lines if SAYS_SO.match(first) else chain([first], lines), delimiter=delimiter or NONE)
    counted = _Counted()
    cells = next(counted.readable(rows), [])
    if headless(cells):
        columns = tuple(str(i + 1) for i in range(len(cells)))
        yield dict(zip(columns, cells, strict=True))
    else:
        columns = named_columns(cells)
    width = len(columns)
    for cells in counted.readable(rows):
        if len(cells) == width:
            yield dict(zip(columns, cells, strict=True))
            continue
        counted.ragged += 1
        yield dict(zip(chain(columns, map(str, range(width + 1, len(cells) + 1))), cells, strict=False))
    counted.tell(briefly(path), note)


def delimiter_of(path: str, head: str) -> str | None:
    """What divides the cells of a table that begins so; None where nothing does. Tabs where the name says so."""
    lines = head.splitlines(keepends=True)
    if lines and (said := SAYS_SO.match(lines[0])):
        return said[1]
    if {".tsv", ".tab"} & {suffix.lower() for suffix in Path(path).suffixes}:
        return "\t"
    lines = lines[:-1] if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")) else lines
    scores = {delimiter: _agreement(lines, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best][0] >= 0.5 else None


def headless(cells: Sequence[str]) -> bool:
    """Whether a first row is one of the rows: a header names no address."""
    return any(ADDRESS.match(cell) for cell in cells)


def named_columns(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of a header, every one of its own: those without one are called by their number."""
    names: dict[str, None] = {}
    for i, cell in enumerate(cells, 1):
        name = cell.strip() or str(i)
        names[name if name not in names else f"{name} ({i})"] = None
    return tuple(names)


class _Counted:
    """What was odd about a table."""

    def __init__(self) -> None:
        self.ragged = 0
        self.unreadable = 0

    def readable(self, rows: Iterator[list[str]]) -> Iterator[list[str]]:
        """Every row that says something."""
        while True:
            try:
                for cells in rows:
                    if cells:
                        yield cells
                return
            except csv.Error:  # a quote that nothing closes runs on until a field is too large
                self.unreadable += 1

    def tell(self, name: str, note: Callable[[str], None]) -> None:
        if self.ragged:
            note(f"{name}: {counted(self.ragged, 'row has', 'rows have')} more or fewer cells than the header")
        if self.unreadable:
            times = counted(self.unreadable, "time")
            note(
                f"{name}: {times} a field went on for {LARGEST_FIELD >> 20} MiB and was passed over, "
                "with whatever rows are in it: look for a quote that nothing closes"
            )


def _agreement(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    """(share of the first rows that are as wide as the widest usual one, width); 0 where nothing is divided."""
    try:
        widths = [len(cells) for cells in islice(csv.reader(lines, delimiter=delimiter), LOOKED_AT) if cells]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] < 2:
        return 0.0, 0
    return widths.count(widths[0]) / len(widths), widths[0]
