"""The light judgements of a trial, from its run's ticks.jsonl: whole lines only, and only those that were judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ganvas.scores.shown import TICK_FACTS
from ganvas.search.trial import Tick

TICKS_FILE = "ticks.jsonl"


def read_light(run: Path, number: int, ticks: int) -> list[Tick]:
    """Every light judgement there is by now of a run that makes so many ticks."""
    try:
        lines = (run / TICKS_FILE).read_bytes().split(b"\n")[:-1]
    except OSError:
        return []
    found = (_judgement(line, number, ticks) for line in lines)
    return [tick for tick in found if tick is not None]


def _judgement(line: bytes, number: int, ticks: int) -> Tick | None:
    try:
        record: dict[str, Any] = json.loads(line)
        scores = {name: value for name, value in record.items() if name not in TICK_FACTS}
        progress = record["tick"] / ticks
        return Tick(number, record["images"], record["seconds"], progress, scores) if scores else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def ticks_of(settings: dict[str, Any]) -> int:
    """How many ticks a run of these settings makes."""
    from ganvas.train.settings import TrainSettings

    return int(settings.get("ticks") or TrainSettings.model_fields["ticks"].default)
