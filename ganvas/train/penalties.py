"""Gradient penalties: what keeps a discriminator smooth where the two players meet. Registered by name.

Each is differentiated twice, so it is computed in float32, and `autograd.grad` builds it: a plain `backward` follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.registry import Registry


@dataclass(frozen=True)
class Penalty:
    """Which pictures the gradient is taken at, and what it costs: a mean over the batch, without its weight gamma."""

    on_real: bool
    on_drawn: bool
    between: bool


PENALTIES: Registry[Penalty] = Registry("penalty")
PENALTIES |= {
    # Mescheder et al. 2018 (arXiv 1801.04406), eq. 9, at γ/2
    "r1": Penalty(on_real=True, on_drawn=False, between=False),
    # Huang et al. 2025 (arXiv 2501.05441), eq. 2: at drawn pictures too, or training without noise need not converge
    "r1+r2": Penalty(on_real=True, on_drawn=True, between=False),
    # Gulrajani et al. 2017 (arXiv 1704.00028), eq. 3: the gradient's norm is drawn to one, between real and drawn
    "interpolated": Penalty(on_real=False, on_drawn=False, between=True),
    "none": Penalty(on_real=False, on_drawn=False, between=False),
}


def squared_gradient(pictures: Tensor, logits: Tensor) -> Tensor:
    """Mean of ‖∇D(x)‖² over a batch [N, C, H, W]; `pictures` must require a gradient and `logits` come from them."""
    return _gradient(pictures, logits).square().sum(dim=(1, 2, 3)).mean()


def interpolated(judge: Callable[[Tensor], Tensor], real: Tensor, drawn: Tensor) -> Tensor:
    """Mean of (‖∇D(x̂)‖ − 1)² at one point x̂ between each real and drawn picture, at random."""
    share = torch.rand(len(real), 1, 1, 1, device=real.device)
    between = torch.lerp(real.detach(), drawn.detach(), share).requires_grad_()
    norms = _gradient(between, judge(between)).square().sum(dim=(1, 2, 3)).add(1e-12).sqrt()
    return (norms - 1).square().mean()


def _gradient(pictures: Tensor, logits: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(logits.float().sum(), pictures, create_graph=True)
    return gradient.float()
