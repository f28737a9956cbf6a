"""Where a training stands, and whoever keeps that: plain values and tensors by name, nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

Tensors = dict[str, dict[str, Tensor]]


class Keeper(Protocol):
    """Where a training is kept, whole or not at all; None at first."""

    def keep(self, tensors: Tensors, state: dict[str, Any]) -> None: ...
    def kept(self) -> tuple[Tensors, dict[str, Any]] | None: ...


@dataclass
class State:
    """Where a training stands: `seen` and `step` count within the lesson, `images` and `seconds` over all of them."""

    lesson: int = 0
    step: int = 0
    seen: int = 0
    images: int = 0
    seconds: float = 0.0
    began: float = 0.0
    checked_at: float = 0.0
    checked_seen: int = 0
    checks_since_best: int = 0
    best_loss: float = math.inf
    best_at: float = 0.0
    over: bool = False
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    history: list[dict[str, Any]] = field(default_factory=list)
