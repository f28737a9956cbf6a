"""R3GAN for any height × width: a modern baseline of plain residual networks, with a loss and a penalty that converge.

After Huang et al. 2025 (arXiv 2501.05441), "A roadmap to a new baseline": a learned basis of about 4 × 4, residual
stages of 1 × 1 → grouped 3 × 3 → 1 × 1 convolutions, bilinear resampling, no normalisation; both networks the same,
mirrored. It needs time: the paper shows it 20 million pictures and more. For a processor's short budgets the groups are
given up: there plain 3 × 3 convolutions do up to three times the work in the time of grouped ones, penalty included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ganvas.networks.levels import choose_levels, level_sizes
from ganvas.networks.registry import Means, NetworkPair, NetworkSettings, Recipe, Shape, register

if TYPE_CHECKING:
    from torch import nn

BASIS_PX = 4  # short side of the learned basis, about
SHORT_WIDTHS = (8, 12, 16, 24, 32, 48)
LONG_WIDTHS = (16, 24, 32, 48, 64, 96)
MIDDLING = {"blocks": 2, "width": 32}
FEWEST_SHORT, FEWEST_LONG = 25_000, 200_000  # pictures that the narrowest network must at least be shown
SHORT_PENALTY_EVERY = 8
PAPER_PICTURES = 2e7
PAPER_RATE, HIGHEST_RATE = 2e-4, 2e-3
LOWEST_SHORT_GAMMA = 0.2  # measured over 8,000 small pictures: 0.05 falling to a tenth ends twice as far from real ones
# Gamma at the start of training, by the side in pixels: CIFAR-10, FFHQ-64, FFHQ-256.
PAPER_GAMMA = ((32, 0.05), (64, 2.0), (256, 150.0))


class R3ganSettings(NetworkSettings):
    """`network.*` for `--network r3gan`."""

    name: Literal["r3gan"] = "r3gan"
    levels: int | None = Field(None, ge=1, le=12, description="levels of 2 × up- and downsampling between the stages")
    blocks: int | None = Field(None, ge=1, le=8, description="residual blocks a stage, in either network")
    width: int | None = Field(None, ge=1, le=1024, description="channels of the stage at full size")
    widest: int = Field(8, ge=1, le=64, description="channels of the smallest stages, at most so many × the width")
    expansion: int | None = Field(
        None, ge=1, le=8, description="channels within a block, as multiple of those around it"
    )
    group_channels: int | None = Field(None, ge=0, le=1024, description="channels a group of the 3 × 3; 0 is one group")
    branch_start: float | None = Field(
        None, ge=0, le=1, description="how strong the blocks start; 0: each is the identity, as in the paper"
    )
    latent: int = Field(64, ge=1, le=1024, description="numbers of noise a picture is made from")


@dataclass(frozen=True)
class Stages:
    """The stages of either network, from the smallest to the full picture, and what their blocks are made of."""

    sizes: list[tuple[int, int]]  # height, width
    channels: list[int]
    blocks: int
    expansion: int
    group_channels: int
    branch_start: float


PAPER_BLOCKS: dict[str, tuple[float, str]] = {
    "expansion": (2, "as in the paper"),
    "group_channels": (16, "as in the paper"),
    "branch_start": (0.0, "as in the paper"),
}
SHORT_BLOCKS: dict[str, tuple[float, str]] = {
    "expansion": (1, "a short budget: narrow blocks, to see many pictures"),
    "group_channels": (0, "a short budget: one group is quicker than many"),
    "branch_start": (1.0, "a short budget: no time to begin with blocks that do nothing"),
}


def resolve(settings: R3ganSettings, shape: Shape, means: Means) -> tuple[R3ganSettings, dict[str, str]]:
    """Fill what is left open for this shape and budget; returns the settings and the reason of each choice."""
    chosen = {"levels": choose_levels(shape, BASIS_PX, settings.levels, "levels")} | (
        SHORT_BLOCKS if means.short else PAPER_BLOCKS
    )
    chosen = {name: choice for name, choice in chosen.items() if getattr(settings, name) is None}
    filled = settings.model_copy(update={name: value for name, (value, _) in chosen.items()})
    sized, why = _sized(filled, shape, means)
    return sized, {name: reason for name, (_, reason) in chosen.items()} | why


def recipe(settings: R3ganSettings, shape: Shape, means: Means) -> Recipe:
    """The paper's own; for short budgets higher rates, smaller batches, and a rarer penalty that does not fade.

    The rates fall with the fourth root of the pictures seen, from 2e-3 for few to the paper's 2e-4 for 20 million.
    """
    seen = _seen(settings, shape, means)
    rate = float(f"{min(HIGHEST_RATE, PAPER_RATE * max(1.0, (PAPER_PICTURES / seen) ** 0.25)):.2g}")
    rate_reason = "as in the paper" if means.macs is None else f"for about {seen:,.0f} pictures"
    pixels = f"{shape.width}×{shape.height} pixels: a larger picture needs a larger one"
    proposed: Recipe = {
        "loss": ("relativistic", "pairs of a real and a drawn picture cover more kinds than either alone"),
        "penalty": ("r1+r2", "on real and drawn pictures: with both the game converges"),
        "penalty_every": (1, ""),
        "gamma": (gamma(shape), pixels),
        "gamma_end": (0.1, "less is needed as the networks near each other"),
        "batch": (64, "the paper's 256 and 512 are for several GPUs"),
        "generator_rate": (rate, rate_reason),
        "discriminator_rate": (rate, rate_reason),
        "decay": (1.0, ""),
        "rate_end": (0.25, "the rates fall to it over the whole run"),
        "beta1": (0.0, ""),
        "beta2": (0.9, ""),
        "beta2_end": (0.99, ""),
    }
    if means.short:
        proposed |= {
            "penalty_every": (SHORT_PENALTY_EVERY, "a step with a penalty takes about twice as long"),
            "beta2": (0.99, "a penalty must not be forgotten before the next one"),
            "gamma": (max(gamma(shape), LOWEST_SHORT_GAMMA), pixels),
            "gamma_end": (1.0, ""),
            "batch": (16, "many small steps learn more in a short time than few large ones"),
        }
    return proposed


@register("r3gan", R3ganSettings, resolve, recipe)
def build(settings: R3ganSettings, shape: Shape) -> NetworkPair:
    return NetworkPair(*_modules(settings, shape))


def gamma(shape: Shape) -> float:
    """The paper's gamma at the start of training, a straight line in log side, log gamma between what it publishes."""
    side = math.sqrt(shape.height * shape.width)
    first, last = PAPER_GAMMA[0], PAPER_GAMMA[-1]
    if not first[0] < side < last[0]:
        return first[1] if side <= first[0] else last[1]
    (side_0, gamma_0), (side_1, gamma_1) = next(pair for pair in pairwise(PAPER_GAMMA) if side <= pair[1][0])
    share = math.log(side / side_0) / math.log(side_1 / side_0)
    return round(gamma_0 * math.pow(gamma_1 / gamma_0, share), 3)


