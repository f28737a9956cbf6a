"""Every setting of a training: its default, its limits, what it does. `--set NAME=VALUE` reaches each by its name.

A value of None means: chosen by `plan.py` from the pictures, the machine and the budget, with its reason printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, field_validator

from ganvas.budget import parse_budget
from ganvas.encode.words.similar import MIXTURE_TEMPERATURE
from ganvas.errors import SettingsError, did_you_mean
from ganvas.networks import NetworkSettings, architecture
from ganvas.train.augment import AUGMENTATIONS
from ganvas.train.losses import LOSSES
from ganvas.train.penalties import PENALTIES

AUTO = "auto"  # the architecture that suits the pictures and the budget: plan.py
CLASSIC = "dcgan"


class AlarmSettings(BaseModel):
    """`alarms.*`: when a training is stopped or mended. A patience counts checks or judgements in a row; 0 is off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    one_colour_sigma: float = Field(0.05, ge=0, le=1, description="spread of the samples, as share of the reals'")
    one_colour_patience: int = Field(10, ge=0, description="checks in a row of one colour that stop the run")
    diversity: float = Field(0.5, ge=0, le=1, description="collapse: diversity below this share of its best")
    diversity_patience: int = Field(3, ge=0, description="judgements in a row of collapse that stop the run")
    one_sided_patience: int = Field(60, ge=0, description="checks in a row that the discriminator won or lost outright")
    overfit: float = Field(0.5, ge=0, le=1, description="warns: real training pictures told from held-out ones")
    copies: float = Field(0.05, ge=0, le=1, description="warns: share of the drawn pictures that are copies")
    plateau_patience: int = Field(6, ge=0, description="judgements without a better score that end the run early")


