"""Batch norm whose batch may be spread over several processes: `synchronise(network)`, and two train like one."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn


class BatchNorm(nn.BatchNorm2d):
    """Ioffe & Szegedy 2015 (arXiv 1502.03167), algorithm 1, by all processes' pictures once it is synchronised."""

    synchronised = False

    def forward(self, x: Tensor) -> Tensor:
        if not (self.synchronised and self.training):
            return super().forward(x)
        from torch.distributed.nn.functional import all_reduce

        here = torch.cat([x.mean(dim=(0, 2, 3)), x.square().mean(dim=(0, 2, 3))])
        mean, square = (all_reduce(here) / dist.get_world_size()).chunk(2)  # type: ignore[no-untyped-call]
        variance = (square - mean.square()).clamp_min(0)
        with torch.no_grad():
            momentum = self.momentum or 0.0
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
            self.running_mean.lerp_(mean, momentum)  # type: ignore[union-attr]
            self.running_var.lerp_(variance, momentum)  # type: ignore[union-attr]
        scale = self.weight * torch.rsqrt(variance + self.eps)
        normed: Tensor = x * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]
        return normed


def synchronise(network: nn.Module) -> None:
    """Let every batch norm of a network look at the pictures of all processes."""
    for module in network.modules():
        if isinstance(module, BatchNorm):
            module.synchronised = True
