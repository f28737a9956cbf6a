"""`ganvas classify`: a bare picture is looked at, a verb is a verb, and what is wrong is one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Call = Callable[..., tuple[int, str, str]]
QUICK = ["--backbone", "scratch", "--set", "width=4", "--set", "batch=16", "--set", "precision=fp32"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Light and dark pictures in one folder a label, 24 wide and 18 high."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for label, light in (("dark", 60), ("light", 190)):
        (folder / label).mkdir()
        for i in range(30):
            pixels = np.clip(rng.normal(light, 25, (18, 24, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{i}.png")
    return folder


@pytest.fixture
def studio(tmp_path: Path, pictures: Path, call: Call) -> Path:
    root = tmp_path / "studio"
    assert call("new", root)[0] == 0
    assert call("-C", root, "add", pictures)[0] == 0
    assert call("-C", root, "set", "make", "lights", "--size", "24x18")[0] == 0
    return root


def test_train_test_and_look(call: Call, studio: Path, pictures: Path, tmp_path: Path) -> None:
    code, text, error = call("-C", studio, "classify", "train", "lights", *QUICK, "--budget", "10-epochs")
    assert code == 0
    assert "ganvas classify test lights-1" in text
    assert "class_weights = no" in error
    code, text, _ = call("-C", studio, "classify", "test", "lights-1")
    assert code == 0
    assert "of 6 held-out pictures right" in text.splitlines()[0]
    assert "predictions.png" in text
    told = json.loads(call("-C", studio, "classify", "test", "--json")[1])
    assert (told["classifier"], told["n"]) == ("lights-1", 6)
    assert told["accuracy"] > 0.9
    assert all(Path(file).is_file() for file in told["files"])
    code, text, error = call("-C", studio, "classify", pictures / "dark" / "1.png", pictures / "light" / "2.png")
    assert (code, error) == (0, "")
    first, second = text.splitlines()
    assert first.split(": ")[1].startswith("dark ")
    assert second.split(": ")[1].startswith("light ")


def test_one_that_is_no_picture_does_not_stop_the_others(call: Call, studio: Path, pictures: Path) -> None:
    call("-C", studio, "classify", "train", "lights", *QUICK, "--budget", "5-epochs", "--name", "mine")
    bad = studio / "notes.jpg"
    bad.write_text("no picture at all")
    good = pictures / "light" / "3.png"
    code, text, error = call("-C", studio, "classify", "--by", "mine", studio / "gone.png", bad, good)
    assert code == 1
    assert text.startswith(f"{good}: ")
    assert error.count("\n") == 1
    assert "2 of 3 could not be read" in error
    assert "No such file" in error
    code, text, _ = call("-C", studio, "classify", bad, good, "--json")
    assert code == 1
    rows = json.loads(text)["pictures"]
    assert "trouble" in rows[0]
    assert rows[1]["labels"][0]["label"] in ("light", "dark")
    assert sum(answer["probability"] for answer in rows[1]["labels"]) == pytest.approx(1, abs=1e-3)


def test_a_dry_run_says_what_would_be_done_and_leaves_nothing(call: Call, studio: Path) -> None:
    asked = ["-C", studio, "classify", "train", "lights", "--budget", "2m", "--dry-run"]
    code, text, _ = call(*asked)
    assert code == 0
    assert "backbone = effnet-lite0 (" in text
    assert "pictures to learn" in text
    record = json.loads(call(*asked, "--json")[1])
    assert record["pictures"] == {"train": 48, "validation": 6, "test": 6}
    assert record["settings"]["budget"] == "2m"
    assert not (studio / "classifiers").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "light"], "Did you mean lights"),
        (["train", "lights", "--backbone", "resnet8"], "Did you mean resnet18"),
        (["train", "lights", "--set", "depht=2"], "Did you mean depth"),
        (["train", "lights", "--set", "depth"], "write it as name=value"),
        (["train", "lights", "--budget", "soon"], "not a budget"),
        (["test"], "no classifier is here yet"),
        (["test", "lights-1"], "no classifier called 'lights-1'"),
        (["shoe.jpg"], "no classifier is here yet"),
        (["shoe.jpg", "--by", "mine"], "no classifier called 'mine'"),
    ],
)
def test_what_is_wrong_is_one_line(call: Call, studio: Path, arguments: list[str], message: str) -> None:
    code, text, error = call("-C", studio, "classify", *arguments)
    assert (code, text) == (1, "")
    assert message in error
    assert error.count("\n") == 1
    assert not (studio / "classifiers").exists()


def test_a_misspelt_classifier_is_guessed(call: Call, studio: Path) -> None:
    call("-C", studio, "classify", "train", "lights", *QUICK, "--budget", "1-epoch")
    code, _, error = call("-C", studio, "classify", "test", "light-1")
    assert code == 1
    assert "Did you mean lights-1" in error


def test_the_verbs_have_help_and_settings(call: Call) -> None:
    code, text, _ = call("classify", "--help")
    assert code == 0
    assert "ganvas classify picture.jpg" in " ".join(text.split())
    assert "train" in text
    assert call("classify")[0] == 2
    code, text, _ = call("classify", "train", "any", "--settings")
    assert code == 0
    assert "label_smoothing" in text
