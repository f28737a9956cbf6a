"""The network that learns from nothing: a small residual net for any height × width, gray or colour.

After He et al. 2016 (arXiv 1512.03385, arXiv 1603.05027): a stem, then stages that halve the picture and double the
channels, each of `depth` residual blocks, then the mean over the map, dropout and one linear layer.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from ganvas.judge.classifier.backbones import Wanted
from ganvas.judge.classifier.network import Lesson, Network

SMALLEST_MAP = 4
MOST_STAGES = 4
MOST_EPOCHS = 100
RATE = 4e-3


class ScratchNetwork(Network):
    """Pictures float [N, C, H, W] from 0 to 1 -> logits [N, labels]."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self._rate = wanted.settings.rate or RATE
        self.facts = {}
        width, depth = wanted.settings.width or 16, wanted.settings.depth or 1
        side = min(wanted.height, wanted.width)
        stride = 1 if side <= 40 else 2 if side <= 112 else 4
        self.norm_in = nn.BatchNorm2d(wanted.channels, affine=False)  # the pictures' own mean and spread
        self.stem = nn.Sequential(_conv(wanted.channels, width, max(3, 2 * stride - 1), stride), nn.BatchNorm2d(width))
        stages: list[nn.Module] = []
        side = -(-side // stride)
        while len(stages) < MOST_STAGES and (side > SMALLEST_MAP or not stages):
            stages.append(_stage(width, 2 * width, depth))
            width, side = 2 * width, -(-side // 2)
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(wanted.settings.dropout)
        self.out = nn.Linear(width, wanted.labels)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.stages(F.relu(self.stem(self.norm_in(x))))
        logits: Tensor = self.out(self.dropout(maps.mean(dim=(2, 3))))
        return logits

    def lessons(self) -> list[Lesson]:
        return [Lesson("from pixels", 1.0, MOST_EPOCHS)]

    def learning(self, lesson: Lesson) -> list[dict[str, Any]]:
        return [{"params": list(self.parameters()), "lr": self._rate}]


class Residual(nn.Module):
    """x + f(x), f being two convolutions; it begins as f = 0 (Goyal et al. 2017, arXiv 1706.02677, section 5.1)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.BatchNorm2d(width)
        nn.init.zeros_(last.weight)
        self.layers = nn.Sequential(_conv(width, width), nn.BatchNorm2d(width), nn.ReLU(), _conv(width, width), last)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.layers(x))


def multiply_adds(wanted: Wanted) -> float:
    """Multiply-adds of one picture going forward once, counted without computing or drawing a number."""
    with torch.device("meta"):
        network = ScratchNetwork(wanted).eval()
        picture = torch.empty(1, wanted.channels, wanted.height, wanted.width)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(picture)
    return float(counter.get_total_flops()) / 2


def _stage(inputs: int, outputs: int, depth: int) -> nn.Module:
    halved = [_conv(inputs, outputs, 3, 2), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*halved, *(Residual(outputs) for _ in range(depth)))


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
