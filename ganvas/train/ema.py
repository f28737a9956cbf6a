"""The averaged generator: what is drawn from, judged and kept. Its half-life follows the images seen (schedule.py)."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def update(average: nn.Module, generator: nn.Module, batch: int, half_life_images: float) -> None:
    """Move the average's weights towards the generator's; running statistics are copied, they are averages already."""
    weight = 1 - 0.5 ** (batch / half_life_images)
    torch._foreach_lerp_(list(average.parameters()), list(generator.parameters()), weight)
    for kept, new in zip(average.buffers(), generator.buffers(), strict=True):
        kept.copy_(new)
