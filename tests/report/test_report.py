from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.report import write_report
from ganvas.report.record import read_record
from ganvas.report.words import duration, on_frame, state


def text_of(path: Path) -> str:
    """What a reader sees, without the pictures."""
    page = re.sub(r"<style>.*?</style>|<[^>]*>", " ", path.read_text(), flags=re.DOTALL)
    return " ".join(page.split())


def alts_of(path: Path) -> list[str]:
    return re.findall(r'alt="([^"]*)"', path.read_text())


def test_the_page_tells_state_times_scores_and_reasons(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    path = write_report(folder)
    text = text_of(path)
    assert path == folder / "report.html"
    for said in (
        "fashion-1",
        "fashion · 28×28 px gray · 9,000 training pictures · 1,000 held out · 3 labels",
        "It used up its budget of 180s.",
        "3 min 41 s in all",
        "162,000",
        "191.4 ± 4.1",
        "-0.3 ± 0.9",
        "FD is left out",
        "no near-copy of a training picture",
        "half of the discriminator&#39;s",
        "network.latent",
        "AVX512-BF16",
        "Apache-2.0",
    ):
        assert said in text, said


def test_everything_is_inside_the_one_file(make_run: Callable[..., Path]) -> None:
    page = write_report(make_run()).read_text()
    assert all(address.startswith("data:") for address in re.findall(r'(?:src|href)="([^"]*)"', page))
    assert "<script" not in page
    assert "url(" not in page


def test_the_animation_has_a_frame_a_tick_and_lies_beside_the_page(make_run: Callable[..., Path]) -> None:
    folder = make_run(ticks=6)
    page = write_report(folder).read_text()
    with Image.open(folder / "progress.gif") as gif:
        assert gif.n_frames == 6
    assert base64.b64encode((folder / "progress.gif").read_bytes()).decode() in page


def test_curves_say_in_words_what_they_show(make_run: Callable[..., Path]) -> None:
    alts = alts_of(write_report(make_run()))
    kid = next(alt for alt in alts if "KID×1000" in alt)
    assert "from 1.9k to 204" in kid
    assert "real against real is -0.3" in kid
    for words in ("losses", "D(x)", "D(G(z))", "fool", "images a second", "coverage", "precision and recall"):
        assert any(words in alt for alt in alts), words


def test_a_page_of_houses_stays_under_eight_megabytes(make_run: Callable[..., Path]) -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (64, 3, 8, 6)).repeat(16, axis=2).repeat(16, axis=3)
    houses = np.clip(coarse + rng.normal(0, 12, (64, 3, 128, 96)), 0, 255).astype(np.uint8)
    assert write_report(make_run(ticks=4, pictures=houses)).stat().st_size < 8_000_000


def test_files_that_a_kill_cut_short_are_read_as_far_as_they_go(make_run: Callable[..., Path]) -> None:
    folder = make_run(ticks=4)
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"images": 170000, "seco')
    (folder / "ticks.jsonl").write_text('[1, 2]\n{"tick": "x", "kid": "NaN"}\n{"tick": 1, "images": 5, "kid": NaN}\n')
    newest = folder / "sheets" / "tick-0003.png"
    newest.write_bytes(newest.read_bytes()[:200])
    (folder / "scores.json").write_text('{"scores": [{"name": "kid"')
    (folder / "nearest.png").write_text("not a picture")
    (folder / "state.json").unlink()
    text = text_of(write_report(folder))
    assert "At tick 2." in text
    assert "Not judged yet" in text
    assert "Not compared with the training pictures yet" in text
    assert "unfinished" in text
    with Image.open(folder / "progress.gif") as gif:
        assert gif.n_frames == 3


@pytest.mark.parametrize("content", ['{"scores": 7}', '{"scores": [3, {"name": 4}], "remarks": 5}', "[]", "null"])
def test_a_strange_scorecard_does_no_harm(make_run: Callable[..., Path], content: str) -> None:
    folder = make_run(ticks=1)
    (folder / "scores.json").write_text(content)
    assert "fashion-1" in text_of(write_report(folder))


def test_the_page_can_be_written_elsewhere(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(ticks=1)
    assert write_report(folder, out=tmp_path / "pages" / "one.html").is_file()
    assert not (folder / "report.html").exists()


def test_reporting_twice_gives_the_same_page(make_run: Callable[..., Path]) -> None:
    folder = make_run(ticks=3)
    assert write_report(folder).read_bytes() == write_report(folder).read_bytes()


def test_a_folder_that_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a run: it holds no settings\.json"):
        write_report(tmp_path)
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"state": "stopped", "reason": "one colour"}, "An alarm ended it. Reason: one colour"),
        ({"state": "interrupted"}, "the same command goes on from its newest checkpoint"),
        ({"state": "training"}, "still training"),
        ({}, "had not come to its end"),
    ],
)
def test_every_state_is_said_in_a_sentence(make_run: Callable[..., Path], record: dict[str, str], said: str) -> None:
    folder = make_run(ticks=0, state={"x": 1})
    (folder / "state.json").write_text(json.dumps(record))
    assert said in state(read_record(folder))[1]


def test_durations_read_as_a_person_says_them() -> None:
    assert [duration(s) for s in (0, 42.4, 60, 180.2, 221, 3725)] == [
        "0 s",
        "42 s",
        "1 min",
        "3 min",
        "3 min 41 s",
        "1 h 2 min",
    ]


def test_a_frame_tells_when_how_good_and_with_which_settings(make_run: Callable[..., Path]) -> None:
    record = read_record(make_run(ticks=2))
    lines = on_frame(
        record, {"tick": 1, "images": 162000, "seconds": 181, "epoch": 18, "kid": 0.1914, "coverage": 0.78}
    )
    assert lines.splitlines() == [
        "epoch 18.0 · 162,000 images · 3 min 1 s",
        "KID×1000 191.4 · coverage 0.78",
        "dcgan · loss non-saturating · condition label · batch 64 · generator rate 0.0008 · discriminator rate 0.0016 "
        "· gamma 1 · seed 0",
    ]


def test_reporting_knows_nothing_of_training_or_judging() -> None:
    others = "('torch', 'ganvas.train', 'ganvas.judge')"
    code = f"import sys, ganvas.report; print([name for name in sys.modules if name.startswith({others})])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
