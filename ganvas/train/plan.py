"""The plan of a run: every setting that was left open is chosen from pictures, machine and budget, with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ganvas.budget import Budget, parse_budget, parse_images
from ganvas.choice import Choice
from ganvas.device import DeviceChoice, choose_device, choose_precision, macs_a_second
from ganvas.errors import SettingsError
from ganvas.flips import MOST_PICTURES, flips_allowed
from ganvas.networks import Means, NetworkSettings, Recipe, Shape, architecture
from ganvas.pictures.packed import PackedSet
from ganvas.train.condition import Conditions
from ganvas.train.light_judge import LightJudge, cost_seconds, ticks_between
from ganvas.train.settings import AUTO, TrainSettings, network_settings
from ganvas.train.telling import AS_ASKED, choose_condition

FEWEST_PICTURES = 2
ENOUGH_PICTURES = 50_000  # from here on augmentation costs more than it gives (research: FFHQ at 70,000 got worse)
HUNDREDS = 1_000
MANY_IMAGES = 1_000_000  # of a budget without a clock: a long one
PATIENCE = 1e5  # multiply-adds a pixel and picture: about twice what dcgan needs
UNEVEN = 5  # times as many pictures in the commonest label as in the rarest


@dataclass(frozen=True)
class Plan:
    """Settings without gaps, what they mean for this set, and why they are what they are."""

    settings: TrainSettings
    choices: tuple[Choice, ...]
    shape: Shape
    conditions: Conditions
    budget: Budget
    checkpoint_every: int | None

    @property
    def batch(self) -> int:
        assert self.settings.batch is not None
        return self.settings.batch


def make_plan(asked: TrainSettings, packed: PackedSet, conditions: Conditions | None = None) -> Plan:
    """Fill the open settings for this set; `conditions` are those of a run that goes on.

    Raises SettingsError where what was asked cannot fit the set.
    """
    count = len(packed.train)
    if count < FEWEST_PICTURES:
        raise SettingsError(f"set {packed.name} has {count} training pictures: a GAN needs some hundreds")
    choices: list[Choice] = []
    if conditions is None:
        conditions, reason = choose_condition(asked, packed)
        if reason != AS_ASKED:
            choices.append(Choice("condition", conditions.kind, reason))
    shape = Shape(packed.height, packed.width, packed.channels, conditions.width)
    device = choose_device(asked.device)
    precision = choose_precision(asked.precision, device.name)
    budget = parse_budget(asked.budget, count)
    means = _means(budget, device, count, shape.height * shape.width)
    if asked.batch is not None:  # what is proposed for a GPU's large batches does not suit any other
        means = replace(means, gpu=False)
    opened = asked.network if asked.network.name != AUTO else _suitable(means, budget, choices)
    kind = architecture(opened.name)
    network, reasons = kind.resolve(opened, shape, means)
    choices += [Choice(f"network.{key}", str(getattr(network, key)), why) for key, why in reasons.items()]
    filled = _filled(asked, kind.recipe(network, shape, means), network, choices)
    filled |= _for_the_pictures(asked, packed, conditions, choices)
    choices.append(Choice("device", device.name, device.reason))
    choices.append(Choice("precision", precision.name, precision.reason))
    filled |= {"condition": conditions.kind, "device": device.name, "precision": precision.name}
    settings = asked.model_copy(update={"network": network, **filled})
    if settings.judge_every is None:
        settings = settings.model_copy(update={"judge_every": _judge_every(settings, packed, shape, budget, choices)})
    every = parse_images(settings.checkpoint_every, count) if settings.checkpoint_every else None
    return Plan(settings, tuple(choices), shape, conditions, budget, every)


def _suitable(means: Means, budget: Budget, choices: list[Choice]) -> NetworkSettings:
    """The architecture for these pictures and this budget: measured in benchmarks/README.md."""
    long = budget.amount >= MANY_IMAGES if means.macs is None else not means.short
    if long and means.pictures < HUNDREDS:
        name, reason = "fastgan", f"a long budget for {means.pictures:,} training pictures: made for hundreds"
    elif long:
        name, reason = "r3gan", "a long budget: the modern network that goes on learning"
    else:
        name, reason = "dcgan", "the quickest to good pictures in a short budget"
    choices.append(Choice("network", name, reason))
    return network_settings(name)


def sizes(plan: Plan) -> str:
    """What the networks of a plan are made of, in a line."""
    from ganvas.networks.cost import cost_of

    spent, shape = cost_of(plan.settings.network, plan.shape), plan.shape
    told = f" + {shape.condition} told" if shape.condition else ""
    latent: int = plan.settings.network.latent  # type: ignore[attr-defined]
    return (
        f"generator {latent}{told} → {shape.width}×{shape.height}×{shape.channels}: "
        f"{spent.generator_parameters / 1e6:.2f} M parameters, {spent.generator_macs / 1e6:.1f} M multiply-adds; "
        f"discriminator: {spent.discriminator_parameters / 1e6:.2f} M, {spent.discriminator_macs / 1e6:.1f} M"
    )


def _means(budget: Budget, device: DeviceChoice, pictures: int, pixels: int) -> Means:
    if budget.kind == "seconds":
        return Means(pictures, budget.amount * macs_a_second(device.name), gpu=device.name.startswith("cuda"))
    # A budget in images has no clock, but who waits for a processor wants networks of a processor's size.
    patient = budget.amount * pixels * PATIENCE if device.name == "cpu" else None
    return Means(pictures, patient)


def _filled(asked: TrainSettings, recipe: Recipe, network: NetworkSettings, choices: list[Choice]) -> dict[str, Any]:
    """What the architecture proposes, and for what it leaves open, what suits the loss."""
    loss = asked.loss or recipe["loss"][0]
    quiet: Recipe = {
        "beta1": (0.0, ""),
        "beta2": (0.99, ""),
        "decay": (0.0, ""),
        "rate_end": (0.0, ""),
        "gamma_end": (1.0, ""),
        "penalty": ("r1", ""),
        "penalty_every": (8, ""),
    }
    if loss == "wasserstein":
        weighed = {"penalty": ("interpolated", "a Wasserstein critic must be smooth between real and drawn")}
        light = (1.0, "a tenth of its paper's, whose critic learns five times as often")
        recipe = {**recipe, **weighed, "gamma": light, "penalty_every": (1, "")}
    elif loss == "drifting":
        batch = (256, "a drift is seen only beside many others of its kind")
        recipe = {**recipe, "penalty": ("none", "no discriminator, nothing to keep smooth"), "batch": batch}
    if asked.gamma and not asked.penalty and recipe.get("penalty", ("r1", ""))[0] == "none":
        recipe = {**recipe, "penalty": ("r1", "a gamma was asked for")}
    if asked.penalty not in (None, "none") and recipe["gamma"][0] == 0:
        recipe = {**recipe, "gamma": (1.0, "a penalty was asked for")}
    filled = {}
    for name, (value, reason) in {**recipe, **quiet, **recipe}.items():
        if getattr(asked, name) is None:
            filled[name] = value
            if reason:
                choices.append(Choice(name, value if isinstance(value, str) else f"{value:g}", reason))
    if filled.get("beta2_end", asked.beta2_end) is None:
        filled["beta2_end"] = filled.get("beta2", asked.beta2)
    return filled


def _judge_every(
    settings: TrainSettings, packed: PackedSet, shape: Shape, budget: Budget, choices: list[Choice]
) -> int:
    from ganvas.networks.cost import cost_of

    if not LightJudge.possible(packed, settings.light_judge):
        return 1
    seconds = budget.amount
    if budget.kind == "images":
        price = cost_of(settings.network, shape).training_macs(1 / (settings.penalty_every or 1))
        seconds *= price / macs_a_second(settings.device or "cpu")
    every = ticks_between(settings.ticks, seconds, settings.light_judge)
    if every > 1:
        about = cost_seconds(settings.light_judge)
        choices.append(Choice("judge_every", f"{every} ticks", f"a look at its pictures costs about {about:.1f} s"))
    return every


def _for_the_pictures(
    asked: TrainSettings, packed: PackedSet, conditions: Conditions, choices: list[Choice]
) -> dict[str, Any]:
    """Augmentation, mirroring and balance: what depends on the pictures alone."""
    count = len(packed.train)
    filled: dict[str, Any] = {}
    if asked.augment is None:
        kinds = [] if count >= ENOUGH_PICTURES else ["translation", "colour"]
        kinds += ["cutout"] if count < HUNDREDS else []
        filled["augment"] = kinds
        reason = "enough to learn from" if not kinds else "as strong as the discriminator's certainty asks for"
        choices.append(Choice("augment", ", ".join(kinds) or "nothing", f"{count:,} training pictures: {reason}"))
    if asked.mirror is None:
        sample = packed.train[:: max(1, count // MOST_PICTURES)]
        told = packed.labels[sample] if conditions.kind != "none" else None
        answer = flips_allowed(np.asarray(packed.images[sample]), told, asked.seed)
        filled["mirror"] = answer.allowed
        choices.append(Choice("mirror", "yes" if answer.allowed else "no", answer.reason))
    if asked.balance is None:
        counts = packed.label_counts if conditions.kind != "none" else [1]
        filled["balance"] = max(counts) > UNEVEN * min(counts)
        if filled["balance"]:
            reason = f"the commonest label has {max(counts):,} pictures, the rarest {min(counts):,}"
            choices.append(Choice("balance", "yes", reason))
    return filled
