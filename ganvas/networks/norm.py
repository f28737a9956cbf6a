"""Batch norm whose batch may be spread over several processes: `synchronise(network)`, and two train like one."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class BatchNorm(nn.BatchNorm2d):
    """Ioffe & Szegedy 2015 (arXiv 1502.03167), algorithm 1, by all processes' pictures once it is synchronised."""

    synchronised = False

    def forward(self, x: Tensor) -> Tensor:
        if not (self.synchronised and self.training):
            return super().forward(x)
        with torch.autocast(x.device.type, enabled=False):  # a variance as a difference of squares needs the digits
            values = x.float()
            here = torch.cat([values.mean(dim=(0, 2, 3)), values.square().mean(dim=(0, 2, 3))])
            mean, square = (_Summed.apply(here) / dist.get_world_size()).chunk(2)  # type: ignore[no-untyped-call]
            variance = (square - mean.square()).clamp_min(0)
            with torch.no_grad():
                momentum = self.momentum or 0.0
                count = dist.get_world_size() * values.numel() / len(mean)
                self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
                self.running_mean.lerp_(mean, momentum)  # type: ignore[union-attr]
                self.running_var.lerp_(variance * count / (count - 1), momentum)  # type: ignore[union-attr]
            scale = self.weight * torch.rsqrt(variance + self.eps)
            normed: Tensor = values * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]
            return normed.to(x.dtype)


class _Summed(torch.autograd.Function):
    """A tensor's sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(context: Any, here: Tensor) -> Tensor:
        return _summed(here)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return _summed(gradient)


def _summed(here: Tensor) -> Tensor:
    total = here.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total


def synchronise(network: nn.Module) -> None:
    """Let every batch norm of a network look at the pictures of all processes."""
    for module in network.modules():
        if isinstance(module, BatchNorm):
            module.synchronised = True
