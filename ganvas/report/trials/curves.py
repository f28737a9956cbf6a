"""How every trial's KID went: a line a trial over the share of its budget, or over seconds. SVG within the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from ganvas.pictures.axis import Axis
from ganvas.pictures.curves import short_number
from ganvas.report.record import Json, number
from ganvas.report.trials.colour import colour_of
from ganvas.report.trials.record import PRUNED, SearchRecord, TrialRecord

WIDTH_PX, HEIGHT_PX = 900, 380
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 58, 22, 34, 46
Point = tuple[float, float]
How = Callable[[TrialRecord, Json], float | None]


def curves_by_share(search: SearchRecord, most: int) -> str | None:
    """Over the share of the budget, with the rungs at which trials were pruned. None where nothing was judged yet."""
    rungs = [share for share in search.rungs if 0 < share < 1]
    return _drawn(search, most, _share, Axis(0.0, 1.0), "share of the budget", lambda share: f"{share:.0%}", rungs)


def curves_by_seconds(search: SearchRecord, most: int) -> str | None:
    """Over seconds of training steps: what is quick shows."""
    return _drawn(search, most, _seconds, None, "seconds of training steps", short_number, ())


def _drawn(
    search: SearchRecord,
    most: int,
    how: How,
    x: Axis | None,
    x_label: str,
    said: Callable[[float], str],
    rungs: Sequence[float],
) -> str | None:
    lines = {trial.number: _points(trial, how) for trial in search.trials[:most]}
    points = [point for line in lines.values() for point in line]
    if not points:
        return None
    x = x or Axis(0.0, max(max(point[0] for point in points), 1e-9))
    y = Axis.of([kid for _, kid in points], room=0.04)
    shown = [trial for trial in search.best_last(search.trials[:most]) if lines[trial.number]]
    drawn = [_line(search, trial, lines[trial.number], x, y) for trial in shown]
    title = f"The light judge's KID×1000 of {len(drawn)} trials over {x_label}; the table holds their last scores."
    return "\n".join(
        [
            f'<svg class="chart over-time" role="img" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}">',
            f"<title>{escape(title)}</title>",
            *_grid(x, y, x_label, said, rungs),
            *drawn,
            "</svg>",
        ]
    )


def _grid(x: Axis, y: Axis, x_label: str, said: Callable[[float], str], rungs: Sequence[float]) -> list[str]:
    bottom, right = HEIGHT_PX - BOTTOM_PX, WIDTH_PX - RIGHT_PX
    parts = [_text("name", LEFT_PX, 18, "KID×1000", "start")]
    for value in y.ticks(6):
        at = _at(x, y, (x.low, value))[1]
        parts.append(f'<path class="grid" d="M{LEFT_PX} {at:.1f}H{right}"/>')
        parts.append(
            f'<text class="value" x="{LEFT_PX - 8}" y="{at + 4:.1f}" text-anchor="end">{short_number(value)}</text>'
        )
    for value in x.ticks(6):
        at = _at(x, y, (value, y.low))[0]
        parts.append(_text("value", at, bottom + 17, said(value)))
    parts.append(
        f'<text class="name" x="{(LEFT_PX + right) / 2:g}" y="{HEIGHT_PX - 8}" text-anchor="middle">{x_label}</text>'
    )
    for rung in rungs:
        at = _at(x, y, (rung, y.low))[0]
        parts.append(f'<path class="rung" d="M{at:.1f} {TOP_PX}V{bottom}"/>')
        parts.append(_text("room", at, TOP_PX - 6, "rung"))
    return parts


def _line(search: SearchRecord, trial: TrialRecord, points: Sequence[Point], x: Axis, y: Axis) -> str:
    places = [_at(x, y, point) for point in points]
    colour = colour_of(search.goodness(trial))
    kind = "line" if search.goodness(trial) is not None else "line unscored"
    drawn = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
    parts = [f'<polyline class="{kind}" data-trial="{trial.number}" points="{drawn}" stroke="{colour}"/>']
    left, top = places[-1]
    if trial.state == PRUNED:
        cross = f"M{left - 3.5:.1f} {top - 3.5:.1f}l7 7m0 -7l-7 7"
        parts.append(f'<path class="line cut" data-trial="{trial.number}" d="{cross}" stroke="{colour}"/>')
    elif len(places) == 1:
        parts.append(f'<circle data-trial="{trial.number}" cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{colour}"/>')
    return "".join(parts)


def _share(trial: TrialRecord, tick: Json) -> float | None:
    place = number(tick, "tick")
    return None if place is None else min(1.0, place / trial.tick_count)


def _seconds(trial: TrialRecord, tick: Json) -> float | None:
    return number(tick, "seconds")


def _points(trial: TrialRecord, how: How) -> list[Point]:
    """x and KID×1000 of each judged tick, but for the noise before the first step, which would squash all others."""
    found = []
    for tick in trial.ticks:
        place, kid = how(trial, tick), number(tick, "kid")
        if place is not None and kid is not None and number(tick, "images"):
            found.append((place, 1000 * kid))
    return found


def _text(kind: str, x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _at(x: Axis, y: Axis, point: Point) -> Point:
    across = LEFT_PX + x.share(point[0]) * (WIDTH_PX - LEFT_PX - RIGHT_PX)
    return across, HEIGHT_PX - BOTTOM_PX - y.share(point[1]) * (HEIGHT_PX - BOTTOM_PX - TOP_PX)
