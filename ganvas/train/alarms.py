"""Alarms: what stops a training that only wastes time, each with the reason and what to try."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganvas.errors import TrainingStopped


def check_finite(metrics: Mapping[str, float], images: int) -> None:
    """Raises TrainingStopped when a loss is no longer a number."""
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise _not_a_number(name, images)


def check_weights(networks: Mapping[str, nn.Module], images: int) -> None:
    """Raises TrainingStopped when a weight is no longer a number: such a checkpoint must never be written."""
    for name, network in networks.items():
        if not all(torch.isfinite(parameter).all() for parameter in network.parameters()):
            raise _not_a_number(f"a weight of the {name}", images)


def _not_a_number(what: str, images: int) -> TrainingStopped:
    return TrainingStopped(
        f"stopped at {images:,} images: {what} is not a number any more; "
        "train again with lower rates, for example --set generator_rate=2e-4 --set discriminator_rate=2e-4"
    )


def spread(pictures: Tensor) -> float:
    """Mean over pictures float [N, C, H, W] of the standard deviation of their pixels, each channel by itself."""
    return float(pictures.float().std(dim=(2, 3)).mean())


def real_spread(pictures: NDArray[np.uint8]) -> float:
    """The same of real pictures uint8 [N, C, H, W], on the networks' scale of −1 … 1."""
    return float((pictures.astype(np.float32) / 127.5).std(axis=(2, 3)).mean())


def one_colour_count(drawn: Tensor, against: float, sigma: float, count: int) -> int:
    """How many checks in a row the drawn pictures were of one colour: spread below sigma × the real pictures' spread.

    Where the real pictures are of one colour themselves (spread 0) the alarm stays silent.
    """
    return count + 1 if spread(drawn) < sigma * against else 0


def check_one_colour(count: int, patience: int, images: int) -> None:
    """Raises TrainingStopped after `patience` checks in a row of one colour."""
    if count >= patience:
        raise TrainingStopped(
            f"stopped at {images:,} images: the last {count} checks drew pictures of one colour, a collapse; "
            "train again with another --seed, a higher --set gamma= or a lower --set generator_rate="
        )
