"""Drifting: the generator's pictures are pulled to real ones near them and pushed off each other, with no adversary.

After Deng et al. 2026 (arXiv 2602.04770), algorithm 1: the loss ‖f(x) − stopgrad(f(x) + V)‖² in a feature space f.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

TEMPERATURES = (0.02, 0.05, 0.2)
FAR = -1e4  # of the logits of a pair that must not see each other


def drift_loss(drawn: Tensor, real: Tensor, drawn_rows: Tensor, real_rows: Tensor) -> Tensor:
    """The squared length of the drift of each drawn picture, in units of the features' mean distance.

    Features float [N, F] and [M, F]; rows int64 [N], [M]: only pictures that were told the same see each other.
    """
    with torch.no_grad():
        scale = torch.cdist(drawn, real).mean().clamp_min(1e-8)
        target = drawn / scale + drift(drawn / scale, real / scale, drawn_rows, real_rows)
    return (drawn / scale - target).square().sum(dim=1).mean()


def drift(drawn: Tensor, real: Tensor, drawn_rows: Tensor, real_rows: Tensor) -> Tensor:
    """V of each drawn picture [N, F]: A⁺ and A⁻ are its pull by real ones and its push by drawn ones (section 3).

    A is the geometric mean of a softmax over what a picture sees and one over what sees it; each temperature's field
    is scaled to a mean square of one before they are added up.
    """
    everything = torch.cat([real, drawn])
    distances = torch.cdist(drawn, everything)
    seen = drawn_rows[:, None] == torch.cat([real_rows, drawn_rows])[None]
    seen[:, len(real) :].fill_diagonal_(False)
    total = torch.zeros_like(drawn)
    for temperature in TEMPERATURES:
        logits = torch.where(seen, -distances / temperature, FAR)
        weights = (logits.softmax(dim=1) * logits.softmax(dim=0)).sqrt() * seen
        pull, push = weights[:, : len(real)], weights[:, len(real) :]
        field = (pull * push.sum(dim=1, keepdim=True)) @ real - (push * pull.sum(dim=1, keepdim=True)) @ drawn
        total = total + field / field.square().sum(dim=1).mean().sqrt().clamp_min(1e-8)
    return total / len(TEMPERATURES)


def pixel_features(pictures: Tensor) -> list[Tensor]:
    """Pictures [N, C, H, W] at three sizes, each as features [N, F]: what drifting alone looks through."""
    pooled = [pictures, *(F.avg_pool2d(pictures, size, ceil_mode=True) for size in (2, 4))]
    return [maps.flatten(1) for maps in pooled]
