"""A made-up search: trials in every state, and run folders with ticks and sheets as training leaves them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ganvas.pictures.sheet import save_png, sheet
from ganvas.report import SearchRecord, TrialRecord

STATES = ("finished", "finished", "finished", "pruned", "stopped", "failed")
REASONS = {
    "pruned": "at 33% of its budget KID×1000 was 220, 5 of 7 that came so far",
    "stopped": "one colour: the samples do not differ",
    "failed": "MemoryError: <b>a batch of 64</b> & more does not fit",
}


def made_up_search(root: Path, count: int = 12, sheets: bool = True, **changed: Any) -> SearchRecord:
    """The first trial is the best, and every sixth state is another; trials with dcgan alone have conv_layers."""
    trials = [_trial(root, number, sheets) for number in range(count)]
    scored = sorted((t for t in trials if t.scores), key=lambda trial: trial.scores["kid"])
    ranked = [TrialRecord(**{**trial.__dict__, "rank": i}) for i, trial in enumerate(scored, 1)]
    folder = root / "searches" / "vases"
    folder.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {
        "asked": {"set": "vases", "sampler": "tpe", "budget": "10m", "prune": True},
        "importance": {"generator_rate": 0.7, "batch": 0.2, "network": 0.1},
        "rungs": (1 / 9, 1 / 3),
        "why": ["2 at a time, 1 thread each: measured"],
    }
    return SearchRecord("vases", folder, trials=[*ranked, *(t for t in trials if not t.scores)], **(facts | changed))


def _trial(root: Path, number: int, sheets: bool) -> TrialRecord:
    state = STATES[number % len(STATES)]
    point: dict[str, Any] = {"network": ("dcgan", "r3gan")[number % 2], "generator_rate": 10 ** -(2 + number % 5 / 2)}
    point |= {"batch": (16, 32, 64)[number % 3]}
    point |= {"network.conv_layers": 3 + number % 2} if point["network"] == "dcgan" else {}
    kid = 0.02 + 0.01 * number
    folder = root / "runs" / f"vases-{number:03d}"
    folder.mkdir(parents=True)
    ticks = 20 if state == "finished" else 7
    lines = [
        {"tick": i, "images": 1000 * i, "seconds": 30.0 * i, "epoch": i / 10, "kid": kid + 1.8 * math.exp(-i / 3)}
        for i in range(ticks + 1)
    ]
    (folder / "ticks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "settings.json").write_text(json.dumps({"settings": {"ticks": 20, "budget": "10m"}}))
    if sheets:
        pictures = np.random.default_rng(number).integers(0, 256, (16, 1, 14, 14), np.uint8)
        save_png(folder / "sheets" / f"tick-{ticks:04d}.png", sheet(pictures))
    scores = {"kid": kid, "kid_baseline": -0.0003, "coverage": 0.9 - kid, "coverage_baseline": 0.97}
    return TrialRecord(
        number,
        number,
        folder.name,
        folder,
        state,
        point,
        reason=REASONS.get(state),
        scores=scores if state == "finished" else {},
        images=1000 * ticks,
        seconds=30.0 * ticks,
    )
