"""The pictures of a test show what is so: errors in red around the right ones, the first by seed and not by choice."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.judge.classifier.calibration import softmax
from ganvas.judge.classifier.classifier import Classifier
from ganvas.judge.classifier.learning import learn_set
from ganvas.judge.classifier.marks import marks_of
from ganvas.judge.classifier.presenting import RED, confusion_png, history_png, prediction_sheet
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.sheet import FRAME_PX, sheet
from ganvas.studio import StudioFolder

Stripes = Callable[..., np.ndarray]
NAMES = ("boot", "bag", "shirt")
GAP, HEADER, CAPTION = 2 * FRAME_PX + 2, 26, 32


def framed(page: Image.Image, columns: int, tile: tuple[int, int], count: int) -> list[bool]:
    """Whether red goes all around each tile of a sheet, none of it inside."""
    pixels = np.asarray(page)
    found = []
    for i in range(count):
        x = GAP + i % columns * (tile[0] + GAP)
        y = HEADER + GAP + i // columns * (tile[1] + CAPTION + GAP)
        box = pixels[y - FRAME_PX : y + tile[1] + FRAME_PX, x - FRAME_PX : x + tile[0] + FRAME_PX]
        red = (box == RED).all(axis=2)
        inside = red[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX]
        assert not inside.any()
        around = red.sum() / (red.size - inside.size)
        assert around in (0, 1)
        found.append(bool(around))
    return found


@pytest.mark.parametrize("channels", [1, 3])
def test_errors_are_framed_red_and_nothing_else_is(channels: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 200, (23, channels, 40, 120), np.uint8)
    truth = np.arange(23) % 3
    answers = truth.copy()
    answers[[0, 9, 10, 22]] = (truth[[0, 9, 10, 22]] + 1) % 3
    probabilities = softmax(5 * np.eye(3, dtype=np.float32)[answers])
    page = prediction_sheet(pictures, truth, probabilities, NAMES, "test")
    expected = [i in (0, 9, 10, 22) for i in range(23)]
    assert framed(page, 10, (120, 40), 23) == expected


def test_a_gray_sheet_without_frames_stays_gray_and_captions_may_have_lines() -> None:
    pictures = np.zeros((2, 1, 30, 30), np.uint8)
    plain, two = (sheet(pictures, captions=captions) for captions in (["a", "b"], ["a\nb", "c"]))
    assert plain.mode == "L"
    assert two.height == plain.height + 14
    with pytest.raises(InputError, match="as many frames, not 1"):
        sheet(pictures, frames=[None])


def test_the_sheet_of_a_test_is_the_first_hundred_by_seed(studio: StudioFolder, quick: dict) -> None:
    classifier = learn_set(studio, "stripes", {**quick, "budget": "1-epoch"})
    classifier.test()
    packed = PackedSet.open(studio.sets / "stripes")
    shown = packed.held_out[np.random.default_rng(0).permutation(60)]
    with Image.open(studio.classifiers / "stripes-1" / "predictions.png") as page:
        page.load()
    wrong = classifier.probabilities(np.asarray(packed.images[shown])).argmax(axis=1) != packed.labels[shown]
    assert wrong.any()
    assert not wrong.all()
    assert framed(page, 10, (120, 96), 60) == wrong.tolist()
    corner = np.asarray(page)[HEADER + GAP, GAP]
    assert corner.tolist() == [packed.images[shown[0], 0, 0, 0]] * 3


@pytest.mark.parametrize("labels", [2, 10, 60])
def test_a_confusion_matrix_is_dark_where_the_answers_are(labels: int) -> None:
    truth = np.arange(600) % labels
    logits = np.eye(labels, dtype=np.float32)[truth]
    marks = marks_of(logits, truth, tuple(f"label $ {i}" for i in range(labels)))
    with Image.open(io.BytesIO(confusion_png(marks))) as picture:
        pixels = np.asarray(picture.convert("L")).astype(int)
    dark = (pixels < 100).sum() / (pixels < 250).sum()
    turned = marks_of(np.eye(labels, dtype=np.float32)[(truth + 1) % labels], truth, marks.labels)
    assert dark > 0.05
    assert confusion_png(turned) != confusion_png(marks)


def test_curves_need_two_checks_at_most(studio: StudioFolder) -> None:
    row = {"images": 10, "train_loss": 1.0, "train_accuracy": 0.5, "validation_loss": 1.1, "validation_accuracy": 0.4}
    with Image.open(io.BytesIO(history_png([row]))) as picture:
        assert picture.width > picture.height


def test_pictures_of_another_size_and_colour_are_made_alike(
    studio: StudioFolder, quick: dict, stripe_pictures: Stripes
) -> None:
    classifier = learn_set(studio, "stripes", {**quick, "budget": "12-epochs"})
    kinds = np.arange(30) % 3
    larger = np.repeat(stripe_pictures(kinds, seed=6), 3, axis=1).repeat(2, axis=2).repeat(2, axis=3)
    assert (classifier.probabilities(larger).argmax(axis=1) == kinds).mean() > 0.8
    assert classifier.probabilities(larger[:0]).shape == (0, 3)
    with pytest.raises(InputError, match=r"takes uint8 \[N, 1 or 3, H, W\]"):
        classifier.probabilities(larger.astype(np.float32))


def spoil_settings(folder: Any) -> None:
    (folder / "settings.json").write_text('{"settings": {}}')


def spoil_weights(folder: Any) -> None:
    data = bytearray((folder / "weights.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "weights.safetensors").write_bytes(bytes(data))


def lose_weights(folder: Any) -> None:
    (folder / "weights.safetensors").unlink()


def spoil_state(folder: Any) -> None:
    (folder / "state.json").write_text("{")


@pytest.mark.parametrize("spoil", [spoil_settings, spoil_weights, lose_weights, spoil_state])
def test_a_damaged_classifier_is_named_in_one_line(studio: StudioFolder, quick: dict, spoil: Any) -> None:
    learn_set(studio, "stripes", {**quick, "budget": "1-epoch"})
    folder = studio.classifiers / "stripes-1"
    spoil(folder)
    with pytest.raises(InputError, match=r"stripes-1/.* is missing or damaged .* train the classifier again") as caught:
        Classifier.load(folder)
    assert "\n" not in str(caught.value)


def test_a_set_that_is_gone_or_another_is_not_tested_on(
    studio: StudioFolder, quick: dict, packing: Any, stripe_pictures: Stripes
) -> None:
    classifier = learn_set(studio, "stripes", {**quick, "budget": "1-epoch"})
    (studio.sets / "stripes").rename(studio.sets / "elsewhere")
    with pytest.raises(InputError, match="set stripes, which classifier stripes-1 learned from, is gone"):
        classifier.test()
    names = [("lying", "slanting", "standing")[i % 3] for i in range(90)]
    packing(studio, "stripes", stripe_pictures(np.arange(90) % 3), names, 30, fingerprint="other")
    with pytest.raises(InputError, match="is not the one that classifier stripes-1 learned from"):
        classifier.test()
