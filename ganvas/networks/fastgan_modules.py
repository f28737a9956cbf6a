"""The modules of `fastgan`: a generator whose small maps excite its large ones, a discriminator that rebuilds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrize import register_parametrization

from ganvas.networks import discriminator
from ganvas.networks.condition import LatentWithCondition, ProjectionHead
from ganvas.networks.dcgan_modules import NearestThenConv
from ganvas.networks.levels import Size
from ganvas.networks.norm import BatchNorm

if TYPE_CHECKING:
    from ganvas.networks.fastgan import FastganSettings

LEAKY_SLOPE = 0.2
EXCITED = 4  # levels from the maps that excite to those that are excited: 4 → 64, 8 → 128, 16 → 256 pixels
REBUILT = 3  # levels that a decoder enlarges by


class Generator(nn.Module):
    """Latent [N, Z] (+ condition [N, C]) -> pictures [N, C, H, W] in −1 … 1."""

    def __init__(self, sizes: list[Size], widths: list[int], channels: int, latent: int, condition: int) -> None:
        super().__init__()
        self.latent = latent
        self.sizes = sizes
        self.condition = LatentWithCondition(latent, condition)
        height, width = sizes[0]
        self.project = nn.Linear(self.condition.width, 2 * widths[0] * height * width, bias=False)
        self.project_norm = BatchNorm(2 * widths[0])
        self.levels = nn.ModuleList(
            Level(i, o, latent, size) for i, o, size in zip(widths[:-1], widths[1:], sizes[1:], strict=True)
        )
        levels = len(self.levels)
        self.apart = max(1, min(EXCITED, levels - 1))
        self.excitations = nn.ModuleList(
            Excitation(widths[small], widths[small + self.apart], sizes[small])
            for small in range(levels - self.apart + 1)
        )
        self.picture = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        told = self.condition(latent, condition)
        x = self.project(told).view(len(told), -1, *self.sizes[0])
        if self.picture.weight.is_contiguous(memory_format=torch.channels_last):
            x = x.contiguous(memory_format=torch.channels_last)
        maps = [F.glu(self.project_norm(x), dim=1)]
        for level in self.levels:
            x = level(maps[-1], latent)
            small = len(maps) - self.apart
            maps.append(x if small < 0 else x * self.excitations[small](maps[small]))
        return torch.tanh(self.picture(maps[-1]))


class Level(nn.Module):
    """Twice as large: nearest neighbours, 3 × 3 convolution, noise, batch norm, gated linear unit."""

    def __init__(self, inputs: int, outputs: int, latent: int, size: Size) -> None:
        super().__init__()
        self.size = size
        self.conv = NearestThenConv(inputs, 2 * outputs)
        self.noise = LatentNoise(latent, size)
        self.norm = BatchNorm(2 * outputs)

    def forward(self, x: Tensor, latent: Tensor) -> Tensor:
        height, width = self.size
        x = self.conv(x)[:, :, :height, :width] + self.noise(latent)
        return F.glu(self.norm(x), dim=1)


class LatentNoise(nn.Module):
    """Latent [N, Z] -> noise [N, 1, H, W] that follows from it: Z fixed patterns, each a column times a row of noise.

    The paper draws noise anew each time; here a latent keeps its own, so that it always gives the same picture. As in
    the paper its strength is learned, from zero.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, latent: int, size: Size) -> None:
        super().__init__()
        height, width = size
        self.register_buffer("columns", torch.randn(latent, height) / math.sqrt(latent))
        self.register_buffer("rows", torch.randn(latent, width))
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, latent: Tensor) -> Tensor:
        noise = torch.einsum("nz,zh,zw->nhw", latent, self.columns, self.rows)
        return self.strength * noise[:, None]


class Excitation(nn.Module):
    """Small maps [N, I, h, w] -> how much of each channel of large ones to keep [N, O, 1, 1], in 0 … 1 (3.1, eq. 1)."""

    def __init__(self, inputs: int, outputs: int, size: Size) -> None:
        super().__init__()
        self.pooled = (min(4, size[0]), min(4, size[1]))
        self.squeeze = nn.Conv2d(inputs, outputs, self.pooled)
        self.excite = nn.Conv2d(outputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.squeeze(F.adaptive_avg_pool2d(x, self.pooled)), LEAKY_SLOPE)
        return torch.sigmoid(self.excite(x))


