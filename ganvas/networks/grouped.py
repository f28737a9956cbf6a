"""Convolutions in groups that can be differentiated twice without a loop over the groups.

PyTorch differentiates a convolution's gradient group by group: thousands of small kernels a step where a gradient
penalty meets a network in groups. A convolution is linear in its input x and in its weights w, and so is the number
⟨g, x ∗ w⟩ in each of x, w and g. Its derivatives by g, x and w are the three functions below; the derivative of each is
again one of the three, so that a gradient of any order is made of whole convolutions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GroupedConv2d(nn.Conv2d):
    """nn.Conv2d with an odd kernel that keeps the size [N, C, H, W] -> [N, O, H, W]; the same weights and numbers."""

    def __init__(self, inputs: int, outputs: int, kernel: int, groups: int) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        if self.groups == 1:
            return super().forward(x)
        y = convolve(x, self.weight, self.groups)
        return y if self.bias is None else y + self.bias.to(y.dtype)[:, None, None]


def convolve(x: Tensor, weight: Tensor, groups: int, stride: int = 1) -> Tensor:
    """x [N, C, H, W] ∗ weight [O, C / groups, K, K], K odd -> [N, O, H / stride, W / stride], rounded up.

    In the number format that autocast asks for.
    """
    if not torch.is_grad_enabled():  # PyTorch's own is as good, and exporters know it
        return _forward(x, weight, groups, stride)
    device = x.device.type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        kind = torch.get_autocast_dtype(device)
        x, weight = x.to(kind), weight.to(kind)
    return _by_output(x, weight, groups, stride)


class _ByOutput(torch.autograd.Function):
    """The convolution itself, of x and w."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, groups: int, stride: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.moves = groups, stride
        return _forward(x, weight, groups, stride)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        return (
            _by_input(g, weight, x, *ctx.moves) if ctx.needs_input_grad[0] else None,
            _by_weight(g, x, weight, *ctx.moves) if ctx.needs_input_grad[1] else None,
            None,
            None,
        )


class _ByInput(torch.autograd.Function):
    """Of g and w; of `x` the shape counts alone."""

    @staticmethod
    def forward(ctx: Any, g: Tensor, weight: Tensor, x: Tensor, groups: int, stride: int) -> Tensor:
        ctx.save_for_backward(g, weight)
        ctx.moves = groups, stride
        return _backward(g, x, weight, groups, stride)[0]

    @staticmethod
    def backward(ctx: Any, x: Tensor) -> tuple[Tensor | None, ...]:
        g, weight = ctx.saved_tensors
        return (
            _by_output(x, weight, *ctx.moves) if ctx.needs_input_grad[0] else None,
            _by_weight(g, x, weight, *ctx.moves) if ctx.needs_input_grad[1] else None,
            None,
            None,
            None,
        )


class _ByWeight(torch.autograd.Function):
    """Of g and x; of `weight` the shape counts alone."""

    @staticmethod
    def forward(ctx: Any, g: Tensor, x: Tensor, weight: Tensor, groups: int, stride: int) -> Tensor:
        ctx.save_for_backward(g, x)
        ctx.moves = groups, stride
        return _backward(g, x, weight, groups, stride, by_weight=True)[1]

    @staticmethod
    def backward(ctx: Any, weight: Tensor) -> tuple[Tensor | None, ...]:
        g, x = ctx.saved_tensors
        return (
            _by_output(x, weight, *ctx.moves) if ctx.needs_input_grad[0] else None,
            _by_input(g, weight, x, *ctx.moves) if ctx.needs_input_grad[1] else None,
            None,
            None,
            None,
        )


_by_output: Callable[..., Tensor] = _ByOutput.apply
_by_input: Callable[..., Tensor] = _ByInput.apply
_by_weight: Callable[..., Tensor] = _ByWeight.apply


def _forward(x: Tensor, weight: Tensor, groups: int, stride: int) -> Tensor:
    return F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2, groups=groups)


def _backward(
    g: Tensor, x: Tensor, weight: Tensor, groups: int, stride: int, by_weight: bool = False
) -> tuple[Tensor, ...]:
    padding, wanted = [weight.shape[-1] // 2] * 2, [not by_weight, by_weight, False]
    found: tuple[Tensor, ...] = torch.ops.aten.convolution_backward(
        g, x, weight, None, [stride] * 2, padding, [1, 1], False, [0, 0], groups, wanted
    )
    return found
