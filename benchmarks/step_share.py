"""Where a training step's time goes: the share that its own convolutions need alone, and the share of data loading.

    python -m benchmarks.step_share [--size 64] [--channels 3] [--set NAME=VALUE …]

The convolutions and matrix products of one whole step, penalty included, are recorded and played again by themselves,
on tensors of the same shapes and strides; step, replay and loading take turns, and medians are compared. Beside them
stands the matrix peak, a large float32 product.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import flop_registry

from ganvas.assignments import parse_assignments
from ganvas.pictures.packed import PackedSet
from ganvas.train.data import TrainingOrder, to_network
from ganvas.train.doctor import matrix_peak
from ganvas.train.plan import make_plan
from ganvas.train.players import make_players
from ganvas.train.processes import Processes
from ganvas.train.settings import train_settings
from ganvas.train.step import Game, train_step

PICTURES = 4096
ROUNDS = 40


class Products(TorchDispatchMode):
    """What is multiplied, with stand-ins for its tensors, and how many operations that is."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any]] = []
        self.operations = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if function._overloadpacket in flop_registry:
            self.operations += flop_registry[function._overloadpacket](*args, **(kwargs or {}), out_val=result)
            self.calls.append((function, *tree_map_only(torch.Tensor, _alike, (args, kwargs or {}))))
        return result

    def replay(self) -> None:
        """Every product once more, in the same order."""
        for function, args, kwargs in self.calls:
            function(*args, **kwargs)


def _alike(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype).normal_()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE")
    chosen = parser.parse_args()
    packed = _noise(chosen.size, chosen.channels)
    asked = {"augment": [], "mirror": False, "device": "cpu", **parse_assignments(chosen.assignments)}
    plan = make_plan(train_settings(asked), packed)
    players, game = make_players(plan), Game.of(plan.settings, Processes())
    order, told = TrainingOrder(packed.train, 0), torch.zeros(plan.batch, 0)
    rows = torch.zeros(plan.batch, dtype=torch.long)

    def load() -> torch.Tensor:
        return to_network(packed.images[order.batch(players.images, plan.batch)], "cpu")

    real = load()

    def step() -> None:
        train_step(players, game, real, told, rows, progress=0.5)

    every = plan.settings.penalty_every or 1
    for _ in range(every):  # the next step is one of those with a penalty
        step()
    products = _recorded(step)
    times: dict[str, list[float]] = {"step with its penalty": [], "the same products alone": [], "loading": []}
    for _ in range(ROUNDS):
        players.step += -players.step % every
        for name, work in zip(times, (step, products.replay, load), strict=True):
            times[name].append(_timed(work))
    whole = median(times["step with its penalty"])
    print(f"{plan.settings.network.name}, {chosen.size}×{chosen.size}×{chosen.channels}, batch {plan.batch}")
    for name, taken in times.items():
        print(f"{name:>26}: {1000 * median(taken):8.2f} ms  {median(taken) / whole:6.1%}")
    alone, peak = products.operations / median(times["the same products alone"]) / 1e9, matrix_peak("cpu")
    print(f"{products.operations / whole / 1e9:.0f} GFLOP/s in the step, {alone:.0f} alone, {peak:.0f} the matrix peak")


def _recorded(work: Callable[[], Any]) -> Products:
    with Products() as products:
        work()
    return products


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _noise(side: int, channels: int) -> PackedSet:
    images = np.random.default_rng(0).integers(0, 256, (PICTURES, channels, side, side), np.uint8)
    labels, split = np.full(PICTURES, -1), np.full(PICTURES, "train")
    return PackedSet(Path(), "noise", "", images, labels, [], split, [""] * PICTURES, {})


if __name__ == "__main__":
    main()
