"""Weights and optimizers as plain named tensors, as safetensors files hold them."""

from __future__ import annotations

import torch
from torch import Tensor


def portable(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the processor, each with memory of its own."""
    return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimizer remembers of each parameter, as NUMBER.NAME."""
    states = optimizer.state_dict()["state"]
    return portable({f"{i}.{key}": value for i, state in states.items() for key, value in state.items()})


def put_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """The reverse, for an optimizer of the same parameters."""
    parameters = [weight for group in optimizer.param_groups for weight in group["params"]]
    for full_name, value in tensors.items():
        index, _, key = full_name.partition(".")
        parameter = parameters[int(index)]
        if value.shape == parameter.shape:
            value = torch.empty_like(parameter).copy_(value)  # in the parameter's own memory format
        optimizer.state[parameter][key] = value.to(parameter.device) if key != "step" else value
