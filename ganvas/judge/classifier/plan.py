"""Every setting that was left open is chosen from pictures, machine and budget, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganvas.budget import Budget, parse_budget
from ganvas.choice import Choice
from ganvas.device import choose_device, choose_precision, macs_a_second
from ganvas.flips import MOST_PICTURES, flips_allowed
from ganvas.judge.classifier.backbones import BACKBONES, USUAL, Backbone, Wanted
from ganvas.judge.classifier.examples import Examples
from ganvas.judge.classifier.scratch import multiply_adds
from ganvas.judge.classifier.settings import ClassifierSettings

UNEVEN = 3  # times as many pictures in the commonest label as in the rarest
EPOCHS = 12  # a network from nothing wants
WIDTHS = (64, 48, 40, 32, 24, 16, 8)
WITHOUT_CLOCK = 24
SIDES_PX = (224, 160, 128, 96)
SMALL_PX = 64
PASSES = 12  # over all training pictures, in the price of one forward each: what a larger side must leave room for
ENCODING = 0.7  # of the frozen lesson at most goes into features
LEARNING = 3.5  # times as long as looking, where the last parts learn
GPU_MACS = 2e13  # a second of a GPU's usual rate; not measured
REACHED = 0.6  # of the processor's usual rate, by networks of thin convolutions


@dataclass(frozen=True)
class Plan:
    """Settings without gaps, how long they learn, and why they are what they are."""

    settings: ClassifierSettings
    choices: tuple[Choice, ...]
    budget: Budget

    @property
    def device(self) -> str:
        return self.settings.device or "cpu"


def make_plan(asked: ClassifierSettings, examples: Examples) -> Plan:
    """Fill the open settings. Raises SettingsError for a device or a backbone that is not here."""
    device, count = choose_device(asked.device), len(examples.train)
    precision = choose_precision(asked.precision, device.name)
    budget = parse_budget(asked.budget, count)
    choices: list[Choice] = []

    def choose(name: str, value: Any, reason: str) -> Any:
        given = getattr(asked, name)
        if given is not None:
            return given
        choices.append(Choice(name, _shown(value), reason))
        return value

    known = "it knows pictures already, which was nearer and quicker with 1,000 and with 60,000 pictures alike"
    filled: dict[str, Any] = {"backbone": choose("backbone", USUAL, known)}
    macs = budget.amount * macs_a_second(device.name, GPU_MACS) if budget.kind == "seconds" else None
    backbone = BACKBONES[filled["backbone"]]
    if backbone.pretrained:
        filled["size_px"] = choose("size_px", *_size(backbone.macs_at_96, asked, examples, macs))
        sized = asked.model_copy(update=filled)
        filled["unfrozen"] = choose("unfrozen", *_unfrozen(backbone, sized, budget, macs, count))
        if not filled["unfrozen"]:
            filled["frozen_share"] = 1.0
    else:
        filled["depth"] = asked.depth or 1
        filled["width"] = choose("width", *_width(asked, examples, macs))
    batch = int(np.clip(count // 320 * 16, 16, 128))
    filled["batch"] = min(choose("batch", batch, "about twenty steps an epoch, or 128"), count)
    filled["augment"] = choose("augment", *_augment(asked, examples))
    filled["class_weights"] = choose("class_weights", *_class_weights(examples.counts))
    filled |= {"device": device.name, "precision": precision.name}
    choices += [Choice("device", device.name, device.reason), Choice("precision", precision.name, precision.reason)]
    return Plan(asked.model_copy(update=filled), tuple(choices), budget)


def encoding_until(settings: ClassifierSettings) -> float:
    """The share of the budget after which no more features are made."""
    return settings.frozen_share * ENCODING


def _size(macs_at_96: float, asked: ClassifierSettings, examples: Examples, macs: float | None) -> tuple[int, str]:
    # Enlarged to more than twice its size a picture shows nothing more: of 28 × 28, as much is told at 64 px as at 96.
    largest = max(SMALL_PX, 2 * max(examples.height, examples.width))
    fitting = [side for side in SIDES_PX if side <= largest]
    pictures = f"pictures of {examples.width}×{examples.height}"
    if not fitting:
        return SMALL_PX, f"{pictures} show no more if they are larger"
    if macs is None or not macs_at_96:
        return min(fitting[0], 128), pictures
    looks = REACHED * macs / macs_at_96  # at 96 px, in the whole budget
    for side in fitting:
        if looks * (96 / side) ** 2 >= PASSES * len(examples.train):
            return side, f"{pictures}, and time to look at all of them so large"
    return SMALL_PX, f"{asked.budget} leaves no time to look at larger ones often enough"


def _unfrozen(
    backbone: Backbone, sized: ClassifierSettings, budget: Budget, macs: float | None, count: int
) -> tuple[int, str]:
    """How many parts: none where the budget would not show them every picture, which costs more than it gives.

    58,000 pictures of Fashion-MNIST: 94.0 % right before, 92.8 % after 7,000 were shown to 6 parts. Of 1,000 pictures,
    each shown 40 times: 86.6 % with none, 87.0 % with 6, 87.8 % with 12 parts (one seed each, ± 0.5 %).
    """
    left = 1 - sized.frozen_share
    if macs is None:
        epochs = left * budget.amount / count
    elif backbone.macs_at_96:
        epochs = left * REACHED * macs / (LEARNING * backbone.macs_at_96 * ((sized.size_px or 96) / 96) ** 2 * count)
    else:
        return backbone.unfrozen, "its last parts"
    if epochs < 1:
        return 0, f"{sized.budget} would show them only {epochs:.0%} of the pictures: the head has all of it"
    return backbone.unfrozen, f"its last parts, shown every picture about {min(epochs, 40):.0f} times"


def _width(asked: ClassifierSettings, examples: Examples, macs: float | None) -> tuple[int, str]:
    if macs is None:
        return WITHOUT_CLOCK, "a budget without a clock"
    shape = (examples.channels, examples.height, examples.width, len(examples.names))
    for width in WIDTHS:
        cost = multiply_adds(Wanted(asked.model_copy(update={"width": width}), *shape))
        epochs = macs / (3 * cost * len(examples.train))  # backward costs twice forward
        if epochs >= EPOCHS:
            break
    return (
        width,
        f"the widest that sees every picture about {EPOCHS} times in {asked.budget}"
        if epochs >= EPOCHS
        else (f"the narrowest; even so about {epochs:.1f} epochs in {asked.budget}"),
    )


def _augment(asked: ClassifierSettings, examples: Examples) -> tuple[list[str], str]:
    if asked.augment is not None:
        return [], ""
    sample = examples.train[:: max(1, len(examples.train) // MOST_PICTURES)]
    answer = flips_allowed(np.asarray(examples.pictures[sample]), examples.labels[sample], asked.seed)
    return ["shift", "colour", *(["flip"] if answer.allowed else [])], str(answer)


def _class_weights(counts: np.ndarray[Any, Any]) -> tuple[bool, str]:
    uneven = counts.max() > UNEVEN * counts.min()
    return bool(uneven), f"the commonest label has {counts.max():,} pictures, the rarest {counts.min():,}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
