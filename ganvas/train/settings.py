"""Every setting of a training: its default, its limits, what it does. `--set NAME=VALUE` reaches each by its name.

A value of None means: chosen by `plan.py` from the pictures, the machine and the budget, with its reason printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, field_validator

from ganvas.errors import SettingsError, did_you_mean
from ganvas.networks import NetworkSettings, architecture
from ganvas.train.budget import parse_budget


class TrainSettings(BaseModel):
    """The settings of one training run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: SerializeAsAny[NetworkSettings] = Field(
        description="the architecture and its own settings, as network.NAME"
    )
    condition: Literal["none", "label"] | None = Field(None, description="what the generator is told beside noise")
    loss: Literal["non-saturating", "hinge", "relativistic"] | None = Field(
        None, description="what the two networks play for"
    )
    budget: str = Field("10m", description="how long to train: 90s, 10m, 2h, 200k-images, 50-epochs; steps only")
    batch: int | None = Field(None, ge=2, le=4096, description="pictures a step")
    generator_rate: float | None = Field(None, ge=0, le=1e4, description="Adam's learning rate of the generator")
    discriminator_rate: float | None = Field(
        None, ge=0, le=1e4, description="Adam's learning rate of the discriminator"
    )
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's first moment decay")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's second moment decay")
    warmup: float = Field(0.03, ge=0, le=1, description="share of the run, at its start, over which the rates rise")
    decay: float = Field(0.0, ge=0, le=1, description="share of the run, at its end, over which the rates fall")
    gamma: float | None = Field(None, ge=0, le=1e4, description="weight of the R1 gradient penalty; 0 is none")
    penalty_every: int = Field(8, ge=1, le=1000, description="steps from one gradient penalty to the next")
    ema_share: float = Field(
        0.02, ge=0, le=1, description="half-life of the averaged generator, as share of images seen"
    )
    seed: int = Field(0, ge=0, lt=2**63, description="what all randomness of the run follows from")
    precision: Literal["fp32", "bf16"] | None = Field(None, description="number format of the convolutions")
    device: str | None = Field(None, description="cpu, cuda or mps")
    ticks: int = Field(20, ge=1, le=1000, description="sheets over the run")
    sheet: int = Field(64, ge=1, le=1024, description="pictures on a sheet")
    light_judge: int = Field(256, ge=0, le=10000, description="pictures judged at each tick; 0 is none")
    checkpoint_every: str | None = Field(
        None, description="images between checkpoints, as 2000-images; every tick if not set"
    )
    keep_checkpoints: int = Field(2, ge=1, le=1000, description="how many of the latest checkpoints stay")
    one_colour_sigma: float = Field(
        0.05, ge=0, le=1, description="alarm: spread of the samples, as share of the reals'"
    )
    one_colour_patience: int = Field(10, ge=1, description="alarm: how many checks in a row must be of one colour")

    @field_validator("budget", mode="before")
    @classmethod
    def _budget_is_one(cls, given: object) -> str:
        parse_budget(str(given), images_per_epoch=1000)
        return str(given)

    @field_validator("checkpoint_every")
    @classmethod
    def _interval_is_one(cls, text: str | None) -> str | None:
        if text is not None and parse_budget(text, images_per_epoch=1000).kind != "images":
            raise SettingsError(f"{text!r} is not a number of images: write it as 2000-images")
        return text


def train_settings(given: Mapping[str, Any]) -> TrainSettings:
    """Checked settings from nested values. Raises SettingsError with the setting's name and the nearest known one."""
    values = {key: value for key, value in given.items() if key != "network"}
    network = given.get("network") or {}
    if not isinstance(network, Mapping):
        network = {"name": network}
    kind = architecture(str(network.get("name", "dcgan")))
    try:
        checked = kind.settings.model_validate({"name": kind.name, **network})
        return TrainSettings.model_validate({"network": checked, **values})
    except ValidationError as error:
        raise _explained(
            error, prefix="network." if error.title == kind.settings.__name__ else "", kind=kind.settings
        ) from None


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """`["batch=32", "network.kernel=5"]` as nested values, each read as JSON where it is JSON, else as text."""
    nested: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.strip():
            raise SettingsError(f"--set {assignment!r} has no value: write it as name=value")
        *parents, last = name.strip().split(".")
        place = nested
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise SettingsError(f"--set {assignment!r}: {parent} has a value already and no settings of its own")
        place[last] = _value(text.strip())
    return nested


def setting_names(network: str = "dcgan") -> list[str]:
    """Every name `--set` knows, dotted."""
    own = [name for name in TrainSettings.model_fields if name != "network"]
    return sorted([*own, *(f"network.{name}" for name in architecture(network).settings.model_fields)])


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _explained(error: ValidationError, prefix: str, kind: type[NetworkSettings]) -> SettingsError:
    first = error.errors()[0]
    name = prefix + ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = [
            *(n for n in TrainSettings.model_fields if n != "network"),
            *(f"network.{n}" for n in kind.model_fields),
        ]
        bare = {n.rpartition(".")[2]: n for n in known}
        guess = f" Did you mean {bare[name]}?" if name in bare else did_you_mean(name, known)
        return SettingsError(f"no setting called {name!r}.{guess} `ganvas train SET --settings` lists them")
    return SettingsError(f"{name} = {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}")
