"""The source "parquet": the pictures in a Parquet file, as Hugging Face's data sets keep them.

A column holds the pictures' bytes, or a structure with `bytes` and `path`; the other columns describe them. Needs
pyarrow. Rows are read a group at a time; a value that is no picture becomes a row with its reason, as everywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganvas.collect.labels import split_named
from ganvas.collect.metadata import Metadata
from ganvas.collect.registry import DamagedSource, Entry, Listing, source
from ganvas.errors import InputError, MissingExtra
from ganvas.pictures.sniff import UnreadablePicture
from ganvas.progress import Progress

START = b"PAR1"
BATCH = 64  # rows in memory at once
NAMES = ("image", "img", "picture", "jpg", "png")  # which column is meant where several hold bytes


def is_parquet(path: Path) -> bool:
    """By its first bytes, or by its name."""
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(4) == START or path.suffix.lower() == ".parquet"


@source("parquet", belongs=is_parquet)
def parquet(path: Path, progress: Progress) -> Listing:
    """All pictures of a Parquet file. Raises InputError where it is damaged or no column holds pictures."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise MissingExtra("adding a Parquet file", "parquet") from error
    try:
        file = pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path} is damaged or no Parquet file ({_text(error)}): get it again") from error
    column = _column(path, file.schema_arrow, pyarrow)
    split = split_named(path.name.partition("-")[0].partition(".")[0])
    return Listing(file.metadata.num_rows, _entries(file, column, split, pyarrow, _class_names(file, "label")))


def _column(path: Path, schema: Any, pyarrow: Any) -> str:
    def holds_bytes(kind: Any) -> bool:
        if pyarrow.types.is_struct(kind):
            return kind.get_field_index("bytes") >= 0 and holds_bytes(kind.field("bytes").type)
        return bool(pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))

    found = [field.name for field in schema if holds_bytes(field.type)]
    named = [name for name in NAMES if name in found] or found
    if not named:
        raise InputError(f"no pictures in {path}: none of its columns ({', '.join(schema.names[:12])}) holds bytes")
    return str(named[0])


def _entries(file: Any, column: str, split: str | None, pyarrow: Any, classes: list[str]) -> Iterator[Entry]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH):
            for row in batch.to_pylist():
                picture = row.pop(column)
                yield _entry(number, picture, row, split, classes)
                number += 1
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DamagedSource(f"row {number:,}: {_text(error)}") from error


def _entry(number: int, picture: Any, row: dict[str, Any], split: str | None, classes: list[str]) -> Entry:
    data = picture.get("bytes") if isinstance(picture, dict) else picture
    if isinstance(row.get("label"), int) and 0 <= row["label"] < len(classes):
        row["label"] = classes[row["label"]]
    member = f"{number:07d}"
    plain = {key: value for key, value in row.items() if value is not None and not isinstance(value, bytes)}
    metadata = Metadata({member: plain}, has_labels=True)
    stamp = hashlib.sha256(data).hexdigest()[:16] if isinstance(data, bytes) else ""
    entry = metadata.described(Entry(member, lambda: _bytes(data), stamp, None, split))
    return replace(entry, details=json.loads(json.dumps(entry.details, default=str)))


def _bytes(data: Any) -> bytes:
    if not isinstance(data, bytes):
        raise UnreadablePicture("no picture in this row")
    return data


def _class_names(file: Any, name: str) -> list[str]:
    """The labels that numbers stand for, where the file says so as Hugging Face's do."""
    try:
        told = json.loads((file.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
        names = told["info"]["features"][name]["names"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [str(one) for one in names] if isinstance(names, list) else []


def _text(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]
