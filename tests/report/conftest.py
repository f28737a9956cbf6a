"""A run's folder as training and judging leave it, made up but complete."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.pictures.sheet import save_png, sheet

MakeRun = Callable[..., Path]
FINISHED = {"state": "finished", "reason": None, "images": 162000, "seconds": 180.2, "total_seconds": 221.0}
SCORES = [
    ("kid", "KID×1000", 0.1914, 0.0041, -0.0003, "191.4 ± 4.1", "-0.3 ± 0.9"),
    ("precision", "precision", 0.71, None, 0.90, "0.71", "0.90"),
    ("recall", "recall", 0.52, None, 0.88, "0.52", "0.88"),
    ("density", "density", 0.83, None, 1.01, "0.83", "1.01"),
    ("coverage", "coverage", 0.78, None, 0.97, "0.78", "0.97"),
    ("authenticity", "authenticity", 0.86, None, 0.81, "0.86", "0.81"),
]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Make runs/NAME with `ticks` sheets of `pictures` (uint8 [N, C, H, W]), judged where `scored`."""

    def make(
        name: str = "fashion-1",
        ticks: int = 5,
        pictures: np.ndarray | None = None,
        scored: bool = True,
        settings: dict[str, Any] | None = None,
        state: dict[str, Any] | None = None,
    ) -> Path:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        shown = blotches() if pictures is None else pictures
        write(folder / "settings.json", {**described(shown), **(settings or {})})
        (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in logged(ticks)))
        (folder / "ticks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in ticked(ticks)))
        for tick in range(ticks):
            save_png(folder / "sheets" / f"tick-{tick:04d}.png", sheet(emerging(shown, tick / max(1, ticks - 1))))
        if state is not None or ticks:
            write(folder / "state.json", state or FINISHED)
        if scored:
            write(folder / "scores.json", card())
            save_png(folder / "nearest.png", sheet(shown[:16], columns=8, captions=["new 1"] * 16))
        return folder

    return make


def write(path: Path, record: dict[str, Any]) -> None:
    path.write_text(json.dumps(record))


def blotches(count: int = 64, size: int = 28) -> np.ndarray:
    coarse = np.random.default_rng(1).integers(0, 256, (count, 1, 7, 7), np.uint8)
    return coarse.repeat(size // 7, axis=2).repeat(size // 7, axis=3)


def emerging(pictures: np.ndarray, share: float) -> np.ndarray:
    noise = np.random.default_rng(2).normal(128, 40, pictures.shape)
    return np.clip(pictures * share + noise * (1 - share), 0, 255).astype(np.uint8)


def described(pictures: np.ndarray) -> dict[str, Any]:
    _, channels, height, width = pictures.shape
    return {
        "settings": {
            "network": {"name": "dcgan", "latent": 64, "channels": 32, "layers": 3},
            "condition": "label",
            "loss": "non-saturating",
            "budget": "180s",
            "batch": 64,
            "generator_rate": 0.0008,
            "discriminator_rate": 0.0016,
            "gamma": 1.0,
            "seed": 0,
            "precision": "bf16",
            "checkpoint_every": None,
        },
        "choices": [
            {"name": "condition", "value": "label", "reason": "10 labels, the rarest with 885 pictures"},
            {"name": "network.layers", "value": "3", "reason": "28×28 halves twice to 7×7"},
            {"name": "precision", "value": "bf16", "reason": "this processor multiplies bf16 natively (AVX512-BF16)"},
            {"name": "generator_rate", "value": "0.0008", "reason": "half of the discriminator's"},
        ],
        "set": {
            "name": "fashion",
            "height": height,
            "width": width,
            "channels": channels,
            "train": 9000,
            "held_out": 1000,
            "labels": ["ankle boot", "bag", "coat"],
        },
        "versions": {"ganvas": "0.1.0", "torch": "2.13.0", "numpy": "2.4.6", "python": "3.11.7"},
        "machine": {"system": "Linux", "processor": "x86_64", "threads": 2, "device": "cpu"},
    }


def logged(ticks: int) -> list[dict[str, float]]:
    rng = np.random.default_rng(3)
    steps = ticks * 20
    return [
        {
            "images": 162000 * (i + 1) // steps,
            "seconds": round(180.2 * (i + 1 + 0.05 * rng.random()) / steps, 3),
            "epoch": round(18 * (i + 1) / steps, 3),
            "loss_d": 0.9 - 0.3 * math.exp(-i / 20) + rng.normal(0, 0.03),
            "loss_g": 1.4 + math.exp(-i / 20) + rng.normal(0, 0.08),
            "d_real": 0.68 + rng.normal(0, 0.02),
            "d_fake": 0.32 + rng.normal(0, 0.02),
            "fooled": 0.2 + rng.normal(0, 0.02),
        }
        for i in range(steps)
    ]


def ticked(ticks: int) -> list[dict[str, float]]:
    ends = max(1, ticks - 1)
    return [
        {
            "tick": i,
            "images": 162000 * i // ends,
            "seconds": 180.2 * i / ends,
            "epoch": 18 * i / ends,
            "kid": 0.2 + 1.7 * math.exp(-6 * i / ends),
            "coverage": 0.75 * (1 - math.exp(-4 * i / ends)),
            "precision": 0.7 * (1 - math.exp(-5 * i / ends)),
            "recall": 0.5 * (1 - math.exp(-3 * i / ends)),
        }
        for i in range(ticks)
    ]


def card() -> dict[str, Any]:
    keys = ("name", "label", "value", "sd", "baseline", "shown", "baseline_shown")
    return {
        "headline": "1,000 generated pictures against 1,000 held-out pictures, seen through effnet-lite0",
        "n": 1000,
        "scores": [dict(zip(keys, score, strict=True)) for score in SCORES],
        "remarks": ["FD is left out: below 2,000 pictures a side (here 1,000) its bias outweighs what it says"],
    }
