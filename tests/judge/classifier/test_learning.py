"""A classifier learns, the same from the same seed, goes on where it was cut off, and never from what tests it."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from ganvas.errors import InputError, TrainingStopped
from ganvas.judge.classifier.classifier import Classifier
from ganvas.judge.classifier.examples import Examples, examples_of, examples_of_set
from ganvas.judge.classifier.folder import ClassifierFolder, existing_classifier
from ganvas.judge.classifier.learning import learn, learn_set
from ganvas.judge.classifier.marks import marks_of
from ganvas.judge.classifier.plan import make_plan
from ganvas.judge.classifier.settings import classifier_settings
from ganvas.judge.classifier.training import Training
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Silent
from ganvas.studio import StudioFolder

Stripes = Callable[..., np.ndarray]
Packing = Callable[..., PackedSet]


def weights_of(classifier: Classifier) -> dict[str, np.ndarray]:
    assert classifier.folder is not None
    return load_file(classifier.folder.path / "weights.safetensors")


def same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("channels", [1, 3])
def test_it_learns_what_it_never_saw_in_gray_and_colour(
    empty_studio: StudioFolder, packing: Packing, stripe_pictures: Stripes, quick: dict, channels: int
) -> None:
    kinds = np.arange(240) % 3
    names = [("lying", "slanting", "standing")[kind] for kind in kinds]
    packing(empty_studio, "stripes", stripe_pictures(kinds, channels), names, 60)
    classifier = learn_set(empty_studio, "stripes", {**quick, "budget": "12-epochs"})
    marks = classifier.test()
    assert marks.accuracy > 0.9
    assert marks.n == 60
    assert marks.baseline == pytest.approx(1 / 3)
    new = np.arange(30) % 3
    said = classifier.probabilities(stripe_pictures(new, channels, seed=9))
    assert said.shape == (30, 3)
    assert said.dtype == np.float32
    assert np.allclose(said.sum(axis=1), 1, atol=1e-5)
    assert (said.argmax(axis=1) == new).mean() > 0.9


def test_it_leaves_plain_files_that_say_what_happened(studio: StudioFolder, quick: dict, notes: Any) -> None:
    classifier = learn_set(studio, "stripes", {**quick, "budget": "4-epochs"}, progress=notes)
    classifier.test()
    folder = studio.classifiers / "stripes-1"
    assert sorted(path.name for path in folder.iterdir() if path.name[0] != ".") == [
        *("confusion.png", "curves.png", "history.jsonl", "predictions.png"),
        *("settings.json", "state.json", "test.json", "weights.safetensors"),
    ]
    history = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [row["images"] for row in history] == sorted(row["images"] for row in history)
    assert history[-1]["images"] >= 4 * 162
    state = json.loads((folder / "state.json").read_text())
    assert state["validation"]["pictures"] == 18
    assert json.loads((folder / "test.json").read_text())["n"] == 60
    assert any(line.startswith("class_weights = no") for line in notes.lines)
    for name in ("curves.png", "confusion.png", "predictions.png"):
        with Image.open(folder / name) as picture:
            assert min(picture.size) > 100


def test_the_newest_weights_within_an_error_of_the_lowest_loss_are_kept(studio: StudioFolder, quick: dict) -> None:
    classifier = learn_set(studio, "stripes", {**quick, "budget": "10-epochs", "rate": 0.3, "patience": 0})
    assert classifier.folder is not None
    rows = [json.loads(line) for line in (classifier.folder.path / "history.jsonl").read_text().splitlines()]
    lowest, kept = math.inf, rows[0]
    for row in rows:
        lowest = min(lowest, row["validation_loss"])
        kept = row if row["validation_loss"] <= lowest + row["validation_error"] else kept
    state = classifier.folder.read_state()
    assert state["validation"]["accuracy"] == pytest.approx(kept["validation_accuracy"], abs=1e-4)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(studio: StudioFolder, quick: dict) -> None:
    given = {**quick, "budget": "3-epochs"}
    first, again = learn_set(studio, "stripes", given, "first"), learn_set(studio, "stripes", given, "again")
    other = learn_set(studio, "stripes", {**given, "seed": 1}, "other")
    assert same(weights_of(first), weights_of(again))
    assert not same(weights_of(first), weights_of(other))


class Cut(Exception):
    """What a kill is in these tests."""


@pytest.mark.parametrize("backbone", ["scratch", "effnet-lite0"])
def test_a_killed_training_goes_on_to_the_same_bits(
    studio: StudioFolder, quick: dict, notes: Any, monkeypatch: pytest.MonkeyPatch, backbone: str
) -> None:
    sizes = {} if backbone == "scratch" else {"size_px": 32, "hidden": 8, "unfrozen": 1, "patience": 0}
    given = {**quick, "backbone": backbone, "budget": "8-epochs", **sizes}
    whole = learn_set(studio, "stripes", given, "whole")
    keep, kept = ClassifierFolder.keep, 0

    def keep_and_die(self: ClassifierFolder, *what: Any) -> None:
        nonlocal kept
        keep(self, *what)
        kept += 1
        if kept in (3, 4, 6):  # within a lesson, right after going on, and in another lesson where there is one
            raise Cut

    monkeypatch.setattr(ClassifierFolder, "keep", keep_and_die)
    for _ in range(3):
        with pytest.raises(Cut):
            learn_set(studio, "stripes", given, "cut")
    with pytest.raises(InputError, match="has not learned to the end"):
        Classifier.load(studio.classifiers / "cut")
    went_on = learn_set(studio, "stripes", given, "cut", progress=notes)
    assert any("goes on from" in line for line in notes.lines)
    assert same(weights_of(whole), weights_of(went_on))
    lines = [
        [
            {**json.loads(line), "seconds": 0}
            for line in (studio.classifiers / name / "history.jsonl").read_text().splitlines()
        ]
        for name in ("whole", "cut")
    ]
    assert lines[0] == lines[1]


class Interrupting(Silent):
    """Presses Ctrl-C after so many steps."""

    def __init__(self, after: int) -> None:
        self.left, self.lines = after, []

    def note(self, line: str) -> None:
        self.lines.append(line)

    @contextmanager
    def task(self, label: str, total: float | None, unit: str = "") -> Iterator[Any]:
        yield self

    def advance(self, steps: float = 1) -> None:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)

    def describe(self, text: str) -> None: ...


def test_ctrl_c_says_how_to_go_on_and_loses_no_step(studio: StudioFolder, quick: dict) -> None:
    given = {**quick, "budget": "5-epochs"}
    whole = learn_set(studio, "stripes", given)
    stopping = Interrupting(after=25)
    with pytest.raises(KeyboardInterrupt):
        learn_set(studio, "stripes", given, progress=stopping)
    assert any("the same command goes on" in line for line in stopping.lines)
    went_on = learn_set(studio, "stripes", given)
    assert went_on.name == "stripes-2"
    assert same(weights_of(whole), weights_of(went_on))


class Memory:
    """Keeps a training in memory."""

    def __init__(self) -> None:
        self.tensors: dict[str, Any] = {}

    def keep(self, tensors: dict[str, Any], state: dict[str, Any]) -> None:
        self.tensors = tensors

    def kept(self) -> None:
        return None


def last_weights(examples: Examples, given: dict) -> dict[str, np.ndarray]:
    from ganvas.judge.classifier.classifier import Looks, build

    plan = make_plan(classifier_settings(given), examples)
    import torch

    torch.manual_seed(0)
    looks = Looks(examples.channels, examples.height, examples.width)
    memory = Memory()
    Training(build(plan.settings, looks, len(examples.names), None), examples, plan, Silent(), memory).run()
    return {name: value.numpy() for name, value in memory.tensors["network"].items()}


@pytest.mark.parametrize("backbone", ["scratch", "effnet-lite0"])
def test_pictures_of_validation_and_test_are_never_learned_from(
    studio: StudioFolder, quick: dict, backbone: str
) -> None:
    given = {**quick, "backbone": backbone, "budget": "4-epochs", "patience": 0, "size_px": 32, "hidden": 4}
    given |= {"unfrozen": 1}
    packed = PackedSet.open(studio.sets / "stripes")
    examples = examples_of_set(packed, classifier_settings(given))
    before = last_weights(examples, given)
    pictures, labels = np.array(packed.images), packed.labels.copy()

    def changed(indices: np.ndarray) -> dict[str, np.ndarray]:
        other = pictures.copy()
        other[indices] = 255 - other[indices]
        return last_weights(
            Examples(other, labels, examples.names, examples.train, examples.validation, examples.test), given
        )

    assert same(before, changed(np.concatenate([examples.validation, examples.test])))
    assert not same(before, changed(examples.train[:40]))


def test_class_weights_let_a_rare_label_be_found() -> None:
    rng = np.random.default_rng(0)

    def grays(count: int, rare: int) -> tuple[np.ndarray, np.ndarray]:
        labels = (np.arange(count) < rare).astype(np.int64)
        light = rng.normal(110 + 25 * labels, 20)
        return np.clip(light[:, None, None, None] + np.zeros((1, 1, 6, 6)), 0, 255).astype(np.uint8), labels

    pictures, labels = grays(660, 60)
    new, truth = grays(400, 200)
    found = []
    for weighed in (False, True):
        settings = {"backbone": "scratch", "width": 4, "batch": 64, "budget": "12-epochs", "augment": []}
        settings |= {"class_weights": weighed, "precision": "fp32"}
        classifier = learn(
            examples_of(pictures, labels, ["common", "rare"], classifier_settings(settings)),
            classifier_settings(settings),
        )
        found.append(marks_of(classifier.logits(new), truth, classifier.labels).by_label)
    assert found[1]["rare"] > found[0]["rare"] + 0.3
    assert found[0]["common"] > found[1]["common"]


def test_a_lesson_without_progress_ends_early(studio: StudioFolder, quick: dict, notes: Any) -> None:
    rng = np.random.default_rng(0)
    chance = examples_of(
        rng.integers(0, 256, (90, 1, 8, 8), np.uint8), rng.integers(0, 2, 90), ["a", "b"], classifier_settings()
    )
    given = classifier_settings({**quick, "budget": "60-epochs", "augment": []})
    learn(chance, given, notes)
    assert any("ended early" in line for line in notes.lines)


def test_a_loss_that_is_no_number_stops_it(studio: StudioFolder, quick: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.nn import functional

    right = functional.cross_entropy
    monkeypatch.setattr(functional, "cross_entropy", lambda *given, **named: right(*given, **named) * float("nan"))
    with pytest.raises(TrainingStopped, match="lower --set rate="):
        learn_set(studio, "stripes", {**quick, "budget": "4-epochs"})


def test_a_time_budget_ends_and_gives_a_classifier(studio: StudioFolder, quick: dict) -> None:
    classifier = learn_set(studio, "stripes", {**quick, "budget": "1s"})
    assert classifier.folder is not None
    assert 1 <= classifier.folder.read_state()["seconds"] < 60


def test_names_that_are_taken_or_stand_for_something_are_refused(studio: StudioFolder, quick: dict) -> None:
    given = {**quick, "budget": "1-epoch"}
    learn_set(studio, "stripes", given, "mine")
    assert existing_classifier(studio).name == "mine"
    for name, said in (("mine", "is finished"), ("last", "stands for the newest"), ("../mine", "cannot be used")):
        with pytest.raises(InputError, match=said):
            learn_set(studio, "stripes", given, name)
    (studio.classifiers / "begun").mkdir()
    for path in (studio.classifiers / "mine").glob("settings.json"):
        (studio.classifiers / "begun" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="unfinished, with another set or other settings"):
        learn_set(studio, "stripes", {**given, "seed": 4}, "begun")


def test_two_processes_do_not_learn_in_one_folder(studio: StudioFolder, quick: dict, tmp_path: Path) -> None:
    given = {**quick, "budget": "1-epoch"}
    learn_set(studio, "stripes", given, "mine")
    folder = ClassifierFolder(studio.classifiers / "mine")
    (folder.path / "state.json").unlink()
    with folder.lock(), pytest.raises(InputError, match="by another process"):
        learn_set(studio, "stripes", given, "mine")
