"""Spaces: read as a person writes them, refused in one line, every point named once."""

from __future__ import annotations

import json
import re
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.errors import InputError, SettingsError
from ganvas.pictures.packed import PackedSet
from ganvas.search.axes import key
from ganvas.search.fitting import check_fits
from ganvas.search.search_folder import SearchFolder
from ganvas.search.space import Space, set_of, settings_of
from ganvas.train.settings import train_settings

CLASSIC = """
set = ["vases-32", "vases-64"]
budget = ["25-epochs", "50-epochs"]
batch = [16, 32]
generator_rate = {low = 1e-4, high = 1e-2, log = true, steps = 3}
discriminator_rate = [1e-4, "auto"]

[network]
conv_layers = [2, 3]
generator_filters = [16, 32]
discriminator_filters = 32
"""

TWO_NETWORKS: dict[str, Any] = {
    "network": ["dcgan", "r3gan"],
    "network.generator_filters": {"choices": [16, 32], "when": {"network": "dcgan"}},
    "network.dropout": {"choices": [0, 0.5], "when": {"network.generator_filters": [32]}},
    "network.width": {"low": 16, "high": 48, "step": 16, "when": {"network": ["r3gan"]}},
    "batch": [16, 32],
}


@pytest.fixture
def classic(tmp_path: Path) -> Space:
    (tmp_path / "space.toml").write_text(CLASSIC)
    return Space.read(tmp_path / "space.toml")


def test_the_classic_axes_make_every_combination_once(classic: Space) -> None:
    points = list(classic.points())
    assert classic.count() == len(points) == len(set(map(key, points))) == 2 * 2 * 2 * 3 * 2 * 2 * 2
    sizes = [("vases-32", "vases-64"), ("25-epochs", "50-epochs"), (16, 32), (1e-4, 1e-3, 1e-2), (1e-4, None), (2, 3)]
    wanted = list(product(*sizes, (16, 32), (32,)))
    assert [tuple(point.values()) for point in points] == wanted
    assert list(points[0]) == classic.names()
    assert classic.sets() == ["vases-32", "vases-64"]


def test_a_point_is_nested_settings_that_a_training_takes(classic: Space) -> None:
    point = list(classic.points())[-1]
    assert set_of(point, "vases") == "vases-64"
    assert settings_of(point) == {
        "budget": "50-epochs",
        "batch": 32,
        "generator_rate": 1e-2,
        "discriminator_rate": None,
        "network": {"conv_layers": 3, "generator_filters": 32, "discriminator_filters": 32},
    }
    for point in classic.points():
        train_settings(settings_of(point))
    assert set_of({}, "vases") == "vases"
    assert settings_of({"network": "r3gan"}) == {"network": {"name": "r3gan"}}


def test_an_axis_is_there_only_where_its_condition_holds() -> None:
    space = Space.of(TWO_NETWORKS)
    points = list(space.points())
    assert space.count() == len(points) == len(set(map(key, points))) == 2 * (1 + 2 + 3)
    for point in points:
        assert ("network.generator_filters" in point) == (point["network"] == "dcgan")
        assert ("network.dropout" in point) == (point.get("network.generator_filters") == 32)
        assert ("network.width" in point) == (point["network"] == "r3gan")
        train_settings(settings_of(point))


def test_a_condition_may_stand_before_the_axis_it_asks_for() -> None:
    space = Space.of(dict(reversed(TWO_NETWORKS.items())))
    assert set(map(key, space.points())) == set(map(key, Space.of(TWO_NETWORKS).points()))


