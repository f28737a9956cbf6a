"""DCGAN for any height × width: the classic to beat, and the quickest to good pictures at small sizes.

After Radford et al. 2015 (arXiv 1511.06434), figure 1 and section 3, with departures of which two were measured: the
discriminator has no batch norm by default (it fights with gradient penalties), and the generator enlarges by nearest
neighbours before each convolution, which leaves no checkerboard (Odena et al. 2016, "Deconvolution and checkerboard
artifacts", Distill).
A linear layer ends the discriminator, weights start as PyTorch starts them, and the loss is a recipe's (below).
Sides need not be powers of two: each level is cropped to the size its picture needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ganvas.networks.levels import choose_levels, level_sizes
from ganvas.networks.registry import Means, NetworkPair, NetworkSettings, Recipe, Shape, register

if TYPE_CHECKING:
    from torch import nn

BASE_PX = 5  # short side of the smallest maps of the generator, about
LARGEST_BASE_PX = 5  # of the last maps a discriminator judges by
SMALL_PX = 32
HURRY_MACS = 5e4  # multiply-adds that the quickest networks spend on a pixel of each picture they see
FEW_SHOWN = 80_000  # pictures that a budget shows those networks: with fewer, quickness wins
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


@dataclass(frozen=True)
class Preset:
    """What suits pictures of a size and a budget, measured on Fashion-MNIST and houses (benchmarks/README.md)."""

    why: str
    generator_filters: int
    discriminator_filters: int
    patch: int
    batch: int
    generator_rate: float
    discriminator_rate: float
    gamma: float
    decay: float


# Falling rates gain on small pictures; on house fronts, 200,000 shown, KID×1000 stays at 675 with them, 555 without.
# From 100,000 pictures on the wider generator came nearer, at the same number of pictures a second.
HURRY = Preset("small pictures, a short budget: see as many as can be", 24, 32, 2, 32, 3.2e-3, 2.4e-3, 0.2, 0.5)
SMALL = Preset("small pictures, time to draw each pixel well", 32, 32, 1, 32, 8e-4, 1.6e-3, 0.2, 0.5)
LARGE = Preset("large pictures: narrow networks, to see many", 16, 16, 1, 16, 8e-4, 1.2e-3, 2.0, 0.0)
# A GPU takes as long for four times the pictures a step. After as many steps KID×1000 is 122, with the rates as they
# were 151, with the batch as it was 213. Of large pictures the rates were never doubled.
MOST_ON_GPU_PX = 128  # a side: larger pictures keep a GPU at work
SMALL_ON_GPU = replace(SMALL, batch=128, generator_rate=1.6e-3, discriminator_rate=3.2e-3)
LARGE_ON_GPU = replace(LARGE, batch=64)


def resolve(settings: DcganSettings, shape: Shape, means: Means) -> tuple[DcganSettings, dict[str, str]]:
    """Fill what is left open for this shape; returns the settings and the reason of each choice."""
    preset = _preset(shape, means)
    levels, why = choose_levels(shape, BASE_PX, settings.conv_layers, "conv_layers")
    chosen = {"conv_layers": (levels, why)} | {
        name: (getattr(preset, name), preset.why) for name in ("generator_filters", "discriminator_filters", "patch")
    }
    if levels == 1:  # patches would leave a generator without any level
        chosen["patch"] = (1, "a single level, which draws every pixel")
    chosen = {name: choice for name, choice in chosen.items() if getattr(settings, name) is None}
    values = {name: value for name, (value, _) in chosen.items()}
    return settings.model_copy(update=values), {name: reason for name, (_, reason) in chosen.items()}


def recipe(settings: DcganSettings, shape: Shape, means: Means) -> Recipe:
    """What the preset says of the training."""
    preset = _preset(shape, means)
    falling = "half-way the rates begin to fall to it: where they stay high the players circle each other"
    many, few = "a GPU takes as long for fewer", "many small steps learn more in a short time than few large ones"
    return {
        "loss": ("relativistic", "pairs of a real and a drawn picture cover more kinds than either alone"),
        "batch": (preset.batch, many if _waits_for_kernels(shape, means) else few),
        "discriminator_rate": (preset.discriminator_rate, preset.why),
        "generator_rate": (preset.generator_rate, preset.why),
        "decay": (preset.decay, "" if preset.decay else "rates stay: falling ones end the learning early"),
        "rate_end": (0.1, falling if preset.decay else ""),
        "gamma": (preset.gamma, f"{shape.width}×{shape.height} pixels: a larger picture has a larger gradient"),
    }


def _preset(shape: Shape, means: Means) -> Preset:
    pixels, on_gpu = shape.height * shape.width, _waits_for_kernels(shape, means)
    if pixels > SMALL_PX**2:
        return LARGE_ON_GPU if on_gpu else LARGE
    if means.macs is not None and means.macs < HURRY_MACS * pixels * FEW_SHOWN:
        return HURRY
    return SMALL_ON_GPU if on_gpu else SMALL


def _waits_for_kernels(shape: Shape, means: Means) -> bool:
    """Whether pictures cost nothing but steps do: a GPU with a clock. A budget in images is better spent on steps."""
    return means.gpu and means.macs is not None and shape.height * shape.width <= MOST_ON_GPU_PX**2


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
