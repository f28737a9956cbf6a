from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.report import write_score_gif
from ganvas.report.record import read_record
from ganvas.report.words import on_frame


def test_a_run_s_sheets_stand_beside_the_graph_of_its_score(make_run: Callable[..., Path]) -> None:
    folder = make_run(ticks=5)
    path = write_score_gif(folder, "rolling", window=3, seconds_a_frame=0.2)
    assert path == folder / "score-rolling.gif"
    with Image.open(path) as gif, Image.open(folder / "sheets" / "tick-0000.png") as sheet:
        assert (gif.n_frames, gif.info["duration"]) == (5, 200)
        assert gif.width > min(sheet.width, 640) + 250


def test_another_score_and_another_place(make_run: Callable[..., Path], tmp_path: Path) -> None:
    out = write_score_gif(make_run(ticks=3), score="coverage", out=tmp_path / "mine.gif")
    assert out == tmp_path / "mine.gif"
    assert out.is_file()


@pytest.mark.parametrize(
    ("ticks", "asked", "message"),
    [
        (5, {"style": "statc"}, "Did you mean static"),
        (5, {"score": "coverge"}, "Did you mean coverage"),
        (5, {"window": 0}, "2 judgements or more"),
        (5, {"seconds_a_frame": 1000.0}, "take 0.02 to 60"),
        (1, {}, "two judgements, and there are 1"),
        (0, {}, "two judgements, and there are 0"),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_leaves_nothing(
    make_run: Callable[..., Path], ticks: int, asked: dict, message: str
) -> None:
    folder = make_run(ticks=ticks)
    with pytest.raises(InputError, match=message) as told:
        write_score_gif(folder, **asked)
    assert "\n" not in str(told.value)
    assert not list(folder.glob("*.gif"))


def test_what_was_asked_for_is_written_on_every_frame(make_run: Callable[..., Path]) -> None:
    asked = {"batch": 64, "budget": "10m", "network": {"name": "dcgan", "generator_filters": 48}, "mirror": True}
    record = read_record(make_run(ticks=2, settings={"asked": asked}))
    told = on_frame(record, record.ticks[1])
    assert "generator filters 48" in told
    assert "mirror yes" in told
    assert told.count("dcgan") == told.count("batch 64") == 1
    assert "10m" not in told
