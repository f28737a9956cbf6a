"""What a run's scores.json tells, as the pages show it."""

from __future__ import annotations

from typing import Any

from ganvas.report import words
from ganvas.report.inline import inline_file
from ganvas.report.record import Json, RunRecord

NAMED = 12  # copies named on a page; scores.json holds all


def score_facts(record: RunRecord) -> Json:
    """`scores`, `headline`, `remarks`: empty where the run was not judged."""
    return {
        "scores": score_rows(record),
        "headline": str(record.scores.get("headline") or ""),
        "remarks": texts(record.scores.get("remarks")),
    }


def score_rows(record: RunRecord) -> list[dict[str, str]]:
    keys = ("name", "label", "shown", "baseline_shown")
    rows = [{key: words.plain(score.get(key)) for key in keys} for score in record.scored]
    return [{**row, "meaning": words.meaning(row["name"])} for row in rows]


def novelty_facts(record: RunRecord) -> Json:
    """`nearest` and `suspicious`, sheets beside real pictures, and `copies`, the names of those called so."""
    said = record.scores.get("novelty")
    named = texts(said.get("copies")) if isinstance(said, dict) else []
    return {
        "nearest": inline_file(
            record.optional("nearest.png"),
            "Generated pictures, each followed by the three training pictures that are nearest to it, of up to 10,000.",
        ),
        "suspicious": inline_file(
            record.optional("suspicious.png"),
            "The most suspicious generated pictures, each followed by the training pictures most alike.",
        ),
        "copies": ", ".join(named[:NAMED]) + (", …" if len(named) > NAMED else ""),
    }


def texts(value: Any) -> list[str]:
    return [words.plain(item) for item in value] if isinstance(value, list) else []
