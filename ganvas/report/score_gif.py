"""A run's animation with the graph of a score beside it: `write_score_gif(run_folder, "rolling", window=10)`."""

from __future__ import annotations

from pathlib import Path

from ganvas.errors import InputError, did_you_mean
from ganvas.pictures.animate import MAX_BYTES
from ganvas.pictures.score_gif import EXPANDING, Moment, ScoreGraph, score_gif
from ganvas.report import words
from ganvas.report.frames import frames
from ganvas.report.plots import baseline
from ganvas.report.record import RunRecord, number, read_record
from ganvas.scores.shown import BESIDE, TICK_FACTS, label_of, times_factor


def score_gif_file(style: str) -> str:
    """What the animation of a style is called in its run's folder."""
    return f"score-{style}.gif"


def write_score_gif(
    run_folder: Path,
    style: str = EXPANDING,
    window: int = 10,
    seconds_a_frame: float = 0.4,
    score: str = "kid",
    out: Path | None = None,
    max_bytes: int = MAX_BYTES,
) -> Path:
    """Write score-STYLE.gif into the run's folder (or `out`): each tick's sheet, its scores and settings, the graph.

    `score` is one of the light judge's. Raises InputError for a run with fewer than two judged ticks, an unknown style
    or score, a window or a speed that cannot be.
    """
    record = read_record(Path(run_folder))
    graph = ScoreGraph(label_of(score), style, window, _level(record, score))
    _check_score(record, score)
    moments = []
    for picture, tick in frames(record):
        value = number(tick, score)
        shown = None if value is None else times_factor(score, value)
        moments.append(Moment(picture, words.on_frame(record, tick), number(tick, "images") or 0.0, shown))
    path = out or record.folder / score_gif_file(style)
    return score_gif(path, moments, graph, seconds_a_frame, max_bytes=max_bytes)


def _level(record: RunRecord, score: str) -> float | None:
    level = baseline(record, score)
    return None if level is None else times_factor(score, level)


def _check_score(record: RunRecord, score: str) -> None:
    kept = {name for tick in record.ticks for name in tick if name not in TICK_FACTS}
    known = {name for name in kept if not name.endswith(BESIDE)}
    if known and score not in known:
        raise InputError(f"no light judgement of {record.name} holds {score!r}.{did_you_mean(score, known)}")