def _sized(settings: R3ganSettings, shape: Shape, means: Means) -> tuple[R3ganSettings, dict[str, str]]:
    """Width and blocks: as much as the budget can train, or a middling network where it has no clock."""
    open_ones = [name for name in ("blocks", "width") if getattr(settings, name) is None]
    if means.short:
        sizes = [{"blocks": 1, "width": width} for width in SHORT_WIDTHS]
    else:
        sizes = [{"blocks": 1, "width": LONG_WIDTHS[0]}, *({"blocks": 2, "width": width} for width in LONG_WIDTHS)]
    if means.macs is None:
        sizes = [MIDDLING]
    candidates = [settings.model_copy(update={name: size[name] for name in open_ones}) for size in sizes]
    if not open_ones:
        return settings, {}
    if means.macs is None:
        return candidates[0], dict.fromkeys(open_ones, "no clock in the budget: a middling network")
    from ganvas.networks.cost import dearest

    fewest = FEWEST_SHORT if means.short else FEWEST_LONG
    found, seen = dearest(candidates, shape, means.macs, fewest, _penalties(means))
    return found, dict.fromkeys(open_ones, f"the budget shows such a network about {seen:,} pictures")


def _penalties(means: Means) -> float:
    return 2 / SHORT_PENALTY_EVERY if means.short else 2.0


def _seen(settings: R3ganSettings, shape: Shape, means: Means) -> float:
    if means.macs is None:
        return PAPER_PICTURES
    from ganvas.networks.cost import cost_of

    return max(1.0, means.macs / cost_of(settings, shape).training_macs(_penalties(means)))


def _modules(settings: R3ganSettings, shape: Shape) -> tuple[nn.Module, nn.Module]:
    from ganvas.networks.r3gan_modules import Discriminator, Generator

    assert settings.levels
    assert settings.blocks
    assert settings.width
    assert settings.expansion
    assert settings.group_channels is not None
    assert settings.branch_start is not None
    stages = Stages(
        sizes=level_sizes(shape.height, shape.width, settings.levels),
        channels=[settings.width * min(2**level, settings.widest) for level in range(settings.levels, -1, -1)],
        blocks=settings.blocks,
        expansion=settings.expansion,
        group_channels=settings.group_channels,
        branch_start=settings.branch_start,
    )
    generator = Generator(stages, shape.channels, settings.latent, shape.condition)
    return generator, Discriminator(stages, shape.channels, shape.condition)
