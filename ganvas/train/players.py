"""The two players and all that a training has come to: what a checkpoint holds."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ganvas.networks import build
from ganvas.networks.discriminator import Discriminator
from ganvas.train.data import step_seed
from ganvas.train.plan import Plan


@dataclass
class Players:
    """The networks, their optimizers and how far they have come."""

    generator: nn.Module
    discriminator: Discriminator
    averages: list[nn.Module]  # of the generator, one a half-life
    generator_optimizer: torch.optim.Adam
    discriminator_optimizer: torch.optim.Adam
    step: int = 0
    images: int = 0
    seconds: float = 0.0
    total_seconds: float = 0.0
    tick: int = -1
    chosen: int = 0  # the average that is drawn from: the best judged one
    strength: float = 0.0  # of the augmentation
    micro_batch: int | None = None  # pictures at once: as set, or as many as the memory held
    rate_factor: float = 1.0  # on both learning rates, lowered when a step went wrong
    counts: dict[str, float] = field(default_factory=dict)  # what the alarms remember
    sums: dict[str, Tensor | float] = field(default_factory=dict)  # of the metrics since the last line of the log
    summed: int = 0  # steps

    @property
    def average(self) -> nn.Module:
        """The averaged generator that is drawn from."""
        return self.averages[self.chosen]


def make_players(plan: Plan) -> Players:
    """Fresh networks and optimizers, their weights a function of the seed."""
    settings = plan.settings
    torch.manual_seed(step_seed(settings.seed, -1))
    generator, discriminator = (
        network.to(device=settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for network in build(settings.network, plan.shape)
    )
    averages = [copy.deepcopy(generator).eval().requires_grad_(False) for _ in settings.ema_shares]
    betas = (settings.beta1 or 0.0, settings.beta2 or 0.0)
    # In one pass over memory: a twentieth of a step at 28 × 28 on two cores.
    fused = str(settings.device).partition(":")[0] in ("cpu", "cuda")
    rates = (settings.generator_rate or 0.0, settings.discriminator_rate or 0.0)
    generator_optimizer, discriminator_optimizer = (
        torch.optim.Adam(network.parameters(), rate, betas, fused=fused)
        for network, rate in zip((generator, discriminator), rates, strict=True)
    )
    return Players(
        generator=generator,
        discriminator=discriminator,
        averages=averages,
        generator_optimizer=generator_optimizer,
        discriminator_optimizer=discriminator_optimizer,
        strength=settings.augment_strength or 0.0,
        micro_batch=settings.micro_batch,
    )