class Discriminator(discriminator.Discriminator):
    """Pictures [N, C, H, W] (+ condition [N, C]) -> logits [N]; positive means real."""

    def __init__(self, size: Size, widths: list[int], channels: int, settings: FastganSettings, condition: int) -> None:
        super().__init__()
        sizes = [(size[0] // 2**level, size[1] // 2**level) for level in range(1, len(widths) + 1)]
        self.stem = nn.Conv2d(channels, widths[0], 4, 2, 1)
        self.halvings = nn.ModuleList(Halving(i, o) for i, o in zip(widths[:-1], widths[1:], strict=True))
        if settings.spectral_norm:
            for conv in [module for module in self.modules() if isinstance(module, nn.Conv2d)]:
                register_parametrization(conv, "weight", SpectralNorm(conv.weight))
        height, width = sizes[-1]
        self.head = ProjectionHead(widths[-1] * height * width, condition)
        self.reconstruction = settings.reconstruction
        # The paper's maps of 8 pixels, rebuilt whole, and of 16, of which a quarter is: here the last but one and the
        # one before it, where there are so many.
        self.rebuilt = list(range(len(sizes)))[-2:-4:-1] or [0]
        self.decoders = nn.ModuleList(
            Decoder(widths[i], settings.width or 1, channels, min(REBUILT, i + 1), whole)
            for i, whole in zip(self.rebuilt, (True, False), strict=False)
            if self.reconstruction
        )

    def features(self, pictures: Tensor) -> Tensor:
        return self._maps(pictures)[-1].flatten(1)

    def on_real(self, pictures: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        maps = self._maps(pictures)
        logits: Tensor = self.head(maps[-1].flatten(1), condition)
        if not self.reconstruction:
            return logits, None
        pairs = zip(self.decoders, self.rebuilt, strict=True)
        losses = [decoder.loss(maps[i], pictures) for decoder, i in pairs]  # type: ignore[operator]
        return logits, self.reconstruction * torch.stack(losses).sum()

    def _maps(self, pictures: Tensor) -> list[Tensor]:
        maps = [F.leaky_relu(self.stem(pictures), LEAKY_SLOPE)]
        for halve in self.halvings:
            maps.append(halve(maps[-1]))
        return maps


class SpectralNorm(nn.Module):
    """Weight [O, …] -> weight / σ, its largest singular value: Miyato et al. 2018 (arXiv 1802.05957), algorithm 1.

    One step of the power iteration at each use in training, from a vector that is kept with the weights. PyTorch's own
    keeps two, and begins with fifteen steps, which makes counting a network's cost slow.
    """

    left: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("left", F.normalize(torch.randn(len(weight)), dim=0))

    def forward(self, weight: Tensor) -> Tensor:
        matrix = weight.flatten(1)
        with torch.no_grad():
            right = F.normalize(matrix.T @ self.left, dim=0)
            left = F.normalize(matrix @ right, dim=0)
            if self.training:
                self.left.copy_(left)
        return weight / (left @ (matrix @ right))


class Halving(nn.Module):
    """Half as large, by two ways whose mean is taken: convolutions, and pooling with a 1 × 1 one (figure 4)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.halve = nn.Conv2d(inputs, outputs, 4, 2, 1)
        self.refine = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.pooled = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.refine(F.leaky_relu(self.halve(x), LEAKY_SLOPE)), LEAKY_SLOPE)
        z = F.leaky_relu(self.pooled(F.avg_pool2d(x, 2)), LEAKY_SLOPE)
        return (y + z) / 2


class Decoder(nn.Module):
    """Maps [N, I, h, w] -> pictures [N, C, h·2^L, w·2^L] in −1 … 1: only to learn by (section 3.2)."""

    def __init__(self, inputs: int, width: int, channels: int, levels: int, whole: bool) -> None:
        super().__init__()
        self.scale, self.whole = 2**levels, whole
        widths = [inputs, *(width * 2**level for level in range(levels - 1, -1, -1))]
        self.levels = nn.ModuleList(NearestThenConv(i, 2 * o) for i, o in zip(widths[:-1], widths[1:], strict=True))
        self.picture = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        for level in self.levels:
            x = F.glu(level(x), dim=1)
        return torch.tanh(self.picture(x))

    def loss(self, maps: Tensor, pictures: Tensor) -> Tensor:
        """Mean |rebuilt − real|, at the decoder's scale, of the pictures or of a quarter cut out of them at random."""
        height, width = maps.shape[2:]
        target = F.adaptive_avg_pool2d(pictures.detach(), (height * self.scale, width * self.scale))
        if not self.whole:
            rows, columns = _half(height), _half(width)
            maps = maps[:, :, rows, columns]
            target = target[:, :, _times(rows, self.scale), _times(columns, self.scale)]
        return F.l1_loss(self(maps), target)


def _half(side: int) -> slice:
    length = -(-side // 2)
    start = int(torch.randint(side - length + 1, ()))
    return slice(start, start + length)


def _times(part: slice, scale: int) -> slice:
    return slice(part.start * scale, part.stop * scale)
