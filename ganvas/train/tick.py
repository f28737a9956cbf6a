"""What a run shows at every tick: the same latents drawn again, a line in the catalog, and at some ticks scores."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganvas.catalog import Catalog, TickRow
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.sheet import save_png, sheet
from ganvas.progress import Progress
from ganvas.train import checkpoint, ema
from ganvas.train.by_heart import ByHeart, coarse
from ganvas.train.draw import generate, latents_and_chances
from ganvas.train.light_judge import LightJudge, diversity
from ganvas.train.losses import LOSSES
from ganvas.train.plan import Plan
from ganvas.train.players import Players
from ganvas.train.run_folder import RunFolder, append_line

CALIBRATION = 512  # pictures the averaged generator's batch norms are measured on
COMPARED_EVERY = 5  # judgements between two comparisons of the averages


def calibrate(players: Players, plan: Plan) -> None:
    """Fit the averaged generators' batch norms to their weights, on the run's own latents."""
    device = next(players.average.parameters()).device
    latents, told = (torch.from_numpy(array).to(device) for array in _requests(plan, CALIBRATION))
    for average in players.averages:
        ema.calibrate(average, latents, told)


def _requests(plan: Plan, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    latents, chances = latents_and_chances(count, plan.settings.seed, plan.settings.network.latent)  # type: ignore[attr-defined]
    return latents, plan.conditions.table[plan.conditions.drawn(chances)]


class Ticker:
    """Draws, judges lightly and records; the pictures judged are the first seeds, as on the sheet, never chosen."""

    def __init__(self, folder: RunFolder, catalog: Catalog, packed: PackedSet, plan: Plan, progress: Progress) -> None:
        self._folder, self._catalog, self._plan = folder, catalog, plan
        self._train_count = len(packed.train)
        self._sheet = plan.settings.sheet
        judged = plan.settings.light_judge
        self._judge = LightJudge(packed, judged, progress) if LightJudge.possible(packed, judged) else None
        self._by_heart = ByHeart(packed, plan.conditions, LOSSES[plan.settings.loss or ""].adversarial)
        self._latents, self._told = _requests(plan, max(self._sheet, judged if self._judge else 0))
        self._calibrated_step = -1
        self._judged = judged
        if self._judge is None:
            sample = np.asarray(packed.images[packed.train[: max(self._sheet, 512)]])
            self._real_diversity = diversity(coarse(sample).numpy())

    def calibrate(self, players: Players) -> None:
        """Fit the averaged generators' batch norms to their weights, once a step at most."""
        if self._calibrated_step != players.step:
            calibrate(players, self._plan)
            self._calibrated_step = players.step

    def tick(self, players: Players) -> dict[str, float]:
        """Write sheets/tick-NNNN.png, a line of ticks.jsonl and a row of the catalog; returns the scores."""
        begun = time.perf_counter()
        self.calibrate(players)
        pictures, scores = self._judgement(players) if self._is_judged(players.tick) else self._only_drawn(players)
        save_png(self._folder.sheets / f"tick-{players.tick:04d}.png", sheet(pictures[: self._sheet]))
        record: dict[str, Any] = {
            "tick": players.tick,
            "images": players.images,
            "seconds": round(players.seconds, 3),
            "epoch": round(players.images / self._train_count, 4),
            **{name: round(value, 6) for name, value in scores.items()},
            "ema_share": self._plan.settings.ema_shares[players.chosen],
            "augment_strength": round(players.strength, 4),
            "tick_seconds": round(time.perf_counter() - begun, 3),
        }
        append_line(self._folder.ticks_file, record)
        self._catalog.add_tick(self._folder.name, TickRow(players.tick, players.images, players.seconds, {**record}))
        self._keep_best(players, scores)
        return scores

    def _is_judged(self, tick: int) -> bool:
        return tick == 0 or self._judgements_left(tick).is_integer()

    def _judgements_left(self, tick: int) -> float:
        """Counted from the end, so that the last tick is judged."""
        return (self._plan.settings.ticks - tick) / (self._plan.settings.judge_every or 1)

    def _only_drawn(self, players: Players) -> tuple[NDArray[np.uint8], dict[str, float]]:
        return generate(players.average, self._latents[: self._sheet], self._told[: self._sheet]), {}

    def _judgement(self, players: Players) -> tuple[NDArray[np.uint8], dict[str, float]]:
        pictures, scores = self._choose(players)
        return pictures, scores | self._by_heart.scores(players, pictures, self._told)

    def _choose(self, players: Players) -> tuple[NDArray[np.uint8], dict[str, float]]:
        """The pictures and scores of the chosen average; now and then all are looked at and the best is chosen."""
        shown = self._looked_at(players.average)
        if self._judge is None or self._judgements_left(players.tick) % COMPARED_EVERY or players.tick == 0:
            return shown
        for i, average in enumerate(players.averages):
            other = self._looked_at(average) if i != players.chosen else shown
            if other[1]["kid"] < shown[1]["kid"]:
                players.chosen, shown = i, other
        return shown

    def _looked_at(self, average: nn.Module) -> tuple[NDArray[np.uint8], dict[str, float]]:
        pictures = generate(average, self._latents, self._told)
        if self._judge is not None:
            return pictures, self._judge.scores(pictures[: self._judged])
        seen = diversity(coarse(pictures).numpy())
        return pictures, {"diversity": seen, "diversity_baseline": self._real_diversity}

    def _keep_best(self, players: Players, scores: dict[str, float]) -> None:
        """checkpoints/best: the newest whose KID is within its own error of the lowest there was."""
        if "kid" not in scores or not players.images:
            return
        lowest = min(players.counts.get("best kid", math.inf), scores["kid"])
        players.counts["best kid"] = lowest
        if scores["kid"] <= lowest + scores["kid_sd"]:
            facts = {"kid": scores["kid"], "ema_share": self._plan.settings.ema_shares[players.chosen]}
            checkpoint.save_best(self._folder.checkpoints, players, facts)
