"""The rows of a search's table: what a cell shows, and what it is sorted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ganvas.report.trials.record import STATES, SearchRecord, TrialRecord, short, shown_score
from ganvas.report.words import duration, plain
from ganvas.scores.shown import label_of


@dataclass(frozen=True)
class Column:
    """`kind` is number or word: how it is aligned and sorted."""

    name: str
    kind: str = "number"


@dataclass(frozen=True)
class Cell:
    """`by` is what it is sorted by, empty for what always comes last."""

    shown: str
    by: str = ""


@dataclass(frozen=True)
class Row:
    trial: TrialRecord
    cells: Sequence[Cell]
    colour: str


def columns_of(search: SearchRecord) -> list[Column]:
    """rank, the score sought, state, every setting in which points differ, the other scores, time, images, reason."""
    settings = [Column(name, _kind(search, name)) for name in search.varied]
    over_seeds = [Column("mean over seeds"), Column("sd")] if search.repeated else []
    seeds = [Column("seed")] if search.repeated else []
    scores = [Column(label_of(name)) for name in search.score_names]
    return [
        Column("rank"),
        *scores[:1],
        *over_seeds,
        Column("state", "word"),
        *settings,
        *seeds,
        *scores[1:],
        Column("time"),
        Column("images"),
        Column("reason", "word"),
    ]


def cells_of(search: SearchRecord, trial: TrialRecord) -> list[Cell]:
    """In the order of the columns."""
    settings = [_setting(trial, name) for name in search.varied]
    over_seeds = [_score(search.score, trial.mean), _score(search.score, trial.sd)] if search.repeated else []
    seeds = [Cell(str(trial.seed), str(trial.seed))] if search.repeated else []
    scores = [_score(name, trial.score(name)) for name in search.score_names]
    return [
        Cell("–") if trial.rank is None else Cell(str(trial.rank), str(trial.rank)),
        *scores[:1],
        *over_seeds,
        Cell(trial.state, f"{STATES.index(trial.state)} {trial.state}" if trial.state in STATES else trial.state),
        *settings,
        *seeds,
        *scores[1:],
        Cell(duration(trial.seconds), f"{trial.seconds:g}") if trial.seconds else Cell("–"),
        Cell(f"{trial.images:,}", str(trial.images)) if trial.images else Cell("–"),
        Cell(trial.reason or "", trial.reason or ""),
    ]


def baselines_of(search: SearchRecord, set_name: Any = None) -> list[str]:
    """What real pictures of a set get against real ones, under every column of scores; empty where it is not known."""
    beside = {label_of(name): search.baseline(name, set_name) for name in search.score_names}
    names = {label_of(name): name for name in search.score_names}
    found = ((column.name, beside.get(column.name)) for column in columns_of(search))
    return ["" if value is None else shown_score(names[label], value) for label, value in found]


def _kind(search: SearchRecord, name: str) -> str:
    values = [trial.point[name] for trial in search.trials if trial.point.get(name) is not None]
    return "number" if values and all(_numeric(value) for value in values) else "word"


def _setting(trial: TrialRecord, name: str) -> Cell:
    value = trial.point.get(name)
    if value is None:
        return Cell("–")
    return Cell(short(value), repr(value) if _numeric(value) else plain(value))


def _score(name: str, value: float | None) -> Cell:
    return Cell(shown_score(name, value), "" if value is None else repr(value))


def _numeric(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
