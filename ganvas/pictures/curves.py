"""Numbers over time as small quiet plots: `curves({"losses": {"generator": (images, values)}}, "images seen")`.

SVG for pages (its ink follows the reader's light or dark), PNG for everything else.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganvas.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]
Line = tuple[ArrayLike, ArrayLike]  # x and y, equally long; y that is not a number leaves a gap
Panels = Mapping[str, Mapping[str, Line]]
Levels = Mapping[str, Mapping[str, float]]

COLOURS = ("#3b7dd8", "#e0803a", "#3d9a6c", "#b0629e", "#8a8a3c")  # told apart on white and on black
INK, DARK_INK = "#5b6068", "#b4b9c2"
POINTS = 500  # more cannot be told apart at this size; neighbours are averaged
PANEL_INCHES = (4.6, 2.7)
STYLE: Any = {
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "svg.hashsalt": "ganvas",
}


def curves(series: Panels, x_label: str, *, levels: Levels | None = None, columns: int = 2) -> str:
    """SVG of one plot a title, each with a line a label; `levels` adds dotted horizontal lines (baselines) by title.

    The page behind shows through. Raises InputError when no line has a point.
    """
    figure = _drawn(series, x_label, levels or {}, columns)
    text = _saved(figure, "svg", dict.fromkeys(("Date", "Creator", "Format", "Type"))).decode()
    rule = f"<style>svg{{color:{INK}}}@media(prefers-color-scheme:dark){{svg{{color:{DARK_INK}}}}}</style>"
    return text[text.index("<svg") :].replace(INK, "currentColor").replace("<defs>", f"{rule}<defs>", 1)


def curves_png(
    series: Panels, x_label: str, *, levels: Levels | None = None, columns: int = 2, dots_an_inch: int = 144
) -> bytes:
    """The same as PNG on white."""
    return _saved(_drawn(series, x_label, levels or {}, columns), "png", {}, dpi=dots_an_inch, facecolor="white")


def _drawn(series: Panels, x_label: str, levels: Levels, columns: int) -> Figure:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    panels = {title: kept for title, lines in series.items() if (kept := _with_points(lines))}
    if not panels:
        raise InputError("there is nothing to plot yet: no line has a point")
    columns = min(columns, len(panels))
    rows = math.ceil(len(panels) / columns)
    with rc_context(STYLE):
        size = (PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows)
        figure = Figure(figsize=size, layout="constrained", facecolor="none")
        for place, (title, lines) in enumerate(panels.items(), start=1):
            axes = figure.add_subplot(rows, columns, place, facecolor="none")
            _draw_panel(axes, title, lines, levels.get(title, {}))
            axes.set_xlabel(x_label)
    return figure


def _saved(figure: Figure, form: str, metadata: dict[str, None], **how: Any) -> bytes:
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context(STYLE):
        figure.savefig(buffer, format=form, metadata=metadata, **how)
    return buffer.getvalue()


def _draw_panel(axes: Axes, title: str, lines: Mapping[str, Line], levels: Mapping[str, float]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for (label, (x, y)), colour in zip(lines.items(), _repeated(COLOURS, len(lines)), strict=True):
        x_shown, y_shown = thinned(np.asarray(x, np.float64), np.asarray(y, np.float64))
        marker = "o" if len(x_shown) <= 12 else ""
        axes.plot(x_shown, y_shown, color=colour, linewidth=1.6, marker=marker, markersize=3.2, label=label)
    for (label, level), colour in zip(levels.items(), _repeated(COLOURS, len(levels)), strict=True):
        if math.isfinite(level):
            axes.axhline(level, color=colour, linewidth=1.2, linestyle=(0, (1.5, 2)), label=label)
    axes.set_title(_plain(title))
    axes.grid(axis="y", color=INK, alpha=0.18, linewidth=0.6)
    axes.tick_params(length=0)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    if len(lines) + len(levels) > 1:
        legend = axes.legend(frameon=False, fontsize=9, handlelength=1.4, labelspacing=0.25)
        for text in legend.get_texts():
            text.set_text(_plain(text.get_text()))


def thinned(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Means of neighbours where there are more points than can be seen; gaps stay gaps."""
    if len(x) <= POINTS:
        return x, np.where(np.isfinite(y), y, np.nan)
    edges = np.linspace(0, len(x), POINTS + 1).astype(int)
    known = np.isfinite(y)
    counts = np.add.reduceat(known, edges[:-1])
    sums = np.add.reduceat(np.where(known, y, 0), edges[:-1])
    means = np.full(POINTS, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return np.add.reduceat(x, edges[:-1]) / np.diff(edges), means


def short_number(value: float) -> str:
    """1500 -> 1.5k, 2000000 -> 2M."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{sign}"
    return f"{value:.3g}"


def _with_points(lines: Mapping[str, Line]) -> dict[str, Line]:
    return {label: line for label, line in lines.items() if np.isfinite(np.asarray(line[1], np.float64)).any()}


def _plain(text: str) -> str:
    return text.replace("$", r"\$")  # a dollar would begin mathematics


def _repeated(colours: Sequence[str], count: int) -> list[str]:
    return [colours[i % len(colours)] for i in range(count)]
