"""What every network of a classifier is: pictures to logits, and the lessons in which it learns that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class Lesson:
    """One stretch of training: until which share of the budget, and for how many epochs at most.

    In a frozen lesson only the head learns, from features that are made once. A check of the validation pictures comes
    after every epoch, or after `check_every` of the lesson where that is sooner.
    """

    name: str
    until: float
    most_epochs: int
    frozen: bool = False
    check_every: float = 0.1


class Network(nn.Module):
    """Pictures float [N, C, H, W] from 0 to 1 -> logits float [N, labels].

    `facts` are what its shape follows from beside the settings, kept as JSON so that it can be built again.
    """

    facts: dict[str, Any]

    def lessons(self) -> list[Lesson]:
        raise NotImplementedError

    def learning(self, lesson: Lesson) -> list[dict[str, Any]]:
        """The parameters that learn in a lesson, as the optimizer's groups, `lr` being the highest rate of each."""
        raise NotImplementedError

    def frozen_features(self, pictures: Tensor) -> Tensor:
        """What the frozen parts see: float [N, D]. Only asked of a network with a frozen lesson."""
        raise NotImplementedError

    def classified(self, features: Tensor) -> Tensor:
        """Features [N, D] -> logits [N, labels]."""
        raise NotImplementedError


def one_cycle(progress: float, warmup: float = 0.15) -> float:
    """Factor on the highest learning rate: up over the first `warmup`, then down to 0 along half a cosine.

    After Smith & Topin 2017 (arXiv 1708.07120): one large rise and fall reaches in few epochs what small steady rates
    reach in many.
    """
    from math import cos, pi

    if progress < warmup:
        return max(progress / warmup, 0.02)
    return max(0.5 * (1 + cos(pi * min(1.0, (progress - warmup) / (1 - warmup)))), 1e-3)
