"""FastGAN for any height × width: for a hundred to a few thousand pictures, which it makes the most of.

After Liu et al. 2021 (arXiv 2101.04775), section 3: in the generator small maps excite large ones across the picture's
scales, and the discriminator must rebuild the real pictures from its own features, so that it cannot learn them by
heart. Departures: no batch norm in the discriminator (it would mix the pictures of a batch); spectral norm there only
(measured: in the generator, whose batch norm cancels what it fixes, it only slows); noise that follows from the latent,
so that a latent always gives the same picture; one logit a picture, not one a patch; L1 in place of LPIPS, which needs
another network's weights.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ganvas.networks.levels import choose_levels, level_sizes
from ganvas.networks.registry import Means, NetworkPair, NetworkSettings, Recipe, Shape, register

if TYPE_CHECKING:
    from torch import nn

BASE_PX = 4  # short side of the smallest maps, about
WIDTHS = (6, 8, 12, 16, 24, 32, 48, 64)
MIDDLING_WIDTH = 16
FEWEST = 20_000  # pictures that the narrowest networks must at least be shown
PAPER_PICTURES = 4e5  # 50,000 steps of 8
PAPER_RATE, HIGHEST_RATE = 2e-4, 1e-3


class FastganSettings(NetworkSettings):
    """`network.*` for `--network fastgan`."""

    name: Literal["fastgan"] = "fastgan"
    levels: int | None = Field(None, ge=1, le=12, description="levels of 2 × up- and downsampling")
    width: int | None = Field(None, ge=1, le=512, description="channels at full size; twice as many a level down")
    widest: int = Field(16, ge=1, le=64, description="channels of the smallest levels, at most so many × the width")
    latent: int = Field(128, ge=1, le=1024, description="numbers of noise a picture is made from")
    spectral_norm: bool = Field(True, description="hold each layer of the discriminator to a slope of one")
    reconstruction: float = Field(
        1.0, ge=0, le=100, description="weight of rebuilding real pictures from the discriminator's features"
    )


def resolve(settings: FastganSettings, shape: Shape, means: Means) -> tuple[FastganSettings, dict[str, str]]:
    """Fill what is left open for this shape and budget; returns the settings and the reason of each choice."""
    reasons: dict[str, str] = {}
    levels, why = choose_levels(shape, BASE_PX, settings.levels, "levels")
    if settings.levels is None:
        settings, reasons["levels"] = settings.model_copy(update={"levels": levels}), why
    if settings.width is not None:
        return settings, reasons
    if means.macs is None:
        reasons["width"] = "no clock in the budget: a middling network"
        return settings.model_copy(update={"width": MIDDLING_WIDTH}), reasons
    from ganvas.networks.cost import dearest

    candidates = [settings.model_copy(update={"width": width}) for width in WIDTHS]
    found, seen = dearest(candidates, shape, means.macs, FEWEST, penalties=0)
    return found, reasons | {"width": f"the budget shows such a network about {seen:,} pictures"}


def recipe(settings: FastganSettings, shape: Shape, means: Means) -> Recipe:
    """Section 4 of the paper; for fewer pictures than its 400,000 a higher rate, by the square root."""
    rate, reason = PAPER_RATE, "as in the paper"
    if means.macs is not None:
        from ganvas.networks.cost import cost_of

        seen = max(1.0, means.macs / cost_of(settings, shape).training_macs())
        rate = min(HIGHEST_RATE, PAPER_RATE * max(1.0, math.sqrt(PAPER_PICTURES / seen)))
        reason = f"for about {seen:,.0f} pictures"
    return {
        "loss": ("hinge", "as in the paper"),
        "penalty": ("none", "spectral norm and rebuilding hold the discriminator"),
        "gamma": (0.0, ""),
        "batch": (8, "as in the paper, which has few pictures"),
        "generator_rate": (float(f"{rate:.2g}"), reason),
        "discriminator_rate": (float(f"{rate:.2g}"), reason),
        "beta1": (0.5, ""),
        "beta2": (0.999, ""),
    }


@register("fastgan", FastganSettings, resolve, recipe)
def build(settings: FastganSettings, shape: Shape) -> NetworkPair:
    return NetworkPair(*_modules(settings, shape))


def _modules(settings: FastganSettings, shape: Shape) -> tuple[nn.Module, nn.Module]:
    from ganvas.networks.fastgan_modules import Discriminator, Generator

    assert settings.levels
    assert settings.width
    widths = [settings.width * min(2**level, settings.widest) for level in range(settings.levels, -1, -1)]
    generator = Generator(
        sizes=level_sizes(shape.height, shape.width, settings.levels),
        widths=widths,
        channels=shape.channels,
        latent=settings.latent,
        condition=shape.condition,
    )
    discriminator = Discriminator(
        size=(shape.height, shape.width),
        widths=widths[-2::-1],
        channels=shape.channels,
        settings=settings,
        condition=shape.condition,
    )
    return generator, discriminator
