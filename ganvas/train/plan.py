"""The plan of a run: every setting that was left open is chosen from pictures, machine and budget, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganvas.errors import SettingsError
from ganvas.networks import Shape, architecture
from ganvas.pictures.packed import PackedSet
from ganvas.train.budget import Budget, parse_budget, parse_images
from ganvas.train.device import choose_device, choose_precision
from ganvas.train.settings import TrainSettings

FEWEST_PICTURES = 2
FEWEST_A_LABEL = 10


@dataclass(frozen=True)
class Choice:
    """One decision taken for the user."""

    name: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} = {self.value} ({self.reason})"


@dataclass(frozen=True)
class Plan:
    """Settings without gaps, what they mean for this set, and why they are what they are."""

    settings: TrainSettings
    choices: tuple[Choice, ...]
    shape: Shape
    loss: str
    batch: int
    budget: Budget
    checkpoint_every: int | None


def make_plan(asked: TrainSettings, packed: PackedSet) -> Plan:
    """Fill the open settings for this set. Raises SettingsError where what was asked cannot fit it."""
    if len(packed.train) < FEWEST_PICTURES:
        raise SettingsError(f"set {packed.name} has {len(packed.train)} training pictures: a GAN needs some hundreds")
    choices: list[Choice] = []
    condition = _condition(asked, packed, choices)
    shape = Shape(packed.height, packed.width, packed.channels, len(packed.label_names) if condition == "label" else 0)
    network, reasons = architecture(asked.network.name).resolve(asked.network, shape)
    choices += [Choice(f"network.{key}", str(getattr(network, key)), reason) for key, reason in reasons.items()]
    filled = {"network": network, "condition": condition, **_numbers(asked, shape, choices)}
    device = choose_device(asked.device)
    precision = choose_precision(asked.precision, device.name)
    choices.append(Choice("device", device.name, device.reason))
    choices.append(Choice("precision", precision.name, precision.reason))
    settings = asked.model_copy(update={**filled, "device": device.name, "precision": precision.name})
    budget = parse_budget(settings.budget, len(packed.train))
    every = parse_images(settings.checkpoint_every, len(packed.train)) if settings.checkpoint_every else None
    assert settings.loss is not None
    assert settings.batch is not None
    return Plan(settings, tuple(choices), shape, settings.loss, settings.batch, budget, every)


def _condition(asked: TrainSettings, packed: PackedSet, choices: list[Choice]) -> str:
    names = packed.label_names
    labels = packed.labels[packed.train]
    unlabelled = int((labels < 0).sum())
    if asked.condition == "label" and len(names) < 2:
        raise SettingsError(f"set {packed.name} has {len(names)} labels: --condition label needs two or more")
    if asked.condition == "label" and unlabelled:
        raise SettingsError(
            f"{unlabelled:,} training pictures of set {packed.name} have no label: make a set without them, or train "
            "with --condition none"
        )
    if asked.condition is not None:
        return asked.condition
    counts = [int((labels == i).sum()) for i in range(len(names))]
    labelled = len(names) >= 2 and min(counts) >= FEWEST_A_LABEL and not unlabelled
    reason = (
        f"{len(names)} labels, the rarest with {min(counts):,} pictures: told apart they are learned quicker"
        if labelled
        else "the set has no two labels with enough pictures each"
    )
    choices.append(Choice("condition", "label" if labelled else "none", reason))
    return "label" if labelled else "none"


def _numbers(asked: TrainSettings, shape: Shape, choices: list[Choice]) -> dict[str, Any]:
    """Loss, batch, rates and penalty: measured on Fashion-MNIST 28 × 28 and houses 128 × 96 (benchmarks/README.md)."""
    small = shape.height * shape.width <= 32 * 32
    kind = f"{shape.width}×{shape.height} pixels"
    proposals: dict[str, tuple[Any, str]] = {
        "loss": ("relativistic", "pairs of a real and a drawn picture cover more kinds than either alone"),
        "batch": (32 if small else 16, f"{kind}: many small steps learn more in a short time than few large ones"),
        "discriminator_rate": (1.6e-3 if small else 1.2e-3, f"{kind}; the discriminator must stay ahead"),
        "generator_rate": (8e-4, "as high as stayed stable, below the discriminator's"),
        "gamma": (0.2 if small else 2.0, f"{kind}: a larger picture has a larger gradient"),
    }
    filled = {}
    for name, (value, reason) in proposals.items():
        if getattr(asked, name) is None:
            filled[name] = value
            choices.append(Choice(name, value if isinstance(value, str) else f"{value:g}", reason))
    return filled
