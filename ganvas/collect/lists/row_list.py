"""A list of addresses, whatever its form: `open_list(path, note)` -> its columns, its first rows, and all its rows.

The form is taken from the first bytes where they say it, else from the name, else from what the text looks like. Rows
come as a stream: a list of ten million takes no more memory than one of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ganvas.collect.lists.bytes_in import STDIN, head_of, is_gzip, named
from ganvas.collect.lists.json_rows import json_rows
from ganvas.collect.lists.lines import begins_with_address, decoded, is_text, line_rows
from ganvas.collect.lists.parquet_rows import parquet_columns, parquet_rows
from ganvas.collect.lists.table import delimiter_of, table_rows
from ganvas.errors import InputError
from ganvas.pictures.sniff import UnreadablePicture, sniff

Row = dict[str, Any]
Rows = Generator[Row]
Note = Callable[[str], None]

SAMPLE = 50  # rows by which columns are told apart
FORMS = {
    ".csv": "table",
    ".tsv": "table",
    ".tab": "table",
    ".txt": "lines",
    ".list": "lines",
    ".lst": "lines",
    ".urls": "lines",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
NOT_LISTS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip or a spreadsheet: save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet or document: save the sheet as CSV",
    b"SQLite format 3": "a database",
    b"BZh": "packed with bzip2: unpack it, or pack it with gzip",
    b"\xfd7zXZ": "packed with xz: unpack it, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "packed with zstd: unpack it, or pack it with gzip",
}
READ = "it must be csv, tsv, txt, jsonl (each also .gz) or parquet"


@dataclass(frozen=True)
class RowList:
    """`columns` as far as the first rows tell. `rows()` begins anew each time; `note` hears what was passed over."""

    path: str
    form: str
    columns: tuple[str, ...]
    sample: tuple[Row, ...]
    rows: Callable[[Note], Rows]


def open_list(path: str) -> RowList:
    """The list in a file (`-`: standard input). Raises InputError where there is none, or MissingExtra for Parquet."""
    head = head_of(path)
    if not head.strip():
        raise InputError(f"{named(path)} is empty: there is nothing to collect")
    form = form_of(path, head)
    if form == "parquet":
        columns = parquet_columns(path)
        return _of(path, form, columns, lambda note: parquet_rows(path, columns, note))
    if form == "json":
        return _of(path, form, (), lambda note: json_rows(path, note))
    if form == "lines":
        return _of(path, form, ("url",), lambda note: line_rows(path, note))
    delimiter = delimiter_of(path, decoded(head))
    return _of(path, form, (), lambda note: table_rows(path, delimiter, note))


def form_of(path: str, head: bytes) -> str:
    """table, lines, json or parquet. Raises InputError for what is no list."""
    if head.startswith(b"PAR1"):
        if path == STDIN or is_gzip(path):
            raise InputError(f"{named(path)} is Parquet, which is read from a file that is not packed: give its path")
        return "parquet"
    if what := _no_list(head):
        raise InputError(f"{named(path)} is no list of addresses but {what} ({READ})")
    suffixes = [suffix.lower() for suffix in Path(path).suffixes if suffix.lower() != ".gz"]
    form = FORMS.get(suffixes[-1], "") if suffixes else ""
    if form == "parquet":
        raise InputError(f"{path} is damaged or no Parquet file: get it again")
    text = decoded(head)
    if form in ("", "json") and text.lstrip().startswith("["):
        raise InputError(f"{named(path)} is one JSON array: write an object a line (`jq -c '.[]'`), as jsonl")
    if not form and text.lstrip().startswith("{"):
        return "json"
    return form or ("lines" if begins_with_address(text) and delimiter_of(path, text) is None else "table")


def _of(path: str, form: str, columns: tuple[str, ...], rows: Callable[[Note], Rows]) -> RowList:
    with closing(rows(lambda line: None)) as beginning:
        sample = tuple(islice(beginning, SAMPLE))
    if not sample:
        raise InputError(f"{named(path)} holds no rows: there is nothing to collect")
    return RowList(path, form, columns or tuple(dict.fromkeys(name for row in sample for name in row)), sample, rows)


def _no_list(head: bytes) -> str | None:
    for start, what in NOT_LISTS.items():
        if head.startswith(start):
            return what
    if head.lstrip()[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page"
    try:
        return f"a picture ({sniff(head[:64])}): add it with `ganvas add`"
    except UnreadablePicture:
        return None if is_text(head) else "something that is not text"