def test_a_list_of_dicts_is_alternatives_and_what_they_share_is_there_once(tmp_path: Path) -> None:
    space = Space.of([{"batch": [16, 32], "loss": "hinge"}, {"batch": [32, 64], "loss": ["hinge", "wasserstein"]}])
    assert space.count() == len(list(space.points())) == 5
    file = tmp_path / "space.toml"
    file.write_text(
        'loss = "hinge"\n[[either]]\nbatch = [16, 32]\n[[either]]\nbatch = [32, 64]\nloss = ["wasserstein"]'
    )
    points = [(point["loss"], point["batch"]) for point in Space.read(file).points()]
    assert points == [("hinge", 16), ("hinge", 32), ("wasserstein", 32), ("wasserstein", 64)]


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ({"warmup": {"low": 0, "high": 0.3, "step": 0.1}}, [0, 0.1, 0.2, 0.3]),
        ({"warmup": {"low": 0, "high": 1, "step": 0.3}}, [0, 0.3, 0.6, 0.9]),
        ({"gamma": {"low": 0.1, "high": 100, "log": True, "steps": 4}}, [0.1, 1, 10, 100]),
        ({"batch": {"low": 16, "high": 128, "log": True, "steps": 4}}, [16, 32, 64, 128]),
        ({"batch": {"low": 2, "high": 4, "log": True, "steps": 9}}, [2, 3, 4]),
        ({"network.conv_layers": {"low": 2, "high": 4}}, [2, 3, 4]),
        ({"batch": {"low": 16, "high": 30, "step": 8}}, [16, 24]),
        ({"mirror": [True, False, "auto"]}, [True, False, None]),
        ({"augment": [[], ["flip", "colour"]]}, [[], ["flip", "colour"]]),
        ({"words": ["auto", "glove"]}, ["auto", "glove"]),
        ({"network": ["auto", "dcgan"]}, ["auto", "dcgan"]),
        ({"network": {"name": ["dcgan", "fastgan"]}}, ["dcgan", "fastgan"]),
        ({"alias": {"t-shirt/top": "shirt"}}, [{"t-shirt/top": "shirt"}]),
        ({"alarms": {"plateau_patience": [0, 6]}}, [0, 6]),
        ({"gamma": [1, 2.5]}, [1.0, 2.5]),
    ],
)
def test_values_are_those_that_were_meant(written: dict[str, Any], values: list[Any]) -> None:
    points = list(Space.of(written).points())
    assert [value for point in points for value in point.values()] == values
    kinds = {type(value) for point in points for value in point.values()}
    assert kinds == {type(value) for value in values} or kinds == {float}
    for point in points:
        train_settings(settings_of(point))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"bacth": [16]}, "Did you mean batch"),
        ({"kernel": [3]}, "Did you mean network.kernel"),
        ({"network.kernal": [3]}, "Did you mean network.kernel"),
        ({"network": "r3gan", "network.widht": [3]}, "Did you mean network.width"),
        ({"network": ["dcgan", "r3gan"], "network.kernel": [3]}, 'add when = {network = "dcgan"}'),
        ({"network": ["dcgn"]}, "Did you mean dcgan"),
        ({"network": ["auto"], "network.latent": [8, 16]}, "needs a network by name"),
        ({"network": [{"name": "dcgan"}]}, "their settings as axes"),
        ({"network": {}}, "empty table"),
        ({"alarms.overfitt": [0.1]}, "Did you mean alarms.overfit"),
        ({"foo.bar": [1]}, "no setting called 'foo.bar'"),
        ({"epochs": [25, 50]}, 'budget = ["25-epochs", "50-epochs"]'),
        ({"size": [32, 64]}, 'set = ["vases-32", "vases-64"]'),
        ({"learning_rate": [0.1]}, "generator_rate and discriminator_rate"),
        ({"seed": [0, 1]}, "--repeat 3"),
        ({"batch": []}, "batch has no values"),
        ({"batch": [1, 16]}, "batch = 1: input should be greater"),
        ({"batch": [16, 16.0]}, "16 is there twice"),
        ({"batch": {"low": 1, "high": 8}}, "batch = 1: input should be greater"),
        ({"warmup": {"low": 0.5, "high": 1.5}}, "warmup = 1.5: input should be less"),
        ({"batch": {"low": 2.5, "high": 8}}, "batch = 2.5"),
        ({"batch": {"low": 2, "high": 8, "step": 0.5}}, "step = 0.5 must be a whole number"),
        ({"batch": {"low": 8}}, "a range needs high"),
        ({"batch": {"low": 8, "hihg": 16}}, "Did you mean high"),
        ({"batch": {"low": 8, "high": 4}}, "low = 8 must be below high = 4"),
        ({"gamma": {"low": 0, "high": 4, "log": True}}, "begins above 0"),
        ({"gamma": {"low": 1, "high": 4, "log": True, "step": 1}}, "step goes with neither"),
        ({"gamma": {"low": 1, "high": 4, "step": 9}}, "does not fit"),
        ({"gamma": {"low": 1, "high": 4, "step": 1e-9}}, "more than 100,000 values"),
        ({"gamma": {"low": 1, "high": 4, "steps": 1}}, "whole number from 2"),
        ({"gamma": {"low": "1", "high": 4}}, "low = '1' is no number"),
        ({"gamma": {"choices": [1], "low": 1, "high": 2}}, "exclude each other"),
        ({"loss": ["hing"]}, "Did you mean hinge"),
        ({"loss": {"low": 1, "high": 2}}, "loss takes no range"),
        ({"augment": ["flip", "colour"]}, "a list of lists"),
        ({"budget": ["ten"]}, "write it as 90s"),
        ({"set": ["../x"]}, "set name '../x' cannot be used"),
        ({"set": {"low": 1, "high": 2}}, "set takes no range"),
        ({"batch": {"choices": [8], "when": {"network": "dcgan"}}}, "when names no axis 'network'"),
        ({"network": ["dcgan"], "batch": {"choices": [8], "when": {"network": "r3gn"}}}, "condition names no network"),
        (
            {"loss": ["hinge"], "batch": {"choices": [8], "when": {"loss": "wasserstein"}}},
            "which the axis loss never is",
        ),
        (
            {"gamma": {"low": 1, "high": 2}, "batch": {"choices": [8], "when": {"gamma": 1.5}}},
            "asks for gamma, a range",
        ),
        ({"batch": {"choices": [8], "when": "dcgan"}}, "is no condition"),
        (
            {"batch": {"choices": [8], "when": {"gamma": 1}}, "gamma": {"choices": [1], "when": {"batch": 8}}},
            "wait for each other",
        ),
        ({"network.latent": [8], "network": {"latent": [8], "name": "dcgan"}}, "there twice"),
        ({}, "has no axes"),
        ({"either": []}, "a table of axes, or a list of them"),
        ([], "a table of axes, or a list of them"),
    ],
)
def test_what_is_no_space_is_refused_in_one_line_with_its_file(written: Any, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Space.of(written, "space.toml")
    assert told in str(refused.value)
    assert str(refused.value).startswith("space.toml")
    assert "\n" not in str(refused.value)


def test_an_alternative_that_is_wrong_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^space.toml, either 2: batch = 1"):
        Space.of([{"batch": [16]}, {"batch": [1]}], "space.toml")


def test_a_file_that_is_no_toml_or_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text("batch = [16")
    with pytest.raises(SettingsError, match="space.toml is not valid TOML"):
        Space.read(tmp_path / "space.toml")
    with pytest.raises(InputError, match="cannot be read"):
        Space.read(tmp_path / "none.toml")


def test_a_range_without_steps_cannot_be_counted_nor_named() -> None:
    space = Space.of({"batch": [16, 32], "generator_rate": {"low": 1e-4, "high": 1e-2, "log": True}})
    assert space.count() is None
    with pytest.raises(SettingsError, match=r"generator_rate is a range without steps.*steps = 5"):
        list(space.points())


def test_a_space_of_many_points_is_counted_without_naming_them() -> None:
    axes = {name: {"low": 0, "high": 1, "steps": 1000} for name in ("warmup", "decay", "rate_end")}
    assert Space.of({**axes, **TWO_NETWORKS}).count() == 1000**3 * 12


@pytest.mark.parametrize(
    "written",
    [
        TWO_NETWORKS,
        [{"batch": [16, "auto"]}, {"gamma": {"low": 1, "high": 9}}],
        {"warmup": {"low": 0, "high": 0.3, "step": 0.1}, "decay": {"low": 0.0, "high": 1, "steps": 3}},
    ],
)
def test_a_space_comes_back_from_search_json(written: Any, tmp_path: Path) -> None:
    space = Space.of(written)
    folder = SearchFolder(tmp_path)
    folder.write_asked({"set": "vases", "space": space.as_json()})
    assert Space.of(folder.read_asked()["space"]) == space
    assert json.loads(json.dumps(space.as_json())) == space.as_json()


def test_notes_say_what_is_not_equal_between_trials(classic: Space) -> None:
    assert [note.partition(" ")[0] for note in classic.notes()] == ["budget", "2"]
    assert Space.of(TWO_NETWORKS).notes() == []


def test_networks_that_cannot_draw_the_pictures_are_refused_before_anything_runs() -> None:
    images = np.zeros((60, 1, 16, 16), np.uint8)
    packed = PackedSet(Path(), "tiny", "", images, np.full(60, -1), [], np.full(60, "train"), [""] * 60, {})
    check_fits(Space.of({"network.conv_layers": [2, 3], "batch": [16]}), packed)
    with pytest.raises(SettingsError, match="set tiny: network.conv_layers = 4 halves 16×16 away"):
        check_fits(Space.of({"network.conv_layers": {"low": 2, "high": 6}}), packed)
    elsewhere = {"set": ["tiny", "large"], "network.conv_layers": {"choices": [6], "when": {"set": "large"}}}
    check_fits(Space.of(elsewhere), packed)


def test_the_spaces_of_the_documentation_are_spaces() -> None:
    text = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    counts = [Space.of(tomllib.loads(block)).count() for block in blocks]
    assert counts == [96, 3, 2 + 4, 2 * 2 + 2]
    assert "96 trials" in text
    rows = re.findall(r"^\| `([^`]+ = [^`]+)` \|", text, re.MULTILINE)
    assert len(rows) == 8
    for row in rows:
        Space.of(tomllib.loads(row))
