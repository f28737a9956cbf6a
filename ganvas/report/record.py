"""What a run's folder tells: `read_record(folder)`. All but settings.json may be missing or cut short by a kill."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.errors import InputError

Json = dict[str, Any]
SHEET = re.compile(r"tick-(\d+)\.png")


@dataclass(frozen=True)
class RunRecord:
    """The files of a run as plain values; what is missing is empty."""

    folder: Path
    settings: Json
    asked: Json
    choices: list[Json]
    pictures: Json
    versions: Json
    machine: Json
    state: Json
    metrics: list[Json]
    ticks: list[Json]
    sheets: dict[int, Path]
    scores: Json

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def scored(self) -> list[Json]:
        """The scorecard's scores, none where there is no card."""
        return [score for score in _list(self.scores.get("scores")) if isinstance(score, dict)]

    def optional(self, name: str) -> Path | None:
        """A file of the folder where it exists."""
        path = self.folder / name
        return path if path.is_file() else None


def read_record(folder: Path) -> RunRecord:
    """Read a run's folder. Raises InputError when it holds no settings.json, or a damaged one."""
    path = folder / "settings.json"
    if not path.is_file():
        raise InputError(f"{folder} is not a run: it holds no settings.json")
    written = read_object(path)
    if not written:
        raise InputError(f"{path} is damaged: the run cannot be reported")
    return RunRecord(
        folder=folder,
        settings=_dict(written.get("settings")),
        asked=_dict(written.get("asked")),
        choices=[choice for choice in _list(written.get("choices")) if isinstance(choice, dict)],
        pictures=_dict(written.get("set")),
        versions=_dict(written.get("versions")),
        machine=_dict(written.get("machine")),
        state=read_object(folder / "state.json"),
        metrics=read_lines(folder / "metrics.jsonl"),
        ticks=read_lines(folder / "ticks.jsonl"),
        sheets=read_sheets(folder / "sheets"),
        scores=read_object(folder / "scores.json"),
    )


def number(record: Json, key: str) -> float | None:
    """A finite number of a record, None where there is none."""
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def read_object(path: Path) -> Json:
    """What a JSON file holds, nothing where it is missing or damaged."""
    try:
        return _dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def read_lines(path: Path) -> list[Json]:
    """Every whole line of a file of JSON lines, none where there is no file."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    records = []
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # cut short by a kill
        if isinstance(record, dict):
            records.append(record)
    return records


def read_sheets(folder: Path) -> dict[int, Path]:
    """A run's sheets by tick."""
    found = {int(match[1]): path for path in folder.glob("tick-*.png") if (match := SHEET.fullmatch(path.name))}
    return dict(sorted(found.items()))


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
