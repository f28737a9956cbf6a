"""What a pair of networks costs: parameters, and multiply-adds a picture. `cost(pair, shape)`.

Counted from the convolutions and matrix products that one picture really runs through, on torch's meta device: no
number is computed, no weight touched, no random number drawn. `cost_of(settings, shape)` does not even make weights.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ganvas.networks.registry import NetworkPair, NetworkSettings, Shape, build


@dataclass(frozen=True)
class Cost:
    """Parameters, and multiply-adds of one picture going forward once."""

    generator_parameters: int
    discriminator_parameters: int
    generator_macs: int
    discriminator_macs: int

    def training_macs(self, penalties: float = 0.0) -> float:
        """Multiply-adds a training picture costs, with so many gradient penalties a picture (R1 + R2 each step: 2).

        Backward costs twice forward. Generator: forward and backward, 3. Discriminator: both for a real and a drawn
        picture, 6, and 2 in the generator's turn, whose backward leaves the weights out. A penalty adds the gradient
        of the picture, 1, and 2 for differentiating that.
        """
        return 3 * self.generator_macs + (8 + 3 * penalties) * self.discriminator_macs


def cost(pair: NetworkPair, shape: Shape) -> Cost:
    """Count a pair that was built for this shape; the pair itself stays as it is, on its device."""
    generator, discriminator = (_on_meta(network) for network in pair)
    return Cost(
        generator_parameters=_parameters(generator),
        discriminator_parameters=_parameters(discriminator),
        generator_macs=_macs(generator, *_noise(generator, shape)),
        discriminator_macs=_macs(discriminator, *_picture(shape)),
    )


def cost_of(settings: NetworkSettings, shape: Shape) -> Cost:
    """Count what resolved settings would build."""
    with torch.device("meta"):
        pair = build(settings, shape)
    return cost(pair, shape)


Settings = TypeVar("Settings", bound=NetworkSettings)


def dearest(
    candidates: Sequence[Settings], shape: Shape, macs: float, pictures: int, penalties: float
) -> tuple[Settings, int]:
    """The last of the candidates (cheapest first) that a budget can train, and how many pictures it will see of it.

    The cheapest must see `pictures`, and one that costs twice as much twice as many: a budget that grows fourfold is
    spent half on the network and half on showing it more.
    """
    first = cost_of(candidates[0], shape).training_macs(penalties)
    chosen, price = candidates[0], first
    low, high = 1, len(candidates)
    while low < high:
        middle = (low + high) // 2
        dearer = cost_of(candidates[middle], shape).training_macs(penalties)
        if macs / dearer >= pictures * dearer / first:
            chosen, price, low = candidates[middle], dearer, middle + 1
        else:
            high = middle
    return chosen, int(macs / price)


def _on_meta(network: nn.Module) -> nn.Module:
    return copy.deepcopy(network).to("meta").eval()


def _noise(generator: nn.Module, shape: Shape) -> tuple[Tensor, Tensor | None]:
    latent: Any = generator.latent
    return torch.empty(1, latent, device="meta"), _condition(shape)


def _picture(shape: Shape) -> tuple[Tensor, Tensor | None]:
    return torch.empty(1, shape.channels, shape.height, shape.width, device="meta"), _condition(shape)


def _condition(shape: Shape) -> Tensor | None:
    return torch.empty(1, shape.condition, device="meta") if shape.condition else None


def _macs(module: Callable[..., Tensor], *inputs: Tensor | None) -> int:
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module(*inputs)
    return counter.get_total_flops() // 2


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
