"""DCGAN for any height × width: the classic to beat, and the quickest to good pictures at small sizes.

After Radford et al. 2015 (arXiv 1511.06434), figure 1 and section 3, with departures of which two were measured: the
discriminator has no batch norm by default (it fights with gradient penalties), and the generator enlarges by nearest
neighbours before each convolution, which leaves no checkerboard (Odena et al. 2016, "Deconvolution and checkerboard
artifacts", Distill).
A linear layer ends the discriminator, weights start as PyTorch starts them, and the loss is a recipe's (below).
Sides need not be powers of two: each level is cropped to the size its picture needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ganvas.networks.levels import choose_levels, level_sizes
from ganvas.networks.registry import Means, NetworkPair, NetworkSettings, Recipe, Shape, register

if TYPE_CHECKING:
    from torch import nn

BASE_PX = 5  # short side of the smallest maps of the generator, about
LARGEST_BASE_PX = 5  # of the last maps a discriminator judges by
QUICK_MACS = 5e4  # multiply-adds that the quick networks below spend on a pixel of each picture they see
FEW_SHOWN = 200_000  # pictures: with fewer, speed won; with 370,000 wider networks were better after half of them
WIDEST = 8  # channels grow towards the small end, to at most 8 × the filters


class DcganSettings(NetworkSettings):
    """`network.*` for `--network dcgan`, named as the classic search spaces name them."""

    name: Literal["dcgan"] = "dcgan"
    conv_layers: int | None = Field(None, ge=1, le=12, description="levels of 2 × up- and downsampling")
    generator_filters: int | None = Field(None, ge=1, le=512, description="generator channels at full size")
    discriminator_filters: int | None = Field(None, ge=1, le=512, description="discriminator channels at half size")
    patch: Literal[1, 2] | None = Field(
        None, description="pixels a side that each point of the generator's last maps draws"
    )
    kernel: int = Field(4, ge=2, le=7, description="side of the strided kernels, pixels")
    upsampling: Literal["nearest", "transposed"] = Field(
        "nearest", description="enlarging before a 3 × 3 convolution, or by strided transposed ones as in the paper"
    )
    modulation: bool = Field(False, description="the latent and condition scale and shift every generator level")
    latent: int = Field(128, ge=1, le=1024, description="numbers of noise a picture is made from")
    leaky_slope: float = Field(0.2, ge=0, le=1, description="slope of the discriminator's leaky ReLU below zero")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout after each discriminator level")
    discriminator_norm: Literal["none", "batch"] = Field("none", description="normalisation in the discriminator")


def resolve(settings: DcganSettings, shape: Shape, means: Means) -> tuple[DcganSettings, dict[str, str]]:
    """Fill what is left open for this shape; returns the settings and the reason of each choice."""
    levels, why = choose_levels(shape, BASE_PX, settings.conv_layers, "conv_layers")
    pixels, small, quick = shape.height * shape.width, _small(shape), _quick(shape, means)
    wide = f"{pixels:,} pixels a picture: wide enough to draw them, narrow enough to see many"
    chosen: dict[str, tuple[int, str]] = {
        "conv_layers": (levels, why),
        "generator_filters": (24, wide) if quick else (32, "time for a wider generator") if small else (16, wide),
        "discriminator_filters": (32 if small else 16, wide),
        "patch": (2, "a short budget: maps of half the size draw 2 × 2 pixels a point, so that more pictures are seen")
        if quick
        else (1, "time to draw every pixel by itself" if small else "drawn by patches large pictures stay blocky"),
    }
    chosen = {name: choice for name, choice in chosen.items() if getattr(settings, name) is None}
    values = {name: value for name, (value, _) in chosen.items()}
    return settings.model_copy(update=values), {name: reason for name, (_, reason) in chosen.items()}


def recipe(settings: DcganSettings, shape: Shape, means: Means) -> Recipe:
    """Measured on Fashion-MNIST 28 × 28 and houses 128 × 96 (benchmarks/README.md)."""
    small, quick = _small(shape), _quick(shape, means)
    kind = f"{shape.width}×{shape.height} pixels"
    generator, discriminator = (3.2e-3, 2.4e-3) if quick else (8e-4, 1.6e-3) if small else (8e-4, 1.2e-3)
    why = f"{kind} and a short budget: nearly as high as stayed stable" if quick else f"{kind}: lower than in a hurry"
    return {
        "loss": ("relativistic", "pairs of a real and a drawn picture cover more kinds than either alone"),
        "batch": (32 if small else 16, f"{kind}: many small steps learn more in a short time than few large ones"),
        "discriminator_rate": (discriminator, why),
        "generator_rate": (generator, why),
        "decay": (0.5, ""),
        "rate_end": (0.1, "half-way the rates begin to fall to it: where they stay high the players circle each other"),
        "gamma": (0.2 if small else 2.0, f"{kind}: a larger picture has a larger gradient"),
    }


def _small(shape: Shape) -> bool:
    return shape.height * shape.width <= 32 * 32


def _quick(shape: Shape, means: Means) -> bool:
    """Whether small pictures are to be learned in so little time that speed counts for more than detail."""
    if not _small(shape) or means.macs is None:
        return False
    return means.macs < QUICK_MACS * shape.height * shape.width * FEW_SHOWN


@register("dcgan", DcganSettings, resolve, recipe)
def build(settings: DcganSettings, shape: Shape) -> NetworkPair:
    return NetworkPair(*_modules(settings, shape))


def _modules(settings: DcganSettings, shape: Shape) -> tuple[nn.Module, nn.Module]:
    from ganvas.networks.dcgan_modules import Discriminator, Generator

    assert settings.conv_layers
    assert settings.generator_filters
    assert settings.discriminator_filters
    sizes = level_sizes(shape.height, shape.width, settings.conv_layers)
    widths = [min(2**level, WIDEST) for level in range(settings.conv_layers, -1, -1)]
    generator = Generator(
        sizes=sizes,
        widths=[settings.generator_filters * w for w in widths],
        channels=shape.channels,
        settings=settings,
        condition=shape.condition,
    )
    # One level more than the generator where its base is still wide: the last maps should see the whole picture.
    levels = settings.conv_layers + (min(sizes[0]) > LARGEST_BASE_PX)
    discriminator = Discriminator(
        size=(shape.height, shape.width),
        widths=[settings.discriminator_filters * min(2**level, WIDEST) for level in range(levels)],
        channels=shape.channels,
        settings=settings,
        condition=shape.condition,
    )
    return generator, discriminator
