"""The network that knows pictures already: frozen parts, a head on their features, then the last parts unfrozen.

First the head learns on features that are made once (the frozen lesson), then the last parts learn with it, at a lower
rate: Kornblith et al. 2018 (arXiv 1805.08974) measure how much both gain over learning from nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.judge.classifier.backbones import Wanted
from ganvas.judge.classifier.network import Lesson, Network

HEAD_RATE = 2e-3
UNFROZEN_RATE = 3e-4
HEAD_EPOCHS = 40
UNFROZEN_EPOCHS = 40
CHECKS_UNFROZEN = 0.2  # of the lesson: its validation costs as much a picture as its training


@dataclass(frozen=True)
class Pretrained:
    """Parts from pixels to maps [N, D, h, w] or features [N, D], in order, and what they expect of their pictures."""

    parts: nn.Sequential
    features: int
    mean: tuple[float, float, float]
    spread: tuple[float, float, float]
    facts: dict[str, Any] = field(default_factory=dict)


class TransferNetwork(Network):
    """Pictures float [N, C, H, W] from 0 to 1 -> logits [N, labels]; stretched to a square, gray repeated to RGB."""

    mean: Tensor
    spread: Tensor

    def __init__(self, pretrained: Pretrained, wanted: Wanted) -> None:
        super().__init__()
        settings = wanted.settings
        self.facts = pretrained.facts
        self._size = settings.size_px or 96
        self._frozen_share, self._unfrozen = settings.frozen_share, min(settings.unfrozen or 0, len(pretrained.parts))
        self._rates = (settings.rate or HEAD_RATE, UNFROZEN_RATE * (settings.rate or HEAD_RATE) / HEAD_RATE)
        self.parts = pretrained.parts.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(pretrained.mean).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor(pretrained.spread).view(1, 3, 1, 1))
        self.norm = nn.BatchNorm1d(pretrained.features, affine=False)  # features differ in size by orders
        hidden = settings.hidden
        body = [nn.Linear(pretrained.features, hidden), nn.ReLU(), nn.Dropout(settings.dropout)] if hidden else []
        self.head = nn.Sequential(
            nn.Dropout(settings.dropout), *body, nn.Linear(hidden or pretrained.features, wanted.labels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classified(self.frozen_features(x))

    def frozen_features(self, pictures: Tensor) -> Tensor:
        x = pictures.expand(-1, 3, -1, -1) if pictures.shape[1] == 1 else pictures
        x = F.interpolate(x, (self._size, self._size), mode="bilinear", antialias=True)
        maps: Tensor = self.parts(((x - self.mean) / self.spread).contiguous(memory_format=torch.channels_last))
        return maps.float().mean(dim=(2, 3)) if maps.ndim == 4 else maps.float()

    def classified(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head(self.norm(features))
        return logits

    def lessons(self) -> list[Lesson]:
        head = Lesson("head on frozen features", self._frozen_share, self._rates[0], HEAD_EPOCHS, frozen=True)
        if not self._unfrozen or self._frozen_share >= 1:
            return [head]
        name = f"last {self._unfrozen} parts unfrozen"
        return [head, Lesson(name, 1.0, self._rates[1], UNFROZEN_EPOCHS, check_every=CHECKS_UNFROZEN)]

    def learning(self, lesson: Lesson) -> Iterator[nn.Parameter]:
        last = self.parts[len(self.parts) - self._unfrozen :].requires_grad_(not lesson.frozen)
        return (weight for part in (self.head, last) for weight in part.parameters() if weight.requires_grad)

    def train(self, mode: bool = True) -> TransferNetwork:
        """The parts keep the batch statistics they came with: few pictures would only blur them."""
        super().train(mode)
        self.parts.eval()
        return self
