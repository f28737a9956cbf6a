"""`ganvas doctor`: what this machine trains with, how fast, and what a training would choose. `examine(packed)`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganvas.device import synchronize
from ganvas.pictures.packed import PackedSet
from ganvas.train.data import to_network
from ganvas.train.machine import machine
from ganvas.train.plan import Plan, make_plan, sizes
from ganvas.train.players import make_players
from ganvas.train.processes import Processes
from ganvas.train.settings import train_settings
from ganvas.train.step import Game, train_step

PROBE_S = 2.0
MATRIX = 2048
WARM_UP = 3  # steps: the first ones choose algorithms and fill caches


def examine(packed: PackedSet | None = None) -> dict[str, Any]:
    """Versions, device, number format, speeds and choices, with reasons; for a set, or for 64 × 64 colour noise."""
    packed = packed or _noise(64, 64, 3)
    plan = make_plan(train_settings({}), packed)
    device = plan.settings.device or "cpu"
    here = machine(device)
    chosen = {choice.name: f"{choice.value} ({choice.reason})" for choice in plan.choices}
    facts: dict[str, Any] = {**here["versions"], **here["machine"]}
    facts["device"], facts["precision"] = chosen.pop("device"), chosen.pop("precision")
    facts["matrix product"] = f"{matrix_peak(device):,.0f} GFLOP/s (float32, {MATRIX} × {MATRIX})"
    rate = steps_a_second(plan, packed) * plan.batch
    facts["pictures"] = f"{packed.width}×{packed.height}, {'colour' if packed.channels == 3 else 'gray'}"
    facts["training"] = f"{rate:,.0f} images/s with {plan.settings.network.name}"
    facts["networks"] = sizes(plan)
    facts["would choose"] = chosen
    return facts


def matrix_peak(device: str) -> float:
    """GFLOP/s of a large float32 matrix product: what no training step can exceed."""
    a = torch.randn(MATRIX, MATRIX, device=device)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        a @ a
        synchronize(device)
        times.append(time.perf_counter() - begun)
    return 2 * MATRIX**3 / min(times) / 1e9


def steps_a_second(plan: Plan, packed: PackedSet, seconds: float = PROBE_S) -> float:
    """The rate of training steps of a plan, in a short probe."""
    players, game = make_players(plan), Game.of(plan.settings, Processes())
    device = plan.settings.device or "cpu"
    shown = np.resize(packed.train, plan.batch)
    rows = torch.from_numpy(plan.conditions.rows_of(packed.labels[shown])).to(device)
    told = torch.from_numpy(plan.conditions.table).to(device)[rows]
    steps = -WARM_UP
    begun = time.perf_counter()
    while steps < 1 or time.perf_counter() - begun < seconds:
        if steps == 0:
            synchronize(device)
            begun = time.perf_counter()
        train_step(players, game, to_network(packed.images[shown], device), told, rows, progress=0.5)
        steps += 1
    synchronize(device)
    return steps / (time.perf_counter() - begun)


def _noise(height: int, width: int, channels: int) -> PackedSet:
    count = 2048
    images = np.random.default_rng(0).integers(0, 256, (count, channels, height, width), np.uint8)
    labels, split = np.full(count, -1), np.full(count, "train")
    return PackedSet(Path(), "noise", "", images, labels, [], split, [""] * count, {})
