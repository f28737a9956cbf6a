"""The averaged generator: what is drawn from, judged and kept. Its half-life follows the images seen (schedule.py)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


@torch.no_grad()
def update(average: nn.Module, generator: nn.Module, batch: int, half_life_images: float) -> None:
    """Move the average's weights towards the generator's. Its batch norms are left to `calibrate`."""
    weight = 1 - 0.5 ** (batch / half_life_images)
    torch._foreach_lerp_(list(average.parameters()), list(generator.parameters()), weight)


@torch.no_grad()
def calibrate(average: nn.Module, latents: Tensor, labels: Tensor | None, batch: int = 64) -> None:
    """Measure the statistics of the average's batch norms with its own weights, on latents float [N, Z].

    The generator's running statistics belong to other weights; the higher the rates, the worse they fit (Izmailov et
    al. 2018, arXiv 1803.05407, section 3.2, say the same of averaged classifiers). A function of the weights alone.
    """
    norms = [module for module in average.modules() if isinstance(module, nn.BatchNorm2d)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    average.train()
    for start in range(0, len(latents), batch):
        average(latents[start : start + batch], None if labels is None else labels[start : start + batch])
    average.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
