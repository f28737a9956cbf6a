"""Training steps on a GPU: pictures a second, and how long of each step the GPU has anything to do.

    python -m benchmarks.gpu_steps [--size 28x28x1] [--set NAME=VALUE …] [--each NAME=VALUE[,NAME=VALUE…] …]

A row for the defaults of a minute's budget, and one for each of the settings. What a step waits for beside the GPU's
own work is the processor that starts its kernels, one after another.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from ganvas.assignments import parse_assignments
from ganvas.pictures.packed import PackedSet
from ganvas.train.data import TrainingOrder, to_network
from ganvas.train.plan import Plan, make_plan
from ganvas.train.players import make_players
from ganvas.train.processes import Processes
from ganvas.train.settings import train_settings
from ganvas.train.step import Game, train_step

PICTURES = 4096
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="28x28x1", help="height x width x channels")
    parser.add_argument("--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--each", action="append", default=[], metavar="NAME=VALUE[,NAME=VALUE…]")
    chosen = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("no GPU here: benchmarks.step_share measures a processor's steps")
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, {chosen.size}")
    _print("settings", "batch", "ms a step", "of which the GPU works", "kernels", "images/s")
    _print(*["---"] * 6)
    packed = _noise(*map(int, chosen.size.split("x")))
    for each in ["", *chosen.each]:
        own = [*chosen.assignments, *filter(None, each.split(","))]
        asked = {"budget": "60s", "augment": [], "mirror": False, "device": "cuda", **parse_assignments(own)}
        plan = make_plan(train_settings(asked), packed)
        milliseconds, busy, kernels = measured(plan, packed)
        named = " ".join(f"`{assignment}`" for assignment in own) or f"defaults ({plan.settings.network.name})"
        shown = 1000 * plan.batch / milliseconds
        _print(named, f"{plan.batch}", f"{milliseconds:.1f}", f"{busy:.1f}", f"{kernels:,}", f"{shown:,.0f}")


def measured(plan: Plan, packed: PackedSet) -> tuple[float, float, int]:
    """Milliseconds of a step (the median), of the GPU's work in it, and its kernels: means over a penalty's turn."""
    players, game = make_players(plan), Game.of(plan.settings, Processes())
    real = to_network(packed.images[TrainingOrder(packed.train, 0).batch(0, plan.batch)], "cuda")
    told, rows = torch.zeros(plan.batch, 0, device="cuda"), torch.zeros(plan.batch, dtype=torch.long, device="cuda")
    every = plan.settings.penalty_every or 1

    def turn() -> float:
        begun = time.perf_counter()
        for _ in range(every):
            train_step(players, game, real, told, rows, progress=0.5)
        torch.cuda.synchronize()
        return 1000 * (time.perf_counter() - begun) / every

    turn()
    milliseconds = median(turn() for _ in range(ROUNDS))
    with profile(activities=[ProfilerActivity.CUDA]) as profiled:
        turn()
    events: list[Any] = [event for event in profiled.key_averages() if event.self_device_time_total]
    busy = sum(event.self_device_time_total for event in events) / 1000 / every
    return milliseconds, busy, round(sum(event.count for event in events) / every)


def _print(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def _noise(height: int, width: int, channels: int) -> PackedSet:
    images = np.random.default_rng(0).integers(0, 256, (PICTURES, channels, height, width), np.uint8)
    labels, split = np.full(PICTURES, -1), np.full(PICTURES, "train")
    return PackedSet(Path(), "noise", "", images, labels, [], split, [""] * PICTURES, {})


if __name__ == "__main__":
    main()
