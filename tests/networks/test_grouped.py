"""Convolutions in groups: PyTorch's numbers, of any order, and as many operations however many groups there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from ganvas.networks.grouped import GroupedConv2d, convolve

MOVES = [(2, 1), (4, 1), (8, 1), (8, 2)]  # groups, stride


class Operations(TorchDispatchMode):
    """How many are done."""

    count = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        return function(*args, **(kwargs or {}))


def made(groups: int, kind: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    x = torch.randn(2, 8, 5, 6, dtype=kind, requires_grad=True)
    return x, torch.randn(8, 8 // groups, 3, 3, dtype=kind, requires_grad=True)


def penalised(convolution: Callable[[Tensor, Tensor], Tensor], x: Tensor, weight: Tensor) -> list[Tensor]:
    """The gradients of a play with a gradient penalty, after a rectifier as networks have it."""
    y = F.leaky_relu(convolution(x, weight), 0.2).square().sum()
    (slope,) = torch.autograd.grad(y, x, create_graph=True)
    return list(torch.autograd.grad(y + slope.square().sum(), (x, weight)))


@pytest.mark.parametrize(("groups", "stride"), MOVES)
def test_it_is_pytorchs_convolution_and_so_are_its_gradients(groups: int, stride: int) -> None:
    x, weight = made(groups)

    def known(x: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(x, weight, stride=stride, padding=1, groups=groups)

    assert torch.equal(convolve(x, weight, groups, stride), known(x, weight))
    ours, theirs = (penalised(f, x, weight) for f in (lambda x, weight: convolve(x, weight, groups, stride), known))
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their)


@pytest.mark.parametrize(("groups", "stride"), MOVES)
def test_second_derivatives_are_those_of_differences(groups: int, stride: int) -> None:
    assert torch.autograd.gradgradcheck(lambda x, weight: convolve(x, weight, groups, stride), made(groups))


def test_what_is_differentiated_twice_takes_as_many_operations_however_many_groups() -> None:
    def operations(groups: int) -> int:
        with Operations() as done:
            penalised(lambda x, weight: convolve(x, weight, groups), *made(groups))
        return done.count

    assert operations(2) == operations(8)


def test_a_layer_in_groups_has_the_weights_of_pytorchs() -> None:
    layer, known = GroupedConv2d(8, 8, 3, groups=4), torch.nn.Conv2d(8, 8, 3, padding=1, groups=4)
    known.load_state_dict(layer.state_dict())
    x = torch.randn(2, 8, 5, 5)
    torch.testing.assert_close(layer(x), known(x))


def test_under_autocast_it_multiplies_in_bf16_and_learns_in_float32() -> None:
    layer, x = GroupedConv2d(8, 8, 3, groups=4), torch.randn(2, 8, 5, 5, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    y.float().sum().backward()
    assert y.dtype == torch.bfloat16
    assert {layer.weight.grad.dtype, layer.bias.grad.dtype, x.grad.dtype} == {torch.float32}
