"""The modules of `r3gan`: residual stages without any normalisation, the same for both networks, mirrored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.networks import discriminator
from ganvas.networks.condition import LatentWithCondition, ProjectionHead
from ganvas.networks.grouped import GroupedConv2d, convolve
from ganvas.networks.levels import Size

if TYPE_CHECKING:
    from ganvas.networks.r3gan import Stages

LEAKY_SLOPE = 0.2


class Generator(nn.Module):
    """Latent [N, Z] (+ condition [N, C]) -> pictures [N, C, H, W] in about −1 … 1, not cut."""

    def __init__(self, stages: Stages, channels: int, latent: int, condition: int) -> None:
        super().__init__()
        self.latent = latent
        self.sizes = stages.sizes
        self.condition = LatentWithCondition(latent, condition)
        self.basis = Basis(self.condition.width, stages.channels[0], stages.sizes[0])
        self.stages = nn.ModuleList(_stage(stages, width) for width in stages.channels)
        self.transitions = nn.ModuleList(
            _linear_conv(i, o) if i != o else nn.Identity()
            for i, o in zip(stages.channels[:-1], stages.channels[1:], strict=True)
        )
        self.picture = _linear_conv(stages.channels[-1], channels, bias=True)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        x = self.basis(self.condition(latent, condition))
        if self.picture.weight.is_contiguous(memory_format=torch.channels_last):
            x = x.contiguous(memory_format=torch.channels_last)
        x = self.stages[0](x)
        for transition, stage, size in zip(self.transitions, self.stages[1:], self.sizes[1:], strict=True):
            x = stage(double(transition(x), size))
        pictures: Tensor = self.picture(x)
        return pictures


class Discriminator(discriminator.Discriminator):
    """Pictures [N, C, H, W] (+ condition [N, C]) -> logits [N]; positive means real."""

    def __init__(self, stages: Stages, channels: int, condition: int) -> None:
        super().__init__()
        widths = stages.channels[::-1]
        self.picture = _linear_conv(channels, widths[0], bias=True)
        self.stages = nn.ModuleList(_stage(stages, width) for width in widths)
        self.halvings = nn.ModuleList(Halve(size) for size in stages.sizes[:0:-1])
        self.transitions = nn.ModuleList(
            _linear_conv(i, o) if i != o else nn.Identity() for i, o in zip(widths[:-1], widths[1:], strict=True)
        )
        height, width = stages.sizes[0]
        self.basis = nn.Parameter(torch.randn(widths[-1], height, width) / math.sqrt(height * width))
        self.head = ProjectionHead(widths[-1], condition)

    def features(self, pictures: Tensor) -> Tensor:
        x = self.stages[0](self.picture(pictures))
        for halve, transition, stage in zip(self.halvings, self.transitions, self.stages[1:], strict=True):
            x = stage(transition(halve(x)))
        features: Tensor = (x * self.basis).sum(dim=(2, 3))
        return features


class Basis(nn.Module):
    """Numbers [N, F] -> maps [N, C, h, w]: learned maps, each as strong as a linear function of the numbers says."""

    def __init__(self, inputs: int, channels: int, size: Size) -> None:
        super().__init__()
        self.maps = nn.Parameter(torch.randn(channels, *size))
        self.strengths = nn.Linear(inputs, channels)
        nn.init.normal_(self.strengths.weight, std=1 / math.sqrt(inputs))
        nn.init.zeros_(self.strengths.bias)

    def forward(self, numbers: Tensor) -> Tensor:
        strengths: Tensor = self.strengths(numbers)
        return self.maps * strengths[:, :, None, None]


class Block(nn.Module):
    """x + 1 × 1 → grouped 3 × 3 → 1 × 1 of x: [N, C, H, W] -> [N, C, H, W].

    Fix-up (Zhang et al. 2019, arXiv 1901.09321): the last convolution of the branch starts at zero, the m − 1 before it
    are scaled by L^(−1/(2m − 2)), for L branches of m = 3 convolutions in a network. So no normalisation is needed.
    With `branch_start` the last one starts too, at that share of what keeps the variance, which the two before it hold
    to 1 / L a branch: after 8,000 small pictures that came twice as near (pixel FD 9 to 14 for 19 to 23, two seeds).
    """

    def __init__(self, channels: int, stages: Stages) -> None:
        super().__init__()
        inner = channels * stages.expansion
        groups = inner // math.gcd(inner, stages.group_channels)
        branches = stages.blocks * len(stages.channels)
        self.expand = nn.Conv2d(channels, inner, 1)
        self.spread = GroupedConv2d(inner, inner, 3, groups)
        self.reduce = nn.Conv2d(inner, channels, 1, bias=False)
        for conv in (self.expand, self.spread):
            nn.init.kaiming_normal_(conv.weight, LEAKY_SLOPE)
            with torch.no_grad():
                conv.weight *= branches**-0.25
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        nn.init.normal_(self.reduce.weight, std=stages.branch_start / math.sqrt(inner))

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.expand(x), LEAKY_SLOPE)
        branch: Tensor = self.reduce(F.leaky_relu(self.spread(y), LEAKY_SLOPE))
        return x + branch


def double(x: Tensor, size: Size) -> Tensor:
    """Enlarge by two, bilinear, and cut to `size`: [N, C, h, w] -> [N, C, H, W]."""
    height, width = size
    return F.interpolate(x, scale_factor=2, mode="bilinear")[:, :, :height, :width]


class Halve(nn.Module):
    """Every second pixel of the picture smoothed by [1, 2, 1] / 4 both ways: [N, C, H, W] -> half, rounded up.

    At the border the weights that lie inside are made to sum to one: a picture of one colour stays so. One depth-wise
    convolution: twice as quick here as two mean poolings, penalty included.
    """

    kernel: Tensor
    border: Tensor

    def __init__(self, size: Size) -> None:
        super().__init__()
        smooth = torch.tensor([1.0, 2.0, 1.0]) / 4
        rows, columns = (_border(side) for side in size)
        self.register_buffer("kernel", smooth[:, None] * smooth, persistent=False)
        self.register_buffer("border", rows[:, None] * columns, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        return convolve(x, self.kernel.expand(channels, 1, 3, 3), groups=channels, stride=2) * self.border


def _border(side: int) -> Tensor:
    inside = torch.ones(-(-side // 2))
    inside[0] -= 1 / 4
    if side % 2:
        inside[-1] -= 1 / 4
    return 1 / inside


def _stage(stages: Stages, channels: int) -> nn.Sequential:
    return nn.Sequential(*(Block(channels, stages) for _ in range(stages.blocks)))


def _linear_conv(inputs: int, outputs: int, bias: bool = False) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, 1, bias=bias)
    nn.init.normal_(conv.weight, std=1 / math.sqrt(inputs))  # keeps the variance, no rectifier before it
    if bias:
        nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv
