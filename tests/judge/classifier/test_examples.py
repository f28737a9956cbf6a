"""Which pictures are learned from, which stop and calibrate, which test: never the same one twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ganvas.errors import InputError
from ganvas.judge.classifier.examples import divide, examples_of, examples_of_set
from ganvas.judge.classifier.settings import classifier_settings
from ganvas.pictures.packed import PackedSet
from ganvas.studio import StudioFolder

Packing = Callable[..., PackedSet]
BLANK = np.zeros((1, 1, 4, 4), np.uint8)


def blank_set(packing: Packing, studio: StudioFolder, labels: list[str | None], held_out: int = 0) -> PackedSet:
    return packing(studio, "blank", BLANK.repeat(len(labels), 0), labels, held_out)


def test_no_picture_is_in_two_parts_and_the_test_is_what_was_held_out(
    packing: Packing, empty_studio: StudioFolder
) -> None:
    packed = blank_set(packing, empty_studio, list("abc") * 40, held_out=30)
    examples = examples_of_set(packed, classifier_settings({"validation": 0.2}))
    assert np.array_equal(examples.test, packed.held_out)
    assert sorted([*examples.train, *examples.validation]) == packed.train.tolist()
    assert np.bincount(packed.labels[examples.validation]).tolist() == [6, 6, 6]
    assert examples.counts.tolist() == [24, 24, 24]
    assert examples.remarks == ()


def test_a_set_split_in_three_validates_on_its_own_validation_pictures(
    packing: Packing, empty_studio: StudioFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = blank_set(packing, empty_studio, list("abc") * 40, held_out=30)
    split = two.split.astype("<U10")
    split[60:90] = "validation"
    packed = replace(two, split=split)
    examples = examples_of_set(packed, classifier_settings({}))
    assert examples.train.tolist() == list(range(60))
    assert examples.validation.tolist() == list(range(60, 90))
    assert examples.test.tolist() == packed.held_out.tolist() == list(range(90, 120))
    assert examples.remarks == ("validated on 30 validation pictures of set blank",)
    monkeypatch.setattr("ganvas.judge.classifier.examples.MOST_VALIDATION", 12)
    assert len(examples_of_set(packed, classifier_settings({})).validation) == 12


def test_one_picture_of_a_label_is_enough_where_others_validate(packing: Packing, empty_studio: StudioFolder) -> None:
    three = blank_set(packing, empty_studio, [*"aaaab", *"ab", *"ab"], held_out=2)
    split = three.split.astype("<U10")
    split[5:7] = "validation"
    examples = examples_of_set(replace(three, split=split), classifier_settings())
    assert (examples.counts.tolist(), len(examples.validation), len(examples.test)) == ([4, 1], 2, 2)
    split[4] = "validation"
    with pytest.raises(InputError, match="label 'b' of set blank has 0 pictures to learn from, 1 is needed"):
        examples_of_set(replace(three, split=split), classifier_settings())


def test_the_seed_decides_who_validates(packing: Packing, empty_studio: StudioFolder) -> None:
    packed = blank_set(packing, empty_studio, list("ab") * 50, held_out=10)
    first, again, other = (
        examples_of_set(packed, classifier_settings({"seed": seed})).validation.tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_where_nothing_is_held_out_a_tenth_is_and_it_is_said(packing: Packing, empty_studio: StudioFolder) -> None:
    packed = blank_set(packing, empty_studio, list("ab") * 50)
    examples = examples_of_set(packed, classifier_settings())
    assert len(examples.test) == 10
    assert not {*examples.test} & {*examples.train, *examples.validation}
    assert "10 are kept for the test by seed 0" in examples.remarks[0]


def test_pictures_without_a_label_are_left_out_and_counted(packing: Packing, empty_studio: StudioFolder) -> None:
    packed = blank_set(packing, empty_studio, [*list("ab") * 10, None, None, *list("ab") * 5], held_out=10)
    examples = examples_of_set(packed, classifier_settings())
    assert len(examples.train) + len(examples.validation) == 20
    assert examples.remarks == ("2 pictures without a label are left out",)


def test_a_rare_label_gives_one_and_keeps_one() -> None:
    labels = np.array([0] * 50 + [1] * 2)
    kept, taken = divide(labels, np.arange(52), 0.1, seed=0)
    assert np.bincount(labels[kept]).tolist() == [45, 1]
    assert np.bincount(labels[taken]).tolist() == [5, 1]


@pytest.mark.parametrize(
    ("labels", "held_out", "said"),
    [
        ([None] * 20, 5, "no labels to learn"),
        (["a"] * 20, 5, "one label, 'a'"),
        ([*["a"] * 10, "b", *["a"] * 4, "b"], 1, "label 'b' of set blank has 1 picture to learn from, 2 are needed"),
        ([*["a"] * 10, *["b"] * 2], 0, "label 'b' of set blank has 2 pictures to learn from, 3 are needed"),
        ([*["a"] * 10, *["b"] * 2], 2, "label 'b' of set blank has 0 pictures"),
    ],
)
def test_labels_that_cannot_be_learned_are_one_line(
    packing: Packing, empty_studio: StudioFolder, labels: list[str | None], held_out: int, said: str
) -> None:
    packed = blank_set(packing, empty_studio, labels, held_out)
    with pytest.raises(InputError, match=said) as caught:
        examples_of_set(packed, classifier_settings())
    assert "\n" not in str(caught.value)


def test_arrays_are_divided_alike_and_checked() -> None:
    pictures = BLANK.repeat(40, 0)
    examples = examples_of(pictures, np.arange(40) % 2, ["a", "b"], classifier_settings())
    assert (len(examples.train), len(examples.validation), len(examples.test)) == (36, 4, 0)
    with pytest.raises(InputError, match="40 pictures need as many labels, not 3"):
        examples_of(pictures, np.zeros(3, np.int64), ["a", "b"], classifier_settings())
