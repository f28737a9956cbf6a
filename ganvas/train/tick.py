"""What a run shows at every tick: the same latents drawn again, a few scores, a line in the catalog."""

from __future__ import annotations

import time
from typing import Any

import torch

from ganvas.catalog import Catalog, TickRow
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.sheet import save_png, sheet
from ganvas.progress import Progress
from ganvas.train import ema
from ganvas.train.draw import generate, requests
from ganvas.train.light_judge import LightJudge
from ganvas.train.plan import Plan
from ganvas.train.run_folder import RunFolder, append_line
from ganvas.train.step import Players

CALIBRATION = 512  # pictures the averaged generator's batch norms are measured on


class Ticker:
    """Draws, judges lightly and records; the pictures judged are the first seeds, as on the sheet, never chosen."""

    def __init__(self, folder: RunFolder, catalog: Catalog, packed: PackedSet, plan: Plan, progress: Progress) -> None:
        self._folder = folder
        self._catalog = catalog
        self._train_count = len(packed.train)
        self._sheet = plan.settings.sheet
        judged = plan.settings.light_judge
        self._judge = LightJudge(packed, judged, progress) if LightJudge.possible(packed, judged) else None
        count = max(self._sheet, judged if self._judge else 0)
        shares = folder.read_settings()["set"]["label_shares"] if plan.shape.labels else []
        latent: int = plan.settings.network.latent  # type: ignore[attr-defined]
        self._latents, self._labels = requests(count, plan.settings.seed, latent, shares)
        self._calibration = requests(CALIBRATION, plan.settings.seed, latent, shares)
        self._calibrated_step = -1
        self._judged = judged

    def calibrate(self, players: Players) -> None:
        """Fit the averaged generator's batch norms to its weights, once a step at most."""
        if self._calibrated_step != players.step:
            latents, labels = self._calibration
            device = next(players.average.parameters()).device
            told = None if labels is None else torch.from_numpy(labels).to(device)
            ema.calibrate(players.average, torch.from_numpy(latents).to(device), told)
            self._calibrated_step = players.step

    def tick(self, players: Players) -> None:
        """Write sheets/tick-NNNN.png, a line of ticks.jsonl and a row of the catalog."""
        begun = time.perf_counter()
        self.calibrate(players)
        pictures = generate(players.average, self._latents, self._labels)
        save_png(self._folder.sheets / f"tick-{players.tick:04d}.png", sheet(pictures[: self._sheet]))
        scores = self._judge.scores(pictures[: self._judged]) if self._judge else {}
        record: dict[str, Any] = {
            "tick": players.tick,
            "images": players.images,
            "seconds": round(players.seconds, 3),
            "epoch": round(players.images / self._train_count, 4),
            **{name: round(value, 6) for name, value in scores.items()},
            "tick_seconds": round(time.perf_counter() - begun, 3),
        }
        append_line(self._folder.ticks_file, record)
        self._catalog.add_tick(self._folder.name, TickRow(players.tick, players.images, players.seconds, {**record}))
