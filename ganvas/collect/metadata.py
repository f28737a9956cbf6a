"""`metadata.jsonl` of a Hugging Face ImageFolder: a JSON object a line, `file_name` relative to the file's own folder.

`Metadata.read(lines)` -> what is known of each picture. Labels in it replace labels from folders, as there. A JSON
beside one picture speaks for that picture alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from ganvas.collect.called import CALLED, LABEL, SPLIT, called, first_said, no_lists, says_something
from ganvas.collect.labels import split_named
from ganvas.collect.registry import Entry

LABEL_BESIDE = ("label", "class_name")  # a downloader's JSON beside a picture has a category of its own


@dataclass
class Metadata:
    """What `metadata.jsonl` files and the JSON files beside pictures say, by the picture's path inside its source."""

    pictures: dict[str, dict[str, Any]] = field(default_factory=dict)
    beside: dict[str, dict[str, Any]] = field(default_factory=dict)
    has_labels: bool = False

    def read(self, lines: Iterable[bytes], name: str, note: Callable[[str], None]) -> None:
        """Take in one file; `name` is its path inside the source. Lines that cannot be used are noted, no more."""
        folder = PurePosixPath(name).parent
        bad = 0
        for line in lines:
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                file_name = row.pop("file_name")
                self.pictures[_normal(str(folder / file_name))] = row
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                bad += 1
                continue
            self.has_labels = self.has_labels or first_said(row, called(CALLED[LABEL], no_lists(row, row))) is not None
        if bad:
            note(f"{name}: {bad:,} lines are no JSON objects with file_name: passed over")

    def read_one(self, data: bytes, picture: str) -> None:
        """Take in what the JSON beside one picture says; what is no JSON object says nothing."""
        try:
            row = json.loads(data)
        except (ValueError, RecursionError):
            return
        if isinstance(row, dict):
            self.beside[_normal(picture)] = row

    def described(self, entry: Entry) -> Entry:
        """The entry with what is known of it."""
        if not self.pictures and not self.beside:
            return entry
        name = _normal(entry.member)
        row = dict(self.pictures.get(name, {}))
        beside = {key: value for key, value in self.beside.get(name, {}).items() if says_something(value)}
        label = _take(row, CALLED[LABEL], no_lists(row, row)) if self.has_labels else entry.label
        label = _take(beside, LABEL_BESIDE, no_lists(beside, beside)) or label
        row = {key: value for key, value in row.items() if key not in beside}
        split = _take_split(beside) or _take_split(row) or entry.split
        others = {what: names for what, names in CALLED.items() if what not in (LABEL, SPLIT)}
        said: dict[str, Any] = {what: _take(beside, names) or _take(row, names) for what, names in others.items()}
        return replace(entry, label=label, split=split, details=entry.details | row | beside, **said)


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in PurePosixPath(path.replace("\\", "/")).parts:
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", "..", "/"):
            parts.append(part)
    return "/".join(parts)


def _take(row: dict[str, Any], names: Sequence[str], keys: Sequence[str] | None = None) -> str | None:
    found = first_said(row, called(names, row if keys is None else keys))
    if found is None:
        return None
    del row[found[0]]
    return found[1]


def _take_split(row: dict[str, Any]) -> str | None:
    """The split that a row names; what ganvas does not know as one stays in the row."""
    found = first_said(row, called(CALLED[SPLIT], row))
    split = None if found is None else split_named(found[1])
    if found is not None and split is not None:
        del row[found[0]]
    return split
