"""MetObjects.csv, the museum's list of all its objects: `MetObjects(path).chosen(options, note)` -> their numbers.

Read a row at a time, so that its 317 MB never lie in memory. UTF-8 with a byte order mark, lines inside quotes.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter

from ganvas.catalog.expression import parse
from ganvas.collect.sources.csv_where import Fulfils, Row, row_condition
from ganvas.collect.sources.met_conditions import conditions
from ganvas.collect.sources.met_options import MetOptions
from ganvas.counted import counted
from ganvas.errors import InputError, did_you_mean

ADDRESS = "https://github.com/metmuseum/openaccess"
FILE_ADDRESS = "https://media.githubusercontent.com/media/metmuseum/openaccess/master/MetObjects.csv"
LFS = b"version https://git-lfs.github.com/spec/"
GZIP = b"\x1f\x8b"
ID = "Object ID"
LONGEST_ID = 18  # digits
LARGEST_FIELD = 2**17  # a quote that is not closed is told there, not at the end of the file
COLUMNS = {  # of what is called so in records
    "isPublicDomain": "Is Public Domain",
    "isHighlight": "Is Highlight",
    "objectName": "Object Name",
    "title": "Title",
    "classification": "Classification",
    "objectBeginDate": "Object Begin Date",
    "objectEndDate": "Object End Date",
    "department": "Department",
}
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass
class _Count:
    rows: int = 0
    chosen: int = 0
    odd: int = 0
    first_odd: int = 0
    cut_short: bool = False


class MetObjects:
    """The file at `path`, its first line read. Raises InputError where there is no such file."""

    def __init__(self, path: str) -> None:
        self.path = path
        with self._open() as stream:
            try:
                csv.field_size_limit(LARGEST_FIELD)
                self.columns = [name.strip() for name in next(csv.reader(stream), [])]
            except (csv.Error, *DAMAGE) as error:
                raise InputError(f"{path} is no MetObjects.csv ({error}): get it from {FILE_ADDRESS}") from error
        if ID not in self.columns:
            start = ", ".join(self.columns)[:40]
            raise InputError(
                f'{path} is no MetObjects.csv: its first line must name a column "{ID}" and begins with '
                f"{start!r}; get it from {FILE_ADDRESS}"
            )

    def chosen(self, options: MetOptions, note: Callable[[str], None]) -> Iterator[int]:
        """The numbers of the objects that fulfil the options, in the file's order; notes what could not be read.

        Raises InputError for columns that are not there, at once, and for a department that no row has, at the end.
        """
        fulfils: list[Fulfils] = conditions(options, lambda name: itemgetter(self._place(COLUMNS[name])))
        if options.where is not None:
            fulfils.append(row_condition(parse(options.where), options.where, self.columns))
        departments = _Departments(options.department, self._place(COLUMNS["department"]) if options.department else 0)
        return self._numbers([departments.fulfils, *fulfils] if options.department else fulfils, departments, note)

    def _numbers(
        self, fulfils: Sequence[Fulfils], departments: _Departments, note: Callable[[str], None]
    ) -> Iterator[int]:
        place, count = self._place(ID), _Count()
        for row in self._rows(count):
            if not row[place].isdecimal() or len(row[place]) > LONGEST_ID:
                count.odd += 1
            elif all(one(row) for one in fulfils):
                count.chosen += 1
                yield int(row[place])
        departments.check(self.path)
        for line in self._remarks(count):
            note(line)

    def _rows(self, count: _Count) -> Iterator[Row]:
        width = len(self.columns)
        with self._open() as stream:
            csv.field_size_limit(LARGEST_FIELD)  # of the whole process: lists allow more
            reader = csv.reader(stream)
            try:
                next(reader, None)
                for row in reader:
                    count.rows += bool(row)
                    count.cut_short = 0 < len(row) < width
                    if len(row) == width:
                        yield row
                    elif row:
                        count.odd += 1
                        count.first_odd = count.first_odd or reader.line_num
            except csv.Error as error:
                raise InputError(
                    f"{self.path}, line {reader.line_num:,}: {error}, so a quote before it is not closed; "
                    f"the file is damaged, get it again from {FILE_ADDRESS}"
                ) from error
            except DAMAGE:
                count.cut_short = True

    def _remarks(self, count: _Count) -> Iterator[str]:
        yield f"{count.chosen:,} of {counted(count.rows, 'object')} in {self.path} are what was asked for"
        if count.cut_short:
            yield f"{self.path} ends within a row: it was cut short, and what came after is not known; get it again"
        elif count.odd:
            where = f" (the first ends in line {count.first_odd:,})" if count.first_odd else ""
            rows = counted(count.odd, f"row{where} has", f"rows{where} have")
            yield f"{self.path}: {rows} no number or not {len(self.columns)} cells: passed over"

    def _place(self, column: str) -> int:
        if column not in self.columns:
            hint = did_you_mean(column, self.columns)
            raise InputError(f'{self.path} has no column "{column}", which was asked about.{hint}')
        return self.columns.index(column)

    @contextmanager
    def _open(self) -> Iterator[io.TextIOBase]:
        with _opened(self.path) as file:
            start = file.peek(len(LFS))
            if start.startswith(LFS):
                raise InputError(
                    f"{self.path} is a Git LFS pointer, not the file itself: run `git lfs pull` in its checkout of "
                    f"{ADDRESS}, or download {FILE_ADDRESS}"
                )
            binary = gzip.GzipFile(fileobj=file) if start.startswith(GZIP) else file
            with io.TextIOWrapper(binary, encoding="utf-8-sig", errors="replace", newline="") as stream:
                yield stream


def _opened(path: str) -> io.BufferedReader:
    try:
        return open(path, "rb")
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error.strerror}): give the path of MetObjects.csv") from error


class _Departments:
    """Which departments are asked for, and which there are: a misspelt one is only known at the end of the file."""

    def __init__(self, asked: Sequence[str], place: int) -> None:
        self.asked = {name.strip().casefold(): name for name in asked}
        self.place = place
        self.seen: set[str] = set()
        for name in asked:
            if name.strip().isdecimal():
                raise InputError(f"--department {name}: MetObjects.csv has no numbers for them, write its name")

    def fulfils(self, row: Row) -> bool:
        self.seen.add(row[self.place])
        return row[self.place].strip().casefold() in self.asked

    def check(self, path: str) -> None:
        there = {name.strip().casefold() for name in self.seen}
        for folded, name in self.asked.items():
            if folded not in there:
                raise InputError(f"no object in {path} is of a department {name!r}.{did_you_mean(name, self.seen)}")
