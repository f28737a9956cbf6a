"""A training seen in time beside its score: `score_gif("score.gif", moments, ScoreGraph("KID×1000"))`.

Three styles: `expanding`, the line grows from left to right; `rolling`, the last few judgements only; `static`, the
whole line, and a mark that walks along it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageDraw

from ganvas.errors import InputError, did_you_mean
from ganvas.pictures.animate import MAX_BYTES, check_gif_name, progress_gif
from ganvas.pictures.axis import Axis
from ganvas.pictures.curves import short_number
from ganvas.pictures.lettering import INK, letters_wide, write
from ganvas.pictures.sheet import GAP

EXPANDING, ROLLING, STATIC = STYLES = ("expanding", "rolling", "static")
HIGHEST_PX = 640  # a larger picture is drawn smaller, so that letters beside it stay readable
LOWEST_PX, NARROWEST_PX, WIDEST_PX = 240, 300, 480
TEXT_PX, LINE_PX = 13, 18
TOP_PX, BOTTOM_PX, RIGHT_PX, BETWEEN_PX = 32, 44, 22, 12
PALE, MIDDLE = 208, 150
FINE = 4  # lines are drawn so many times larger, and smoothed when brought to size
Point = tuple[float, float]


@dataclass(frozen=True)
class Moment:
    """A picture of the training, the line of text beneath it, when it was (images seen), and its score if judged.

    A score that is not finite counts as none.
    """

    picture: Image.Image
    text: str
    images: float
    score: float | None = None


@dataclass(frozen=True)
class ScoreGraph:
    """What is drawn beside the pictures. `level` is what real pictures get; `window` counts judgements, for rolling."""

    title: str
    style: str = EXPANDING
    window: int = 10
    level: float | None = None

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise InputError(f"no style of graph called {self.style!r}.{did_you_mean(self.style, STYLES)}")
        if self.window < 2:
            raise InputError(f"a window of {self.window} shows no line: take 2 judgements or more")


def score_gif(
    path: str | Path,
    moments: Sequence[Moment],
    graph: ScoreGraph,
    seconds_a_frame: float = 0.4,
    hold_last_s: float = 2.0,
    max_bytes: int = MAX_BYTES,
) -> Path:
    """Write a GIF that loops for ever: each picture with the graph of its score to the right, as `progress_gif`.

    Raises InputError without moments, without two judged ones, for a speed that is none and another file's name.
    """
    check_gif_name(path)
    if not 0.02 <= seconds_a_frame <= 60:
        raise InputError(f"{seconds_a_frame} seconds a picture cannot be shown: take 0.02 to 60")
    moments = [moment if _is_judged(moment) else replace(moment, score=None) for moment in moments]
    judged = [moment for moment in moments if moment.score is not None]
    if len(judged) < 2:
        raise InputError(f"a graph of {graph.title} needs two judgements, and there are {len(judged)}")
    moments = [replace(moment, picture=_fitting(moment.picture)) for moment in moments]
    height = max(LOWEST_PX, *(moment.picture.height for moment in moments))
    width = min(max(round(height * 0.9), NARROWEST_PX), WIDEST_PX)
    frames = []
    for moment in moments:
        drawn = _graph(graph, moments, moment.images, (width, height))
        frames.append((_beside(moment.picture, drawn), moment.text))
    return progress_gif(path, frames, seconds_a_frame, hold_last_s, max_bytes)


def _is_judged(moment: Moment) -> bool:
    return moment.score is not None and math.isfinite(moment.score)


def _fitting(picture: Image.Image) -> Image.Image:
    scale = min(1.0, HIGHEST_PX / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def _beside(picture: Image.Image, graph: Image.Image) -> Image.Image:
    mode = "L" if picture.mode in ("L", "1") else "RGB"
    paper = GAP if mode == "L" else (GAP, GAP, GAP)
    canvas = Image.new(mode, (picture.width + BETWEEN_PX + graph.width, graph.height), paper)
    canvas.paste(picture.convert(mode), (0, (graph.height - picture.height) // 2))
    canvas.paste(graph.convert(mode), (picture.width + BETWEEN_PX, 0))
    return canvas


def _graph(graph: ScoreGraph, moments: Sequence[Moment], now: float, size: tuple[int, int]) -> Image.Image:
    """The graph at one moment, gray on the paper gray of sheets: grays survive every palette."""
    known = [(moment.images, moment.score) for moment in moments if moment.score is not None]
    past = [point for point in known if point[0] <= now]
    shown = past[-graph.window :] if graph.style == ROLLING else known
    x = Axis.of([images for images, _ in shown or known[:1]])
    level = graph.level if graph.level is not None and math.isfinite(graph.level) else None
    levels = [] if level is None else [level]
    y = Axis.of([score for _, score in shown or known[:1]] + levels, room=0.06)
    plot = _Plot(x, y, size)
    plot.frame(graph.title)
    if level is not None:
        plot.level(level)
    if graph.style == STATIC:
        plot.line(known, MIDDLE, 1.5)
        plot.upright(min(max(now, x.low), x.high))
    plot.line(past[-graph.window :] if graph.style == ROLLING else past, INK, 2.2)
    if past:
        plot.dot(past[-1])
    return plot.finished()


class _Plot:
    """A canvas with its two axes; lines are drawn fine and brought to size, letters are written last."""

    def __init__(self, x: Axis, y: Axis, size: tuple[int, int]) -> None:
        self._x, self._y, self._size = x, y, size
        self._fine = Image.new("L", (size[0] * FINE, size[1] * FINE), GAP)
        self._pen = ImageDraw.Draw(self._fine)
        self._letters: list[tuple[tuple[int, int], str, int]] = []
        self._said: tuple[int, int, int] | None = None  # left, right and top of words within the plot
        labels = [short_number(value) for value in y.ticks()]
        self._left = 10 + max(letters_wide(label, TEXT_PX) for label in labels)

    def frame(self, title: str) -> None:
        """The title, and a pale line with its number at every round score; numbers of images below."""
        width, height = self._size
        self._letters.append(((self._left, 8), title, TEXT_PX + 1))
        for value in self._y.ticks():
            _, at = self._at((self._x.low, value))
            self._stroke([(self._left, at), (width - RIGHT_PX, at)], PALE, 1)
            label = short_number(value)
            self._letters.append(((self._left - 6 - letters_wide(label, TEXT_PX), round(at) - 9), label, TEXT_PX))
        for value in self._x.ticks():
            at, _ = self._at((value, self._y.low))
            label = short_number(value)
            wide = letters_wide(label, TEXT_PX)
            place = min(max(round(at - wide / 2), self._left - 4), width - wide - 2)
            self._letters.append(((place, height - BOTTOM_PX + 4), label, TEXT_PX))
        self._letters.append(((self._left, height - 22), "images seen", TEXT_PX))

    def level(self, value: float) -> None:
        """A dotted line at what real pictures get, where that lies on the graph, and what it is."""
        if not self._y.low <= value <= self._y.high:
            return
        left, at = self._at((self._x.low, value))
        right = self._size[0] - RIGHT_PX
        for start in range(round(left), right, 6):
            self._stroke([(start, at), (min(start + 3, right), at)], MIDDLE, 1.5)
        said = "real against real"
        below = at + LINE_PX < self._size[1] - BOTTOM_PX
        place = round(at) + (3 if below else -19)
        start = round(left) + 6  # a training begins far from what real pictures get: its line crosses nothing there
        self._letters.append(((start, place), said, TEXT_PX))
        self._said = (start - 4, start + letters_wide(said, TEXT_PX) + 4, place)

    def line(self, points: Sequence[Point], ink: int, wide: float) -> None:
        if len(points) > 1:
            self._stroke([self._at(point) for point in points], ink, wide)

    def upright(self, x: float) -> None:
        """From top to bottom, but not through words."""
        at, _ = self._at((x, self._y.low))
        ends = [TOP_PX, self._size[1] - BOTTOM_PX]
        if self._said is not None and self._said[0] < at < self._said[1]:
            ends[1:1] = [self._said[2], self._said[2] + LINE_PX]
        for top, bottom in zip(ends[::2], ends[1::2], strict=True):
            if top < bottom:
                self._stroke([(at, top), (at, bottom)], MIDDLE, 1.2)

    def dot(self, point: Point, radius: float = 4.5) -> None:
        x, y = (FINE * place for place in self._at(point))
        reach = FINE * radius
        self._pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=INK)

    def finished(self) -> Image.Image:
        canvas = self._fine.resize(self._size, Image.Resampling.BOX)
        for at, text, size_px in self._letters:
            write(canvas, at, text, size_px, self._size[0] - at[0])
        return canvas

    def _stroke(self, points: Sequence[Point], ink: int, wide: float) -> None:
        fine = [(x * FINE, y * FINE) for x, y in points]
        self._pen.line(fine, fill=ink, width=max(1, round(wide * FINE)), joint="curve")

    def _at(self, point: Point) -> Point:
        width, height = self._size
        across = self._left + self._x.share(point[0]) * (width - RIGHT_PX - self._left)
        return across, height - BOTTOM_PX - self._y.share(point[1]) * (height - BOTTOM_PX - TOP_PX)
