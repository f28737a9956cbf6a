"""`ganvas draw`: labels, words, grids, walks, animations and asking on, each to a file that is named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.api import Studio

Call = Callable[..., tuple[int, str, str]]
VECTORS = "boot 1 0 0\ndress 0 1 0\ngown 0 .9 .1\nslipper .9 .1 0\n"
TINY = {"budget": "64-images", "batch": 16, "ticks": 1, "sheet": 16, "light_judge": 0}
NETWORK = {"generator_filters": 4, "discriminator_filters": 4, "conv_layers": 2, "latent": 8}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A studio with a run that was told words, the newest, and one that was told nothing."""
    root = tmp_path_factory.mktemp("drawing")
    rng = np.random.default_rng(0)
    for i in range(40):
        folder = root / "pictures" / ("boot", "dress")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (16, 20), dtype=np.uint8)).save(folder / f"{i}.png")
    (root / "vectors.txt").write_text(VECTORS)
    made = Studio(root / "studio")
    made.add(root / "pictures")
    small = made.set("small", size=(20, 16))
    small.train(name="untold", condition="none", network=NETWORK, **TINY)
    small.train(name="told", condition="word", words=str(root / "vectors.txt"), network=NETWORK, **TINY)
    return root / "studio"


@pytest.fixture
def call(call: Call, monkeypatch: pytest.MonkeyPatch, studio: Path, tmp_path: Path) -> Call:
    """Run `ganvas draw` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return partial(call, "-C", studio, "draw")


def size_of(path: str) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.mark.parametrize(
    ("arguments", "name", "count"),
    [
        (["-n", 4], "told-seed0.png", 4),
        (["-n", 4, "--seed", 2, "--label", "boot"], "told-boot-seed2.png", 4),
        (["-n", 4, "--label", "boot", "--label", "dress"], "told-boot-dress-seed0.png", 4),
        (["-n", 4, "--word", "Gown", "--truncation", "0.5"], "told-gown-seed0.png", 4),
        (["untold", "-n", 4, "--checkpoint", "last"], "untold-seed0.png", 4),
        (["--grid", "-n", 3], "told-seed0-grid.png", 6),
        (["--grid", "-n", 2, "--word", "slipper", "--word", "boot"], "told-slipper-boot-seed0-grid.png", 4),
        (["--interpolate", 2], "told-seed0-walk.png", 21),
        (["--interpolate", 5, "-n", 2, "--out", "way.png"], "way.png", 6),
    ],
)
def test_a_sheet_is_named_by_what_was_asked(call: Call, arguments: list, name: str, count: int) -> None:
    code, text, error = call(*arguments)
    assert (code, text, error) == (0, f"{count} pictures in {name}\n", "")
    assert os.listdir() == [name]
    assert min(size_of(name)) > 16


def test_json_says_what_each_picture_was_told_and_by_which_checkpoint(call: Call) -> None:
    record = json.loads(call("--grid", "-n", 2, "--word", "gown", "--word", "boot", "--json")[1])
    assert record["labels"] == ["gown", "gown", "boot", "boot"]
    assert (record["run"], record["seed"], record["n"], record["checkpoint"]) == ("told", 0, 4, "000000064")
    assert record["files"] == os.listdir()
    record = json.loads(call("--gif", "walk.gif", "--interpolate", 2, "-n", 9, "--json")[1])
    assert (record["walks"], record["frames"], record["files"]) == (2, 10, ["walk.gif"])


def test_the_same_picture_comes_however_it_is_asked_for(call: Call) -> None:
    call("-n", 3, "--word", "gown", "--each", "--out", "few")
    call("-n", 2, "--grid", "--word", "boot", "--word", "gown", "--each", "--out", "few")
    names = sorted(os.listdir("few"))
    assert names == [f"seed0-0000{i}.png" for i in range(3)] + [f"seed0-grid-0000{i}.png" for i in range(4)]
    first, in_grid = (np.asarray(Image.open(f"few/{name}")) for name in ("seed0-00001.png", "seed0-grid-00003.png"))
    assert np.array_equal(first, in_grid)


def test_a_gif_is_a_loop_of_walks_side_by_side(call: Call) -> None:
    code, text, error = call("--gif", "walk.gif", "--interpolate", 3, "-n", 8, "--truncation", "0.7")
    assert (code, text, error) == (0, "2 walks through 8 pictures, 12 frames, in walk.gif\n", "")
    with Image.open("walk.gif") as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (12, 0, 400)
    assert call("--gif", "one.gif", "-n", 2)[1] == "1 walk through 2 pictures, 32 frames, in one.gif\n"


def test_a_seed_that_is_none_leaves_the_one_before(call: Call) -> None:
    code, _, error = call("--ask", "-n", 2, typed="boot\nseed 99999999999999999999\ndress\n")
    assert code == 0
    assert "is no seed" in error
    assert sorted(os.listdir()) == ["told-boot-seed0.png", "told-dress-seed0.png"]


def test_a_name_that_cannot_be_written_is_refused_before_anything_is_drawn(call: Call) -> None:
    for arguments in (["--out", "new.tif"], ["--gif", "walk.png"]):
        code, _, error = call(*arguments)
        assert code == 1
        assert "must end in" in error


def test_asking_on_draws_word_after_word_and_outlives_one_it_does_not_know(call: Call) -> None:
    code, text, error = call("--ask", typed="slipper\nwrds\nseed 3\n BOOT \n\ngown\n")
    assert code == 0
    assert error.count("\n") == 1
    assert "no vector for 'wrds'" in error
    assert sorted(os.listdir()) == ["told-boot-seed3.png", "told-slipper-seed0.png", "told-slipper-seed3.png"]
    assert text.splitlines()[0] == "told learned boot, dress"
    asked = text.splitlines()[1:5]
    assert asked[0].startswith("slipper, as ")
    assert [line.split()[:2] for line in asked[1:3]] == [["boot", "0.99"], ["dress", "0.11"]]
    assert len(asked[1].split()[2]) > 5 * len(asked[2].split()[2])
    assert asked[3] == "49 pictures in told-slipper-seed0.png"
    assert size_of("told-slipper-seed0.png") == (7 * (4 * 20 + 2) + 2, 7 * (4 * 16 + 2) + 2)


def test_what_is_asked_on_is_what_a_word_draws(call: Call) -> None:
    call("--ask", "--out", "asked", "-n", 9, "--seed", 1, typed="gown")
    call("--word", "gown", "-n", 9, "--seed", 1)
    name = "told-gown-seed1.png"
    assert Path("asked", name).read_bytes() == Path(name).read_bytes()


@pytest.mark.parametrize("typed", ["", "\n", "seed 3\n"])
def test_nothing_typed_draws_nothing(call: Call, typed: str) -> None:
    assert call("--ask", typed=typed) == (0, "told learned boot, dress\n", "")
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--label", "boots"], "Did you mean boot?"),
        (["--label", "boot", "--word", "gown"], "--label or --word, not both"),
        (["--word", "gwn"], "Spelt like it: gown"),
        (["untold", "--grid"], "a grid has no rows"),
        (["untold", "--ask"], "neither labels nor words"),
        (["untold", "--word", "gown"], "neither labels nor words"),
        (["-n", 0], "1 or more"),
        (["--ask", "-n", 0], "1 or more"),
        (["--interpolate", 3, "-n", 1], "2 or more"),
        (["--interpolate", 0], "take 1 to 100"),
        (["--truncation", 3], "outside 0 … 2"),
        (["--seed", -1], "is no seed"),
        (["--checkpoint", "frist"], "there is best, last"),
        (["--gif", "walk.png", "-n", 2], "must end in .gif"),
        (["--grid", "--interpolate", 3], "--grid and --interpolate do not go together"),
        (["--ask", "--word", "gown"], "--ask and --word do not go together"),
        (["--gif", "walk.gif", "--out", "walk.png"], "--gif and --out do not go together"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(call: Call, arguments: list, message: str) -> None:
    code, _, error = call(*arguments)
    assert code == 1
    assert message in error
    assert error.count("\n") == 1
    assert os.listdir() == []
