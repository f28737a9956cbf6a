"""The scorecard of a run as a page and as Markdown: `write_scorecard(run_folder)`, after `ganvas judge`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganvas.errors import InputError
from ganvas.report import words
from ganvas.report.inline import inline_file
from ganvas.report.record import Json, RunRecord, number, read_record
from ganvas.report.scores import novelty_facts, score_facts, texts
from ganvas.report.templates import render
from ganvas.whole import write_whole

PAGE_FILE = "scorecard.html"
MARKDOWN_FILE = "scorecard.md"


def write_scorecard(run_folder: Path) -> tuple[Path, Path]:
    """Write scorecard.html and scorecard.md into the run's folder. Raises InputError for a run that was not judged."""
    record = read_record(Path(run_folder))
    if not record.scored:
        raise InputError(f"{record.name} has no scores yet: `ganvas judge {record.name}` makes them")
    facts = _facts(record)
    page = write_whole(record.folder / PAGE_FILE, render("scorecard.html", **facts).encode())
    return page, write_whole(record.folder / MARKDOWN_FILE, _markdown(facts).encode())


def _facts(record: RunRecord) -> Json:
    columns, rows = _by_label(record)
    return {
        "title": record.name,
        "pictures": words.pictures(record.pictures),
        "tiles": _tiles(record),
        **score_facts(record),
        **novelty_facts(record),
        "judged": inline_file(record.optional("judged.png"), "The first of the judged pictures."),
        "by_label": inline_file(record.optional("labels.png"), "Generated pictures, a row for each label."),
        "label_columns": columns,
        "label_rows": rows,
        "settings": words.flat(record.settings),
        "machine": words.flat(record.machine) + words.flat(record.versions),
        "credits": texts(record.pictures.get("credits")),
    }


def _tiles(record: RunRecord) -> list[tuple[str, str, str]]:
    tiles = []
    checkpoint = str(record.scores.get("checkpoint") or "")
    if checkpoint.isdigit():
        tiles.append(("checkpoint", f"{int(checkpoint):,}", "images seen"))
    if (seconds := number(record.state, "seconds")) is not None:
        tiles.append(("training time", words.duration(seconds), "of the whole run"))
    if (n := number(record.scores, "n")) is not None:
        tiles.append(("judged", f"{n:,.0f}", "generated pictures"))
    if judged_at := str(record.scores.get("judged_at") or ""):
        tiles.append(("on", judged_at.partition("T")[0], judged_at.partition("T")[2]))
    return tiles


def _by_label(record: RunRecord) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the scores of each label, none where the run was told no labels."""
    table = record.scores.get("label_table")
    if not isinstance(table, dict) or not texts(table.get("rows")):
        return [], []
    return texts(table.get("columns")), [texts(row) for row in table["rows"]]


def _markdown(facts: Json) -> str:
    parts = [f"# Scorecard of {facts['title']}", facts["pictures"], f"{facts['headline']}."]
    rows = [[row["label"], row["shown"], row["baseline_shown"], row["meaning"]] for row in facts["scores"]]
    parts.append(_table(["score", "generated", "real against real", "what it says"], rows))
    parts += [f"- {remark}" for remark in facts["remarks"]]
    if facts["label_rows"]:
        parts += ["## By label", _table(facts["label_columns"], facts["label_rows"])]
    parts.append("## How they were made")
    parts += [_table(["setting", "value"], facts["settings"]), _table(["machine", ""], facts["machine"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
