"""Judging by the command line: several runs in one table, pictures from anywhere, novelty, and the page that stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganvas

Call = Callable[..., tuple[int, str, str]]
TINY = {"budget": "320-images", "batch": 16, "ticks": 1, "sheet": 16, "light_judge": 0, "mirror": False}
NETWORK = {"generator_filters": 4, "discriminator_filters": 4, "latent": 8}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> ganvas.Studio:
    """300 pictures of two labels, and two short runs."""
    root = tmp_path_factory.mktemp("judged")
    rng = np.random.default_rng(0)
    for label, light in (("dark", 60), ("light", 190)):
        (root / "pictures" / label).mkdir(parents=True)
        for i in range(150):
            blocks = rng.normal(light, 40, (6, 6)).clip(0, 255).astype(np.uint8)
            picture = Image.fromarray(blocks).resize((24, 24), Image.Resampling.BICUBIC)
            picture.save(root / "pictures" / label / f"{i}.png")
    made = ganvas.Studio(root / "studio")
    made.add(root / "pictures")
    blocky = made.set("blocky", size=(24, 24), split="60/40")
    for seed in (1, 2):
        blocky.train(name=f"run-{seed}", condition="label", seed=seed, network=NETWORK, **TINY)
    return made


def test_two_runs_stand_in_one_table_best_first(studio: ganvas.Studio, call: Call) -> None:
    code, said, _ = call("-C", studio.folder.root, "judge", "run-1", "run-2", "-n", 60)
    assert code == 0
    title, heads, *rows = said.splitlines()
    assert title.startswith("best first: 60 generated pictures")
    assert heads.split() == ["run", "images", "KID×1000", "precision", "recall", "coverage", "copies"]
    assert {row.split()[0] for row in rows[:2]} == {"run-1", "run-2"}
    assert rows[2].startswith("real against real")
    code, said, _ = call("-C", studio.folder.root, "judge", "--all", "-n", 60, "--json")
    runs = json.loads(said)["runs"]
    assert {run["run"] for run in runs} == {"run-1", "run-2"}
    kids = [next(s["value"] for s in run["scores"] if s["name"] == "kid") for run in runs]
    assert kids == sorted(kids)


def test_a_judged_run_leaves_a_page_that_holds_everything(studio: ganvas.Studio, call: Call) -> None:
    assert call("-C", studio.folder.root, "judge", "run-1", "-n", 110)[0] == 0
    folder = studio.run("run-1").folder
    page, plain = (folder / "scorecard.html").read_text(), (folder / "scorecard.md").read_text()
    for text in (page, plain):
        assert all(word in text for word in ("KID×1000", "coverage", "nearer to trained-on", "dark", "light", "torch"))
    assert page.count("data:image/png") == 4  # judged, by label, nearest, suspicious
    assert "http" not in page.replace("http-equiv", "")
    card = json.loads((folder / "scores.json").read_text())
    assert {row["label"] for row in card["labels"]} == {"dark", "light"}
    assert all(score["baseline_shown"] for row in card["labels"] for score in row["scores"])


def test_a_folder_is_judged_and_its_copies_are_named(studio: ganvas.Studio, call: Call, tmp_path: Path) -> None:
    packed = studio.named_set("blocky").packed
    drawn = studio.run("run-1").draw(60, seed=3).save_each(tmp_path / "generated" / "new")
    for i in range(3):
        copy = Image.fromarray(packed.images[packed.train[i], 0])
        copy.resize((48, 48), Image.Resampling.BICUBIC).save(tmp_path / "generated" / f"copy-{i}.png")
    (tmp_path / "generated" / "notes.txt").write_text("no picture")
    asked = ("judge", "--folder", tmp_path / "generated", "--against", "blocky")
    code, said, error = call("-C", studio.folder.root, *asked, "--json")
    assert code == 0
    assert set(json.loads(said)["novelty"]["copies"]) == {f"copy-{i}.png" for i in range(3)}
    assert "1 files were passed over: notes.txt" in error
    few = json.loads(call("-C", studio.folder.root, *asked, "-n", 20, "--sheet", tmp_path / "s.png", "--json")[1])
    assert few["n"] == 20
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.height > 8 * packed.height  # sixteen of them in two columns
    assert set(few["novelty"]["copies"]) == {f"copy-{i}.png" for i in range(3)}
    assert len(drawn) == 60


def test_novelty_sets_each_picture_beside_real_ones(studio: ganvas.Studio, call: Call, tmp_path: Path) -> None:
    asked = ("-C", studio.folder.root, "novelty", "run-1", "-n", 10, "--out", tmp_path / "novelty.png")
    code, said, _ = call(*asked, "--json")
    assert code == 0
    record = json.loads(said)
    nearness = [entry["nearness"] for entry in record["pictures"]]
    assert nearness == sorted(nearness)
    assert {entry["picture"] for entry in record["pictures"]} == set(range(10))
    assert all(len(entry["by_pixels"]) == len(entry["by_features"]) == 3 for entry in record["pictures"])
    with Image.open(tmp_path / "novelty.png") as sheet:
        assert sheet.height > 5 * 24
    assert "most suspicious" in call(*asked)[1]


def test_a_classifier_says_whether_labels_were_drawn_as_told(studio: ganvas.Studio, call: Call) -> None:
    asked = ("-C", studio.folder.root, "judge", "run-2", "-n", 110, "--labels")
    code, _, error = call(*asked)
    assert (code, "`ganvas classify train blocky` makes one" in error) == (1, True)
    train = ("classify", "train", "blocky", "--backbone", "scratch", "--budget", "3000-images", "--set", "width=8")
    assert call("-C", studio.folder.root, *train)[0] == 0
    code, said, _ = call(*asked, "--json")
    assert code == 0
    card = json.loads(said)
    told = next(score for score in card["scores"] if score["name"] == "as_told")
    assert told["baseline"] > 0.9  # dark and light are easily told apart
    rows = {row["label"]: row["scores"][0] for row in card["labels"]}
    assert {name: score["name"] for name, score in rows.items()} == {"dark": "as_told", "light": "as_told"}
    pictures = studio.run("run-2").draw(110)
    light = pictures.pictures.mean(axis=(1, 2, 3)) > 125
    right = np.mean([(label == "light") == bright for label, bright in zip(pictures.labels, light, strict=True)])
    assert abs(told["value"] - right) < 0.2
    assert "drawn as told" in call(*asked)[1]


def test_what_drawn_pictures_teach_is_tested_on_real_ones(studio: ganvas.Studio, call: Call) -> None:
    asked = ("-C", studio.folder.root, "judge", "run-2", "-n", 60, "--cas", "400-images", "--json")
    code, said, _ = call(*asked)
    assert code == 0
    card = json.loads(said)
    score = next(score for score in card["scores"] if score["name"] == "cas")
    assert score["baseline"] > 0.9
    assert 0 <= score["value"] <= 1
    assert any("tested on 120 real" in remark for remark in card["remarks"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("judge", "--folder", "here"), "--folder and --against belong together"),
        (("judge", "run-1", "--folder", "here", "--against", "blocky"), "leave the runs out"),
        (("judge", "--folder", "nowhere", "--against", "blocky"), "nowhere is not a folder"),
        (("judge", "--folder", ".", "--against", "blocky", "--sheet", "s.txt"), "must end in"),
        (("judge", "run-1", "--sheet", "s.png"), "--sheet belongs to --folder"),
        (("judge", "--folder", ".", "--against", "blocks"), "Did you mean blocky"),
        (("judge", "run-1", "run-3"), "no run called 'run-3'"),
        (("judge", "run-1", "--encoder", "inception"), "needs --weights FILE"),
        (("judge", "run-1", "-n", "10"), "10 pictures are too few"),
        (("judge", "run-1", "--all"), "--all judges every run"),
        (("judge", "run-1", "--classifier", "some"), "add --labels"),
        (("judge", "--all", "--labels"), "--labels and --cas ask one run"),
        (("judge", "run-1", "--cas", "soon"), "'soon' is not a budget"),
        (("judge", "run-1", "--labels", "--classifier", "none-1"), "no classifier called 'none-1'"),
        (("novelty", "run-9"), "no run called 'run-9'"),
        (("novelty", "run-1", "--out", "sheet.txt"), "must end in"),
    ],
)
def test_what_cannot_be_judged_is_said_in_one_line(
    studio: ganvas.Studio, call: Call, asked: tuple[str, ...], message: str
) -> None:
    code, _, error = call("-C", studio.folder.root, *asked)
    lines = [line for line in error.splitlines() if line.startswith("ganvas: ")]
    assert code == 1
    assert len(lines) == 1
    assert message in lines[0]


def test_runs_of_several_sets_are_not_compared_and_a_run_without_a_checkpoint_stands_last(
    studio: ganvas.Studio, call: Call
) -> None:
    other = studio.set("small", size=(12, 12), split="60/40")
    other.train(name="another", network=NETWORK, **TINY)
    code, _, error = call("-C", studio.folder.root, "judge", "run-1", "another")
    assert (code, "runs of several sets" in error) == (1, True)
    studio.named_set("blocky").train(name="gone", network=NETWORK, **TINY)
    shutil.rmtree(studio.run("gone").folder / "checkpoints")
    code, said, _ = call("-C", studio.folder.root, "judge", "run-1", "gone", "-n", 40)
    assert code == 0
    assert "gone was not judged: " in said
