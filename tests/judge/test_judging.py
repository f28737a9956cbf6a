from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.judge import Drawn, Scorecard, judge_pictures, judge_run, pictures_to_draw
from ganvas.judge.comparison import choose_reals
from ganvas.pictures.packed import PackedSet, write_description
from ganvas.progress import Silent


class TinyEncoder:
    """Means over a coarse grid: quick, and blind to nothing that these pictures hold."""

    name = "tiny"
    version = "1"
    features = 16

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, pictures: np.ndarray, progress: Silent | None = None) -> np.ndarray:
        self.seen += len(pictures)
        n, _, height, width = pictures.shape
        grid = pictures.mean(axis=1).reshape(n, 4, height // 4, 4, width // 4)
        return (grid.mean(axis=(2, 4)).reshape(n, 16) / 32).astype(np.float32)


def pictures(count: int, seed: int, light: int = 120, size: int = 8) -> np.ndarray:
    """Blotches around a lightness: those of the same lightness are of one kind."""
    coarse = np.random.default_rng(seed).normal(light, 30, (count, 1, 4, 4))
    return np.clip(coarse.repeat(size // 4, axis=2).repeat(size // 4, axis=3), 0, 255).astype(np.uint8)


def pack(folder: Path, images: np.ndarray, held_out: int) -> PackedSet:
    folder.mkdir()
    np.save(folder / "images.npy", images)
    count, channels, height, width = images.shape
    facts = {"name": folder.name, "count": count, "channels": channels, "height": height, "width": width}
    splits = ["held-out"] * held_out + ["train"] * (count - held_out)
    members = [(i, f"{i:064x}", None, split) for i, split in enumerate(splits)]
    write_description(folder, {**facts, "labels": [], "fingerprint": "f" * 64}, members)
    return PackedSet.open(folder)


def test_fakes_are_judged_against_held_out_pictures_where_there_are_enough(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(400, 1), held_out=80)
    card = judge_pictures(pictures(500, 2), packed, encoder=TinyEncoder())
    assert card.n == 80
    assert card.against == "80 held-out pictures"
    assert not any("has seen" in remark for remark in card.remarks)
    assert [score.name for score in card.scores][-3:] == ["authenticity", "copies", "nearer_trained"]
    assert all(score.baseline is not None for score in card.scores)


def test_reals_that_judge_are_held_out_and_the_baseline_comes_from_training(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(400, 1), held_out=80)
    reals = choose_reals(packed, 60, seed=3)
    assert set(reals.judging) <= set(packed.held_out)
    assert set(reals.baseline) <= set(packed.train)
    assert len(reals.judging) == len(reals.baseline) == 60
    assert np.array_equal(reals.searched, packed.train)
    assert np.array_equal(choose_reals(packed, 60, seed=3).judging, reals.judging)
    assert not np.array_equal(choose_reals(packed, 60, seed=4).judging, reals.judging)


def test_a_set_of_fifty_can_be_judged_and_the_card_says_by_what(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(50, 1), held_out=5)
    assert pictures_to_draw(packed) == 25
    card = judge_pictures(pictures(25, 2), packed, encoder=TinyEncoder())
    assert card.n == 25
    assert card.against == "25 pictures of the set"
    assert any("5 are held out, 20 are needed" in remark for remark in card.remarks)
    assert any("rough" in remark for remark in card.remarks)
    reals = choose_reals(packed, 25)
    assert not set(reals.judging) & set(reals.baseline)


@pytest.mark.parametrize(("count", "n", "said"), [(39, None, "39 pictures"), (400, 19, "19 pictures are too few")])
def test_fewer_than_twenty_a_side_are_refused_in_one_line(tmp_path: Path, count: int, n: int | None, said: str) -> None:
    packed = pack(tmp_path / "set", pictures(count, 1), held_out=count // 5)
    with pytest.raises(InputError, match=said) as caught:
        pictures_to_draw(packed, n)
    assert "\n" not in str(caught.value)


def test_too_few_generated_pictures_are_refused(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(400, 1), held_out=80)
    with pytest.raises(InputError, match="19 generated pictures"):
        judge_pictures(pictures(19, 2), packed, encoder=TinyEncoder())


def test_more_asked_for_than_there_are_is_said(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(400, 1), held_out=80)
    assert pictures_to_draw(packed, 3000) == 80
    card = judge_pictures(pictures(80, 2), packed, encoder=TinyEncoder(), n=3000)
    assert any("3,000 pictures were asked for: only 80" in remark for remark in card.remarks)


def test_copies_of_training_pictures_are_found_out(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(400, 1), held_out=80)
    copies = np.asarray(packed.images[packed.train[:80]])
    new = judge_pictures(pictures(80, 2), packed, encoder=TinyEncoder())
    copied = judge_pictures(copies, packed, encoder=TinyEncoder())
    assert copied.value("authenticity") == 0
    assert new.value("authenticity") > 0.3
    assert abs(new.value("authenticity") - {s.name: s for s in new.scores}["authenticity"].baseline) < 0.2
    for i, item in enumerate(copied.nearest):
        assert (item.picture, item.positions[0], item.distances[0]) == (i, packed.train[i], 0)


def test_pictures_of_another_kind_score_worse(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(400, 1), held_out=80)
    same = judge_pictures(pictures(80, 2), packed, encoder=TinyEncoder())
    other = judge_pictures(pictures(80, 2, light=200), packed, encoder=TinyEncoder())
    assert other.value("kid") > 10 * abs(same.value("kid"))
    assert other.value("coverage") < same.value("coverage") / 2


def test_the_same_pictures_and_seed_give_the_same_card_and_reals_are_encoded_once(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(400, 1), held_out=80)
    first, second = TinyEncoder(), TinyEncoder()
    cards = [judge_pictures(pictures(80, 2), packed, encoder=encoder, seed=7) for encoder in (first, second)]
    assert cards[0].scores == cards[1].scores
    assert cards[0].nearest == cards[1].nearest
    assert (first.seen, second.seen) == (400 + 80, 80)


def test_judging_a_run_leaves_its_card_and_its_nearest_pictures(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(400, 1, size=28), held_out=80)
    run = tmp_path / "run"
    run.mkdir()
    asked: list[int] = []

    def draw(count: int) -> Drawn:
        asked.append(count)
        return Drawn(pictures(count, 2, size=28), checkpoint="000012800")

    card = judge_run(run, packed, draw, encoder=TinyEncoder(), n=60)
    assert asked == [60]
    assert Scorecard.from_json(json.loads((run / "scores.json").read_text())) == card
    assert card.checkpoint == "000012800"
    with Image.open(run / "nearest.png") as image:
        pixels = np.asarray(image)
    assert image.mode == "L"
    assert (pixels[2:86, 2:86] == draw(60).pictures[0, 0].repeat(3, 0).repeat(3, 1)).all()
    real = packed.images[card.nearest[0].positions[0], 0]
    assert (pixels[2:86, 88:172] == real.repeat(3, 0).repeat(3, 1)).all()
    assert sorted(path.name for path in run.iterdir()) == ["judged.png", "nearest.png", "scores.json", "suspicious.png"]


def test_judging_knows_nothing_of_training() -> None:
    code = (
        "import sys, ganvas.judge; print([name for name in sys.modules if 'torch' in name or 'ganvas.train' in name])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_default_encoder_tells_pictures_of_another_kind(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", pictures(100, 1, size=16), held_out=50)
    noise = np.random.default_rng(3).integers(0, 256, (50, 1, 16, 16), np.uint8)
    card = judge_pictures(noise, packed)
    distance = card.scores[0]
    assert card.encoder == "effnet-lite0"
    assert distance.value > (distance.baseline or 0) + 0.05
    assert card.value("coverage") < 0.5