class TrainSettings(BaseModel):
    """The settings of one training run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: SerializeAsAny[NetworkSettings] = Field(
        description="the architecture and its own settings, as network.NAME"
    )
    condition: Literal["none", "label", "word"] | None = Field(None, description="what the generator is told")
    words: str = Field("minilm", description="what turns words into vectors: minilm, glove, or a file of vectors")
    word_design: Literal["map", "mixture"] = Field(
        "mixture", description="an unlearned word is mapped by its vector, or is a mixture of learned words"
    )
    word_noise: float = Field(0.1, ge=0, le=10, description="noise on the vectors of words in training, for map")
    word_temperature: float = Field(
        MIXTURE_TEMPERATURE, gt=0, le=10, description="how soft a mixture of learned words is"
    )
    alias: dict[str, str] = Field(default_factory=dict, description="another word for a label, as a nested value")
    balance: bool | None = Field(None, description="show every label equally often, however rare")
    loss: str | None = Field(None, description="what the two networks play for: " + ", ".join(sorted(LOSSES)))
    drift_weight: float = Field(0.0, ge=0, le=1e3, description="weight of drifting in the discriminator's features")
    budget: str = Field("10m", description="how long to train: 90s, 10m, 2h, 200k-images, 50-epochs; steps only")
    batch: int | None = Field(None, ge=2, le=4096, description="pictures a step, over all processes")
    micro_batch: int | None = Field(None, ge=1, le=4096, description="pictures at once; a step adds up several")
    generator_rate: float | None = Field(None, ge=0, le=1e4, description="Adam's learning rate of the generator")
    discriminator_rate: float | None = Field(
        None, ge=0, le=1e4, description="Adam's learning rate of the discriminator"
    )
    beta1: float | None = Field(None, ge=0, lt=1, description="Adam's first moment decay")
    beta2: float | None = Field(None, ge=0, lt=1, description="Adam's second moment decay")
    beta2_end: float | None = Field(None, ge=0, lt=1, description="what beta2 grows to over the run")
    warmup: float = Field(0.03, ge=0, le=1, description="share of the run, at its start, over which the rates rise")
    decay: float | None = Field(None, ge=0, le=1, description="share of the run, at its end, over which the rates fall")
    rate_end: float | None = Field(None, ge=0, le=1, description="the rates at the very end, as share of the full ones")
    penalty: str | None = Field(None, description="gradient penalty: " + ", ".join(sorted(PENALTIES)))
    gamma: float | None = Field(None, ge=0, le=1e4, description="weight of the gradient penalty; 0 is none")
    gamma_end: float | None = Field(None, ge=0, le=100, description="gamma at the end, as share of gamma")
    penalty_every: int | None = Field(None, ge=1, le=1000, description="steps from one gradient penalty to the next")
    augment: list[str] | None = Field(None, description="what is done to pictures the discriminator sees: a list")
    augment_strength: float | None = Field(None, ge=0, le=1, description="how likely each is; adaptive if not set")
    augment_target: float = Field(0.6, ge=-1, le=1, description="adaptive: the share of real ones told, minus the rest")
    mirror: bool | None = Field(None, description="show real pictures mirrored as often as not")
    ema_shares: list[float] = Field(
        [0.02, 0.08], description="half-lives of the averaged generators, as shares of images seen; the best is kept"
    )
    start_from: str | None = Field(None, description="another run, whose weights are the start (--from)")
    seed: int = Field(0, ge=0, lt=2**63, description="what all randomness of the run follows from")
    precision: Literal["fp32", "bf16"] | None = Field(None, description="number format of the convolutions")
    device: str | None = Field(None, description="cpu, cuda or mps")
    ticks: int = Field(20, ge=1, le=1000, description="sheets over the run")
    sheet: int = Field(64, ge=1, le=1024, description="pictures on a sheet")
    light_judge: int = Field(256, ge=0, le=10000, description="pictures a light judgement looks at; 0 is none")
    judge_every: int | None = Field(None, ge=1, le=1000, description="ticks from one light judgement to the next")
    checkpoint_every: str | None = Field(
        None, description="images between checkpoints, as 2000-images; every tick if not set"
    )
    keep_checkpoints: int = Field(2, ge=1, le=1000, description="how many of the latest checkpoints stay")
    alarms: AlarmSettings = Field(
        default_factory=lambda: AlarmSettings.model_validate({}),
        description="what stops a training that only wastes time",
    )

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
    network = network_settings(given.get("network") or AUTO)
    try:
        checked = TrainSettings.model_validate({**given, "network": network})
    except ValidationError as error:
        raise _explained(error, architecture(CLASSIC if network.name == AUTO else network.name).settings) from None
    if checked.loss is not None:
        LOSSES[checked.loss]
    if checked.penalty is not None:
        PENALTIES[checked.penalty]
    for kind in checked.augment or []:
        AUGMENTATIONS[kind]
    return checked


def network_settings(given: object) -> NetworkSettings:
    """Checked settings of an architecture, from its name or nested values; of AUTO, which the plan replaces, none.

    Settings without a name are those of `dcgan`. Raises SettingsError as above.
    """
    values = given if isinstance(given, Mapping) else {"name": given}
    if dict(values) == {"name": AUTO}:
        return NetworkSettings(name=AUTO)
    kind = architecture(str(values.get("name", CLASSIC)))
    try:
        return kind.settings.model_validate({"name": kind.name, **values})
    except ValidationError as error:
        raise _explained(error, kind.settings, "network.") from None


def setting_names(network: str = CLASSIC) -> list[str]:
    """Every name `--set` knows, dotted."""
    return sorted(_names(architecture(network).settings))


def _explained(error: ValidationError, network: type[NetworkSettings], prefix: str = "") -> SettingsError:
    first = error.errors()[0]
    name = prefix + ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _names(network)
        bare = {n.rpartition(".")[2]: n for n in known}
        guess = f" Did you mean {bare[name]}?" if name in bare else did_you_mean(name, known)
        return SettingsError(f"no setting called {name!r}.{guess} `ganvas train SET --settings` lists them")
    return SettingsError(f"{name} = {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}")


def _names(network: type[NetworkSettings]) -> list[str]:
    own = [name for name in TrainSettings.model_fields if name not in ("network", "alarms")]
    nested: dict[str, type[BaseModel]] = {"alarms": AlarmSettings, "network": network}
    return [*own, *(f"{room}.{name}" for room, kind in nested.items() for name in kind.model_fields)]
