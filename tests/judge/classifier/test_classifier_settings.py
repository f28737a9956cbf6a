"""Settings of a classifier: refused with the name and the nearest one; what is open is chosen with a reason."""

from __future__ import annotations

import numpy as np
import pytest

from ganvas.errors import SettingsError
from ganvas.judge.classifier.examples import Examples, examples_of
from ganvas.judge.classifier.plan import make_plan
from ganvas.judge.classifier.settings import ClassifierSettings, classifier_settings


def noise(count: int, size: tuple[int, int] = (28, 28), labels: np.ndarray | None = None) -> Examples:
    pictures = np.random.default_rng(0).integers(0, 256, (count, 1, *size), np.uint8)
    told = np.arange(count) % 2 if labels is None else labels
    return examples_of(pictures, told, ["a", "b"], classifier_settings())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bugdet": "10m"}, "Did you mean budget"),
        ({"depht": 2}, "Did you mean depth"),
        ({"depth": 0}, "depth = 0"),
        ({"budget": "soon"}, "not a budget"),
        ({"backbone": "efnet-lite0"}, "Did you mean effnet-lite0"),
        ({"augment": ["twist"]}, "augment"),
        ({"device": "tpu"}, "not on this machine"),
    ],
)
def test_bad_settings_are_named(given: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        make_plan(classifier_settings(given), noise(60))
    assert "\n" not in str(caught.value)


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in ClassifierSettings.model_fields.items() if not field.description] == []


def test_what_is_open_is_chosen_with_a_reason_and_what_is_given_stays() -> None:
    plan = make_plan(classifier_settings({"budget": "2m", "device": "cpu"}), noise(120))
    chosen = {choice.name: choice for choice in plan.choices}
    assert chosen["backbone"].value == "effnet-lite0"
    assert {"size_px", "unfrozen", "batch", "augment", "class_weights"} <= set(chosen)
    assert all(choice.reason for choice in plan.choices)
    given = {"backbone": "scratch", "width": 12, "depth": 2, "augment": [], "class_weights": True, "batch": 8}
    plan = make_plan(classifier_settings(given), noise(120))
    assert not {"backbone", "width", "augment", "class_weights", "batch"} & {choice.name for choice in plan.choices}
    assert {name: getattr(plan.settings, name) for name in given} == given


def test_a_network_from_nothing_is_as_wide_as_the_budget_allows() -> None:
    many, asked = noise(12_000, (8, 8)), {"backbone": "scratch", "device": "cpu", "augment": []}
    widths = [make_plan(classifier_settings({**asked, "budget": b}), many).settings.width or 0 for b in ("1s", "1h")]
    assert widths[0] < widths[1]


def test_large_pictures_are_looked_at_large_where_there_is_time() -> None:
    asked = {"backbone": "effnet-lite0", "device": "cpu", "augment": []}
    sizes = [
        make_plan(classifier_settings({**asked, "budget": budget}), noise(60, size)).settings.size_px or 0
        for budget, size in (("10m", (28, 28)), ("10m", (200, 150)), ("1s", (200, 150)))
    ]
    assert sizes[0] == sizes[2] == 64
    assert sizes[1] > 128


def test_parts_stay_frozen_where_there_is_no_time_to_show_them_every_picture() -> None:
    asked = {"backbone": "effnet-lite0", "device": "cpu", "augment": []}
    short, long = (make_plan(classifier_settings({**asked, "budget": b}), noise(3000)).settings for b in ("1s", "2h"))
    assert (short.unfrozen, short.frozen_share) == (0, 1.0)
    assert (long.unfrozen, long.frozen_share) == (12, 0.6)


def test_uneven_labels_are_weighed() -> None:
    uneven = noise(100, labels=(np.arange(100) >= 90).astype(np.int64))
    assert make_plan(classifier_settings(), uneven).settings.class_weights
    assert not make_plan(classifier_settings(), noise(100)).settings.class_weights


def test_pictures_that_know_left_from_right_are_not_mirrored() -> None:
    rng = np.random.default_rng(0)
    ramp = np.linspace(40, 200, 28)[None, None, None] + rng.normal(0, 20, (200, 1, 28, 28))
    pictures = np.clip(ramp, 0, 255).astype(np.uint8)
    one_way = examples_of(pictures, np.arange(200) % 2, ["a", "b"], classifier_settings())
    assert "flip" not in (make_plan(classifier_settings(), one_way).settings.augment or [])
    assert "flip" in (make_plan(classifier_settings(), noise(400)).settings.augment or [])
