"""How many pictures have which score: `histograms([Panel("dark", scores, 0.32, low_drops=True)])`, PNG on white."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import InputError
from ganvas.pictures.curves import COLOURS, INK, STYLE, short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_INCHES = (3.1, 1.9)
COLUMNS = 4
BINS = 40
CAUGHT = COLOURS[1]
FAR = (
    0.005  # of the pictures on either side, left out of a panel's width, so that one of them does not squeeze the rest
)


@dataclass(frozen=True)
class Panel:
    """Scores float64 [N] (NaN: none), and the threshold they are dropped below (`low_drops`) or above."""

    title: str
    scores: NDArray[np.float64]
    threshold: float
    low_drops: bool
    idle: bool = False


def histograms(panels: Sequence[Panel], dots_an_inch: int = 110) -> bytes:
    """A small histogram a panel, its threshold a line, what lies beyond it in another colour; an idle one is pale.

    Raises InputError without panels.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if not panels:
        raise InputError("there is nothing to plot: no score")
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    buffer = io.BytesIO()
    with rc_context(STYLE):
        figure = Figure(figsize=(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows), layout="constrained")
        for place, panel in enumerate(panels, start=1):
            _draw(figure.add_subplot(rows, columns, place), panel)
        figure.savefig(buffer, format="png", dpi=dots_an_inch, facecolor="white")
    return buffer.getvalue()


def _draw(axes: Axes, panel: Panel) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    scores = panel.scores[np.isfinite(panel.scores)]
    low, high = _range(scores, panel.threshold)
    counts, edges = np.histogram(scores.clip(low, high), BINS, (low, high))
    middles = (edges[:-1] + edges[1:]) / 2
    caught = (middles < panel.threshold) if panel.low_drops else (middles > panel.threshold)
    colours = [CAUGHT if beyond and not panel.idle else COLOURS[0] for beyond in caught]
    axes.bar(middles, counts, width=edges[1] - edges[0], color=colours, alpha=0.35 if panel.idle else 1.0)
    axes.axvline(panel.threshold, color=INK, linewidth=1.2, linestyle=(0, (1.5, 2)) if panel.idle else "solid")
    axes.set_title(f"{panel.title}{' (off)' if panel.idle else ''}")
    axes.set_xlim(low, high)
    axes.tick_params(length=0, labelsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))


def _range(scores: NDArray[np.float64], threshold: float) -> tuple[float, float]:
    ends = np.quantile(scores, [FAR, 1 - FAR]) if len(scores) else np.array([threshold, threshold])
    low, high = min(float(ends[0]), threshold), max(float(ends[1]), threshold)
    room = (high - low) * 0.05 or max(abs(high) * 0.1, 0.05)
    return low - room, high + room
