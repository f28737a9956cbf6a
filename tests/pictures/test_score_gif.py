from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.pictures.score_gif import STYLES, Moment, ScoreGraph, score_gif
from ganvas.pictures.sheet import GAP, sheet

BLANK = sheet(np.full((16, 1, 28, 28), GAP, np.uint8))


def moments(count: int = 9, every: int = 1, picture: Image.Image = BLANK) -> list[Moment]:
    """A score that falls from tick to tick, judged at every `every`-th."""
    return [
        Moment(picture, f"tick {i}", 1000.0 * i, 100 + 900 * math.exp(-i / 2) if i % every == 0 else None)
        for i in range(count)
    ]


def graphs(path: Path) -> list[np.ndarray]:
    """Of every frame the part right of the picture, in grays, without the words beneath."""
    with Image.open(path) as gif:
        shown = []
        for i in range(gif.n_frames):
            gif.seek(i)
            shown.append(np.asarray(gif.convert("L"))[: BLANK.height, BLANK.width :])
    return shown


def dark(graph: np.ndarray, rows: slice = slice(34, -46)) -> np.ndarray:
    """Columns of the plot in which there is a line."""
    return np.flatnonzero((graph[rows] < 110).any(axis=0))


@pytest.mark.parametrize("style", STYLES)
def test_every_tick_is_a_frame_of_one_size_with_the_graph_to_the_right(tmp_path: Path, style: str) -> None:
    path = score_gif(tmp_path / "a.gif", moments(), ScoreGraph("KID×1000", style, 4), seconds_a_frame=0.3)
    with Image.open(path) as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (9, 0, 300)
        assert gif.width >= BLANK.width + 300
        assert gif.height > BLANK.height
        gif.seek(8)
        assert gif.info["duration"] == 2000
    assert all(len(dark(graph)) for graph in graphs(path))


def test_an_expanding_line_grows_from_frame_to_frame(tmp_path: Path) -> None:
    shown = graphs(score_gif(tmp_path / "a.gif", moments(), ScoreGraph("KID×1000", "expanding")))
    ends = [dark(graph).max() for graph in shown]
    assert all(later > earlier + 10 for earlier, later in zip(ends, ends[1:], strict=False))
    assert {dark(graph).min() for graph in shown} == {dark(shown[0]).min()}


def test_a_rolling_line_fills_the_graph_with_the_last_judgements_only(tmp_path: Path) -> None:
    shown = graphs(score_gif(tmp_path / "a.gif", moments(), ScoreGraph("KID×1000", "rolling", window=3)))
    assert len({dark(graph).max() for graph in shown[2:]}) == 1
    labels = [graph[-44:-24] for graph in shown]  # numbers of images, which move on
    assert (labels[4] != labels[8]).any()


def test_a_static_line_stays_and_a_mark_walks_along_it(tmp_path: Path) -> None:
    shown = graphs(score_gif(tmp_path / "a.gif", moments(), ScoreGraph("KID×1000", "static")))
    uprights = [int((graph[40:-50] < 200).sum(axis=0).argmax()) for graph in shown]
    assert uprights == sorted(uprights)
    assert uprights[-1] > uprights[0] + 100
    lines = [np.flatnonzero((graph[34:-46] < 190).any(axis=0)).max() for graph in shown]
    assert max(lines) - min(lines) <= 6  # the dot at its end


def test_ticks_that_were_not_judged_are_frames_whose_line_waits(tmp_path: Path) -> None:
    shown = graphs(score_gif(tmp_path / "a.gif", moments(every=2), ScoreGraph("KID×1000")))
    ends = [dark(graph).max() for graph in shown]
    assert len(shown) == 9
    assert [ends[i] == ends[i + 1] for i in range(0, 8, 2)] == [True] * 4


def test_what_real_pictures_get_is_a_dotted_line_in_colour_and_in_gray(tmp_path: Path) -> None:
    colour = BLANK.convert("RGB")
    colour.paste((200, 30, 30), (0, 0, 60, 60))
    for name, picture in (("gray", BLANK), ("colour", colour)):
        few = moments(3, picture=picture)
        with_line = graphs(score_gif(tmp_path / f"{name}.gif", few, ScoreGraph("KID×1000", level=500.0)))[0]
        without = graphs(score_gif(tmp_path / f"{name}.gif", few, ScoreGraph("KID×1000")))[0]
        assert with_line.shape == without.shape
        assert np.abs(with_line.astype(int) - without).max() > 60


def test_the_mark_of_a_static_line_stops_where_words_are(tmp_path: Path) -> None:
    falling = [Moment(BLANK, f"tick {i}", 1000.0 * i, 900.0 - 50 * i) for i in range(9)]
    plain, said = (
        graphs(score_gif(tmp_path / f"{i}.gif", falling, ScoreGraph("KID×1000", "static", level=level)))[1]
        for i, level in enumerate([None, 300.0])
    )
    mark = int((plain[40:-50] < 200).sum(axis=0).argmax())
    assert (plain[36:-48, mark] < 200).all()
    assert (said[36:60, mark] < 200).all()
    assert (said[36:-48, mark] > 225).sum() > 8


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_score_that_is_not_finite_is_not_judged(tmp_path: Path, broken: float) -> None:
    some = moments(5)
    some[2] = replace(some[2], score=broken)
    without = [replace(moment, score=None) if i == 2 else moment for i, moment in enumerate(some)]
    drawn, same = (
        graphs(score_gif(tmp_path / f"{i}.gif", given, ScoreGraph("KID×1000", level=level)))
        for i, (given, level) in enumerate([(some, broken), (without, None)])
    )
    assert all((one == other).all() for one, other in zip(drawn, same, strict=True))
    with pytest.raises(InputError, match="two judgements, and there are 1"):
        score_gif(tmp_path / "none.gif", [some[0], some[2]], ScoreGraph("KID×1000"))


def test_large_pictures_are_drawn_smaller_and_letters_are_not(tmp_path: Path) -> None:
    large = Image.new("L", (3000, 2000), 90)
    with Image.open(score_gif(tmp_path / "a.gif", moments(2, picture=large), ScoreGraph("KID×1000"))) as gif:
        assert 640 + 300 <= gif.width <= 640 + 500


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"moments": moments(1)}, "two judgements, and there are 1"),
        ({"moments": []}, "two judgements, and there are 0"),
        ({"path": "a.png"}, "end in .gif"),
        ({"speed": 0}, "take 0.02 to 60"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        score_gif(
            tmp_path / change.get("path", "a.gif"),
            change.get("moments", moments()),
            ScoreGraph("KID×1000"),
            change.get("speed", 0.4),
        )
    assert "\n" not in str(told.value)
    assert not list(tmp_path.iterdir())


def test_styles_and_windows_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="Did you mean rolling"):
        ScoreGraph("KID×1000", "roling")
    with pytest.raises(InputError, match="2 judgements or more"):
        ScoreGraph("KID×1000", "rolling", 1)
