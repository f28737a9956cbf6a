"""The files of one run, runs/NAME/: plain JSON lines and pictures that any tool can read, and that no kill can tear."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganvas.record_folder import SETTINGS_FILE, RecordFolder
from ganvas.whole import write_whole


class RunFolder(RecordFolder):
    """Paths and records of a run."""

    kind = "run"
    record = {
        "settings": ("network", "condition", "words", "alias", "word_design", "word_temperature"),
        "set": ("name", "fingerprint", "height", "width", "channels", "labels"),
        "asked": (),
    }

    @property
    def settings_file(self) -> Path:
        return self.path / SETTINGS_FILE

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
