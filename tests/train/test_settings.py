"""Settings: read as a person writes them, refused with the name and the nearest one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ganvas.assignments import parse_assignments
from ganvas.budget import parse_budget, parse_images
from ganvas.errors import SettingsError
from ganvas.pictures.packed import PackedSet
from ganvas.train.plan import make_plan
from ganvas.train.settings import setting_names, train_settings


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("90s", "seconds", 90),
        ("10m", "seconds", 600),
        ("1.5h", "seconds", 5400),
        ("200k-images", "images", 200_000),
        ("2000-images", "images", 2000),
        ("1.5M-images", "images", 1_500_000),
        ("50-epochs", "images", 5000),
        ("1-epoch", "images", 100),
    ],
)
def test_budgets_as_people_write_them(text: str, kind: str, amount: float) -> None:
    budget = parse_budget(text, images_per_epoch=100)
    assert (budget.kind, budget.amount) == (kind, amount)


@pytest.mark.parametrize("text", ["", "10", "ten minutes", "-5m", "0s", "10 parsecs", "k-images", "1e9s", "0-epochs"])
def test_what_is_no_budget_is_refused_with_examples(text: str) -> None:
    with pytest.raises(SettingsError, match="200k-images"):
        parse_budget(text, images_per_epoch=100)


def test_progress_follows_its_own_kind_and_ends_at_one() -> None:
    assert parse_budget("100-images", 10).progress(images=50, seconds=1e9) == 0.5
    assert parse_budget("10s", 10).progress(images=0, seconds=20) == 1.0


def test_an_interval_must_be_in_images() -> None:
    assert parse_images("2000-images", 10) == 2000
    with pytest.raises(SettingsError, match="2000-images"):
        parse_images("10m", 10)


def test_assignments_nest_and_read_numbers() -> None:
    given = parse_assignments(
        ["batch=32", "network.kernel=5", "gamma=2.5", "loss=hinge", "checkpoint_every=2000-images"]
    )
    assert given["network"] == {"kernel": 5}
    settings = train_settings(given)
    assert (settings.batch, settings.gamma, settings.loss) == (32, 2.5, "hinge")
    assert settings.network.kernel == 5


def test_a_network_and_its_settings_are_assigned_in_either_order() -> None:
    for given in (["network=r3gan", "network.width=8"], ["network.width=8", "network=r3gan"]):
        network = train_settings(parse_assignments(given)).network
        assert (network.name, network.width) == ("r3gan", 8)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bach": 3}, "Did you mean batch"),
        ({"kernel": 3}, "Did you mean network.kernel"),
        ({"network": {"kernal": 3}}, "Did you mean network.kernel"),
        ({"network": "dcgn"}, "Did you mean dcgan"),
        ({"batch": "many"}, "batch = 'many'"),
        ({"batch": 1}, "batch = 1"),
        ({"budget": "soon"}, "not a budget"),
        ({"budget": 600}, "10m"),
        ({"checkpoint_every": "10m"}, "not a number of images"),
        ({"loss": "wassersteen"}, "Did you mean wasserstein"),
    ],
)
def test_bad_settings_are_named(given: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("(", r"\(")) as caught:
        train_settings(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("assignment", ["batch", "=3", "batch=3=", "batch.size=3"])
def test_an_assignment_without_sense_is_refused(assignment: str) -> None:
    with pytest.raises(SettingsError):
        train_settings(parse_assignments([assignment]))


def test_every_setting_has_a_description() -> None:
    from ganvas.networks import architecture
    from ganvas.train.settings import TrainSettings

    for model in (TrainSettings, architecture("dcgan").settings):
        undescribed = [name for name, field in model.model_fields.items() if name != "name" and not field.description]
        assert undescribed == []
    assert "network.kernel" in setting_names()


@pytest.mark.parametrize(
    ("pictures", "budget", "network"),
    [
        (200, "10m", "dcgan"),
        (200, "1000h", "fastgan"),
        (2000, "10m", "dcgan"),
        (2000, "200k-images", "dcgan"),
        (2000, "1000h", "r3gan"),
    ],
)
def test_the_network_follows_from_the_pictures_and_the_budget(pictures: int, budget: str, network: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (pictures, 1, 16, 16), np.uint8)
    labels, split = np.full(pictures, -1), np.full(pictures, "train")
    packed = PackedSet(Path(), "noise", "", images, labels, [], split, [""] * pictures, {})
    plan = make_plan(train_settings({"budget": budget, "device": "cpu"}), packed)
    assert plan.settings.network.name == network
    assert "network" in [choice.name for choice in plan.choices]
    asked = make_plan(train_settings({"budget": budget, "network": "dcgan"}), packed)
    assert asked.settings.network.name == "dcgan"
    assert "network" not in [choice.name for choice in asked.choices]
