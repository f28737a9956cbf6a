"""The files of one run, runs/NAME/: plain JSON lines and pictures that any tool can read, and that no kill can tear."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganvas.errors import InputError
from ganvas.whole import write_whole

# What of settings.json is read again.
RECORD = {
    "settings": ("network", "condition", "words", "alias", "word_design", "word_temperature"),
    "set": ("name", "fingerprint", "height", "width", "channels", "labels"),
    "asked": (),
}


class RunFolder:
    """Paths and records of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def settings_file(self) -> Path:
        return self.path / "settings.json"

    @property
    def metrics_file(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def ticks_file(self) -> Path:
        return self.path / "ticks.jsonl"

    @property
    def sheets(self) -> Path:
        return self.path / "sheets"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def read_settings(self) -> dict[str, Any]:
        """What settings.json holds. Raises InputError when it was edited into something else or is gone."""
        try:
            record = json.loads(self.settings_file.read_text())
            for part, names in RECORD.items():
                for name in names:
                    record[part][name]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self.settings_file} is missing or damaged ({error}): the run cannot be read") from error
        return dict(record)

    def write_json(self, name: str, record: Mapping[str, Any]) -> None:
        write_json(self.path / name, record)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for this process; raises InputError when another one trains it. Freed by any kind of death."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(
                    f"run {self.name} is being trained by another process: wait for it, or choose --name"
                ) from error
            yield


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Add one JSON line, on disk when this returns to the system."""
    with path.open("a") as file:
        file.write(json.dumps(record) + "\n")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every whole line; one that a kill cut short is left out."""
    records = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records


def cut_lines(path: Path, after_images: int) -> None:
    """Drop the lines of work that was lost with a kill: those beyond the checkpoint the run goes on from."""
    kept = [record for record in read_lines(path) if record.get("images", 0) <= after_images]
    write_whole(path, "".join(json.dumps(record) + "\n" for record in kept).encode())


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(record, indent=1).encode())
