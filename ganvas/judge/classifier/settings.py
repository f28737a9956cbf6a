"""Every setting of a classifier: its default, its limits, what it does. `--set NAME=VALUE` reaches each by its name.

A value of None means: chosen by `plan.py` from the pictures, the machine and the budget, with its reason printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ganvas.budget import parse_budget
from ganvas.errors import SettingsError, did_you_mean
from ganvas.judge.classifier.backbones import BACKBONES

Augmentation = Literal["shift", "colour", "flip"]


class ClassifierSettings(BaseModel):
    """The settings of one classifier."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backbone: str | None = Field(None, description="what looks: scratch, effnet-lite0, resnet18, or a plug-in's")
    budget: str = Field("10m", description="how long to train: 90s, 10m, 2h, 200k-images, 50-epochs")
    depth: int | None = Field(None, ge=1, le=16, description="scratch: residual blocks a stage")
    width: int | None = Field(None, ge=4, le=512, description="scratch: channels of the stem, doubled at each stage")
    weights: str | None = Field(None, description="resnet18: a folder, or a name on the Hugging Face hub")
    size_px: int | None = Field(None, ge=32, le=512, description="transfer: side that pictures are stretched to")
    hidden: int = Field(256, ge=0, le=8192, description="transfer: hidden units on the features; 0 is a plain softmax")
    frozen_share: float = Field(
        0.6, gt=0, le=1, description="transfer: share of the budget in which only the head learns"
    )
    unfrozen: int | None = Field(None, ge=0, le=1000, description="transfer: last parts that learn in the rest of it")
    dropout: float = Field(0.2, ge=0, lt=1, description="share of the features hidden from the last layers")
    batch: int | None = Field(None, ge=2, le=4096, description="pictures a step")
    rate: float | None = Field(None, gt=0, le=10, description="AdamW's highest learning rate")
    unfrozen_rate: float | None = Field(
        None, gt=0, le=10, description="transfer: of unfrozen weights, as share of their size"
    )
    weight_decay: float = Field(0.02, ge=0, le=10, description="AdamW's weight decay")
    label_smoothing: float = Field(0.05, ge=0, lt=1, description="share of certainty spread over all labels")
    augment: list[Augmentation] | None = Field(None, description="what training pictures go through: a list")
    class_weights: bool | None = Field(None, description="let a rare label's pictures count for more")
    validation: float = Field(0.1, gt=0, lt=0.9, description="share of the training pictures that stops and calibrates")
    patience: float = Field(
        0.35, ge=0, le=1, description="share of a lesson without a lower validation loss that ends it; 0 is off"
    )
    seed: int = Field(0, ge=0, lt=2**63, description="what all randomness follows from")
    precision: Literal["fp32", "bf16"] | None = Field(None, description="number format of the convolutions")
    device: str | None = Field(None, description="cpu, cuda or mps")

    @field_validator("budget", mode="before")
    @classmethod
    def _budget_is_one(cls, given: object) -> str:
        parse_budget(str(given), images_per_epoch=1000)
        return str(given)


def classifier_settings(given: Mapping[str, Any] | None = None) -> ClassifierSettings:
    """Checked settings. Raises SettingsError with the setting's name and the nearest known one."""
    try:
        checked = ClassifierSettings.model_validate(dict(given or {}))
    except ValidationError as error:
        raise _explained(error) from None
    if checked.backbone is not None:
        BACKBONES[checked.backbone]
    return checked


def _explained(error: ValidationError) -> SettingsError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        guess = did_you_mean(name, ClassifierSettings.model_fields)
        return SettingsError(f"no setting called {name!r}.{guess} `ganvas classify train SET --settings` lists them")
    return SettingsError(f"{name} = {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}")
