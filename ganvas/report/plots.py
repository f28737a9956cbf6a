"""The curves of a run: what both networks did, and how the scores went from tick to tick."""

from __future__ import annotations

from itertools import chain

import numpy as np

from ganvas.pictures.curves import Line, curves, short_number
from ganvas.report.inline import Inline, inline_svg
from ganvas.report.record import Json, RunRecord, number

X_LABEL = "images seen"
SIZE_PX = (442, 259)
Lines = dict[str, Line]


def training_plots(record: RunRecord) -> list[Inline]:
    """Losses, beliefs, the fooled share and the rate, from metrics.jsonl; none that has no point."""
    lines = {
        "losses": _lines(record.metrics, {"generator": "loss_g", "discriminator": "loss_d"}),
        "how real the discriminator finds them": _lines(
            record.metrics, {"real pictures, D(x)": "d_real", "generated, D(G(z))": "d_fake"}
        ),
        "share of generated pictures that fool it": _lines(record.metrics, {"fooled": "fooled"}),
        "images a second": {"rate": _rate(record.metrics)},
    }
    return [plot for title, panel in lines.items() if (plot := _plot(title, panel, {}))]


def score_plots(record: RunRecord) -> list[Inline]:
    """Scores of the ticks, each with its real-against-real baseline as a dotted line where one is known."""
    panels = {
        "KID×1000": {"KID×1000": ("kid", 1000.0)},
        "coverage": {"coverage": ("coverage", 1.0)},
        "precision and recall": {"precision": ("precision", 1.0), "recall": ("recall", 1.0)},
    }
    plots = []
    for title, wanted in panels.items():
        lines = {label: _line(record.ticks, key, factor) for label, (key, factor) in wanted.items()}
        alone = len(wanted) == 1
        levels = {
            "real against real" if alone else f"{label}, real against real": level * factor
            for label, (key, factor) in wanted.items()
            if (level := baseline(record, key)) is not None
        }
        plots.append(_plot(title, lines, levels))
    return [plot for plot in plots if plot]


def _plot(title: str, lines: Lines, levels: dict[str, float]) -> Inline | None:
    ends = {label: _ends(line) for label, line in lines.items()}
    known = {label: end for label, end in ends.items() if end}
    if not known:
        return None
    svg = curves({title: lines}, X_LABEL, levels={title: levels})
    said = [
        f"{label} goes from {short_number(first)} to {short_number(last)}" for label, (first, last) in known.items()
    ]
    said += [f"{label} is {short_number(level)}" for label, level in levels.items()]
    return inline_svg(svg, f"Curve of {title} over {X_LABEL}: {'; '.join(said)}.", *SIZE_PX)


def _lines(records: list[Json], wanted: dict[str, str]) -> Lines:
    return {label: _line(records, key) for label, key in wanted.items()}


def _line(records: list[Json], key: str, factor: float = 1.0) -> Line:
    measured = [record for record in records if key in record]  # not every tick is judged
    points = [(images, number(record, key)) for record in measured if (images := number(record, "images")) is not None]
    x = [images for images, _ in points]
    return x, [np.nan if value is None else factor * value for _, value in points]


def _rate(metrics: list[Json]) -> Line:
    points = [(number(record, "images"), number(record, "seconds")) for record in metrics]
    known = [(images, seconds) for images, seconds in points if images is not None and seconds is not None]
    x, y = [], []
    for (images, seconds), (images_before, seconds_before) in zip(known, [(0.0, 0.0), *known], strict=False):
        if seconds > seconds_before and images > images_before:
            x.append(images)
            y.append((images - images_before) / (seconds - seconds_before))
    return x, y


def baseline(record: RunRecord, key: str) -> float | None:
    """Of the ticks where they hold one, since that was measured with as many pictures; else the scorecard's."""
    of_ticks = (number(tick, f"{key}_baseline") for tick in reversed(record.ticks))
    of_card = (number(score, "baseline") for score in record.scored if score.get("name") == key)
    return next((value for value in chain(of_ticks, of_card) if value is not None), None)


def _ends(line: Line) -> tuple[float, float] | None:
    y = np.asarray(line[1], np.float64)
    known = y[np.isfinite(y)]
    return (float(known[0]), float(known[-1])) if len(known) else None
