"""Parallel coordinates: an upright axis a setting and one for the score, a line a trial. SVG that lies in the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ganvas.pictures.axis import Axis
from ganvas.pictures.curves import short_number
from ganvas.report.trials.colour import colour_of
from ganvas.report.trials.record import SearchRecord, TrialRecord
from ganvas.report.words import plain
from ganvas.scores.shown import label_of, times_factor

HEIGHT_PX, TOP_PX, BOTTOM_PX = 380, 64, 26
BETWEEN_PX, LEFT_PX, RIGHT_PX = 148, 74, 84
FEW = 7  # values that are all written beside their axis
MOST_WORDS = 14  # values of a setting that is no number, beyond which only some are written
LONGEST = 15  # letters of a value
ABSENT = "–"
CROWDED = 150  # lines, from which on they are drawn thinner


@dataclass(frozen=True)
class _Upright:
    """One axis: what it is called, how high a trial's value lies (0 bottom, 1 top, None: nowhere), labels by height."""

    name: str
    height: Callable[[TrialRecord], float | None]
    labels: Sequence[tuple[float, str]]


def parallel(search: SearchRecord) -> str | None:
    """The SVG, None where no setting has two values or no trial has ended with a score."""
    if not search.varied or not search.bests or len(search.trials) < 2:
        return None
    uprights = [_of_setting(search, name) for name in search.varied] + [_of_score(search)]
    width = LEFT_PX + RIGHT_PX + BETWEEN_PX * (len(uprights) - 1)
    places = [LEFT_PX + BETWEEN_PX * i for i in range(len(uprights))]
    lines = [_line(search, trial, uprights, places) for trial in search.best_last(search.trials)]
    crowded = " crowded" if len(lines) > CROWDED else ""
    axes = [_axis(upright, x, last=x == places[-1]) for upright, x in zip(uprights, places, strict=True)]
    return "\n".join(
        [
            f'<svg class="chart parallel{crowded}" role="img" aria-labelledby="parallel-said" '
            f'viewBox="0 0 {width} {HEIGHT_PX}" '
            f'style="min-width:{round(width * 0.9)}px;max-width:{round(width * 1.15)}px">',
            f'<title id="parallel-said">{escape(_said(search))}</title>',
            "<g>",
            *lines,
            "</g>",
            *axes,
            "</svg>",
        ]
    )


def _said(search: SearchRecord) -> str:
    bests = " ".join(f"The best is trial {best.number}: {best.told(search.varied)}." for best in search.bests)
    if len(search.sets) > 1:
        bests = bests.replace("The best is", "The best of its set is")
    return (
        f"A line a trial through {', '.join(search.varied)} and {label_of(search.score)}. "
        f"{bests} The table below holds the same values."
    )


def _of_setting(search: SearchRecord, name: str) -> _Upright:
    values = [trial.point[name] for trial in search.trials if trial.point.get(name) is not None]
    absent = len(values) < len(search.trials)
    if values and all(_is_number(value) for value in values):
        return _of_numbers(name, values, absent)
    words = sorted({plain(value) for value in values})
    count = len(words) + absent
    heights = {word: (i + absent + 0.5) / count for i, word in enumerate(words)}
    heights |= {ABSENT: 0.5 / count} if absent else {}
    every = -(-count // MOST_WORDS)
    return _Upright(
        name,
        lambda trial: heights[_word(trial, name)],
        [(height, word) for i, (word, height) in enumerate(heights.items()) if i % every == 0],
    )


def _of_numbers(name: str, values: Sequence[float], absent: bool) -> _Upright:
    axis = Axis.of(values)
    floor = 0.14 if absent else 0.0  # room below for trials that do not have the setting

    def height(value: float) -> float:
        return floor + (1 - floor) * axis.share(value)

    distinct = sorted({float(value) for value in values})
    ticks = distinct if len(distinct) <= FEW else axis.ticks()
    labels = [(height(value), short_number(value)) for value in ticks]
    return _Upright(
        name,
        lambda trial: height(float(trial.point[name])) if trial.point.get(name) is not None else 0.0,
        [*([(0.0, ABSENT)] if absent else []), *_apart(labels)],
    )


def _of_score(search: SearchRecord) -> _Upright:
    values = [value for trial in search.trials if (value := trial.score(search.score)) is not None]
    axis = Axis.of([times_factor(search.score, value) for value in values])

    def height(value: float) -> float:
        share = axis.share(times_factor(search.score, value))
        return 1 - share if search.lower_is_better else share

    factor = times_factor(search.score, 1.0)
    return _Upright(
        label_of(search.score),
        lambda trial: None if (value := trial.score(search.score)) is None else height(value),
        [(height(tick / factor), short_number(tick)) for tick in axis.ticks()],
    )


def _line(search: SearchRecord, trial: TrialRecord, uprights: Sequence[_Upright], places: Sequence[float]) -> str:
    """Through every axis; it ends before the score's where the trial has none."""
    heights = [upright.height(trial) for upright in uprights]
    points = [f"{x:g},{_y(height):.1f}" for x, height in zip(places, heights, strict=True) if height is not None]
    goodness = search.goodness(trial)
    kind = "line" if goodness is not None else "line unscored"
    return (
        f'<polyline class="{kind}" data-trial="{trial.number}" points="{" ".join(points)}" '
        f'stroke="{colour_of(goodness)}"/>'
    )


def _axis(upright: _Upright, x: float, last: bool) -> str:
    room, _, own = upright.name.rpartition(".")
    parts = [f'<path class="axis" d="M{x:g} {TOP_PX}V{HEIGHT_PX - BOTTOM_PX}"/>']
    if room:
        parts.append(f'<text class="room" x="{x:g}" y="20" text-anchor="middle">{escape(room)}</text>')
    name = _short(own, 22)
    parts.append(f'<text class="name" x="{x:g}" y="37" text-anchor="middle">{escape(name)}</text>')
    side, anchor = (8, "start") if last else (-8, "end")
    for height, label in upright.labels:
        y = _y(height) + 4
        text = escape(_short(label, LONGEST))
        parts.append(f'<text class="value" x="{x + side:g}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>')
    return "\n".join(parts)


def _y(height: float) -> float:
    return HEIGHT_PX - BOTTOM_PX - height * (HEIGHT_PX - BOTTOM_PX - TOP_PX)


def _apart(labels: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Those that do not overlap, from below."""
    kept: list[tuple[float, str]] = []
    for height, label in labels:
        if not kept or height - kept[-1][0] >= 0.05:
            kept.append((height, label))
    return kept


def _word(trial: TrialRecord, name: str) -> str:
    value = trial.point.get(name)
    return ABSENT if value is None else plain(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
