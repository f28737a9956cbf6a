"""The modules of `dcgan`: a generator of transposed convolutions and a discriminator of strided ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.networks import discriminator
from ganvas.networks.condition import LatentWithCondition, ProjectionHead
from ganvas.networks.levels import Size
from ganvas.networks.norm import BatchNorm

if TYPE_CHECKING:
    from ganvas.networks.dcgan import DcganSettings


class Generator(nn.Module):
    """Latent [N, Z] (+ condition [N, C]) -> pictures [N, C, H, W] in −1 … 1.

    With a patch of 2 each point of the last maps, of half the size, draws 2 × 2 pixels (Shi et al. 2016, arXiv
    1609.05158): what a level at full size would cost is spent on seeing more pictures.
    """

    def __init__(
        self, sizes: list[Size], widths: list[int], channels: int, settings: DcganSettings, condition: int
    ) -> None:
        super().__init__()
        self.latent = settings.latent
        self.size = sizes[-1]
        self.patch = settings.patch or 1
        self.sizes, widths = (sizes[:-1], widths[:-1]) if self.patch > 1 else (sizes, widths)
        self.condition = LatentWithCondition(self.latent, condition)
        height, width = self.sizes[0]
        self.project = nn.Linear(self.condition.width, widths[0] * height * width, bias=False)
        told = self.condition.width if settings.modulation else 0
        self.project_norm = ModulatedNorm(widths[0], told)
        kernel = settings.kernel
        self.levels = nn.ModuleList(
            NearestThenConv(i, o)
            if settings.upsampling == "nearest"
            else nn.ConvTranspose2d(i, o, kernel, 2, (kernel - 1) // 2, kernel % 2, bias=False)
            for i, o in zip(widths[:-1], widths[1:], strict=True)
        )
        self.norms = nn.ModuleList(ModulatedNorm(o, told) for o in widths[1:])
        self.picture = nn.Conv2d(widths[-1], channels * self.patch**2, 3, padding=1)
        _start_patches_flat(self.picture, self.patch**2)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        told = self.condition(latent, condition)
        x = self.project(told).view(len(told), -1, *self.sizes[0])
        if self.picture.weight.is_contiguous(memory_format=torch.channels_last):
            x = x.contiguous(memory_format=torch.channels_last)
        x = F.relu(self.project_norm(x, told))
        for level, norm, (height, width) in zip(self.levels, self.norms, self.sizes[1:], strict=True):
            x = F.relu(norm(level(x)[:, :, :height, :width], told))
        height, width = self.size
        return torch.tanh(F.pixel_shuffle(self.picture(x), self.patch)[:, :, :height, :width])


def _start_patches_flat(conv: nn.Conv2d, points: int) -> None:
    """All pixels of a patch start alike (Aitken et al. 2017, arXiv 1707.02937): no checkerboard to be recognised by."""
    with torch.no_grad():
        for weights in conv.parameters():
            weights.copy_(weights[::points].repeat_interleave(points, dim=0))


class ModulatedNorm(BatchNorm):
    """Batch norm whose scale and shift also depend on what each picture is made from, [N, M] (M = 0: on nothing).

    Chen et al. 2019 (arXiv 1810.01365), eq. 2-3, with linear maps that start at zero: as if it were a plain batch norm.
    """

    def __init__(self, channels: int, told: int) -> None:
        super().__init__(channels)
        self.modulation = nn.Linear(told, 2 * channels) if told else None
        if self.modulation is not None:
            nn.init.zeros_(self.modulation.weight)
            nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, told: Tensor | None = None) -> Tensor:
        x = super().forward(x)
        if self.modulation is None:
            return x
        scale, shift = self.modulation(told)[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(shift, x, 1 + scale)


class NearestThenConv(nn.Module):
    """Nearest-neighbour enlarging by two and a 3 × 3 convolution, in one transposed one: [N, I, H, W] -> 2H, 2W.

    Enlarging is a transposed convolution with ones [2, 2], so both together are one whose 4 × 4 kernel is the 3 × 3 one
    spread by those ones: the same numbers, borders too, for 4 products a pixel and channel pair in place of 9.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(9 * inputs)
        self.kernel = nn.Parameter(torch.empty(inputs, outputs, 3, 3).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        shifts = [(0, 1, 0, 1), (1, 0, 0, 1), (0, 1, 1, 0), (1, 0, 1, 0)]
        spread = torch.stack([F.pad(self.kernel, shift) for shift in shifts]).sum(dim=0)
        return F.conv_transpose2d(x, spread, stride=2, padding=1)


class Discriminator(discriminator.Discriminator):
    """Pictures [N, C, H, W] (+ condition [N, C]) -> logits [N]; positive means real."""

    def __init__(self, size: Size, widths: list[int], channels: int, settings: DcganSettings, condition: int) -> None:
        super().__init__()
        self.leaky_slope = settings.leaky_slope
        self.dropout = settings.dropout
        padding = (settings.kernel - 1) // 2
        self.levels = nn.ModuleList(
            nn.Conv2d(i, o, settings.kernel, 2, padding) for i, o in zip([channels, *widths[:-1]], widths, strict=True)
        )
        normed = settings.discriminator_norm == "batch"
        self.norms = nn.ModuleList(BatchNorm(o) if normed and i > 0 else nn.Identity() for i, o in enumerate(widths))
        height, width = size
        for _ in widths:
            height, width = ((side + 2 * padding - settings.kernel) // 2 + 1 for side in (height, width))
        self.head = ProjectionHead(widths[-1] * height * width, condition)

    def features(self, pictures: Tensor) -> Tensor:
        x = pictures
        for level, norm in zip(self.levels, self.norms, strict=True):
            x = F.leaky_relu(norm(level(x)), self.leaky_slope)
            if self.dropout:
                x = F.dropout(x, self.dropout, self.training)
        return x.flatten(1)
