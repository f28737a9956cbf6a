"""Alarms: what stops, mends or questions a training that only wastes time, each with the reason and what to try.

`Watch` remembers between checks in `players.counts`, which lie in every checkpoint: a run that goes on is as wary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganvas.errors import TrainingStopped
from ganvas.train.settings import AlarmSettings

ONE_SIDED = 0.02  # the discriminator's mean certainty of either side when it is right, or wrong, about everything
LEARNED = 0.25  # of the untrained generator's KID
STEP_FORWARD = 0.05  # of the KID: what counts as better
LOWER_RATE = 0.3  # times the rates, after a step that went wrong


IN_A_ROW = ("one colour", "discriminator won", "discriminator dead", "collapse", "plateau")  # names of counts


class NotANumber(TrainingStopped):
    """A loss or a weight is no longer a number: mended once from the last checkpoint, then the end."""


class Plateau(TrainingStopped):
    """The judged score has stopped to fall: a finished run, before its budget."""


class Watch:
    """The alarms of one run. `counts` is changed in place; a warning is returned once, an alarm raises."""

    def __init__(self, settings: AlarmSettings, counts: dict[str, float], real_spread: float) -> None:
        self._settings = settings
        self._counts = counts
        self._real_spread = real_spread

    def check(self, metrics: Mapping[str, float], drawn: Tensor, images: int) -> None:
        """At every line of the log. Raises TrainingStopped."""
        check_finite(metrics, images)
        flat = drawn.numel() > 0 and spread(drawn) < self._settings.one_colour_sigma * self._real_spread
        if self._in_a_row("one colour", flat, self._settings.one_colour_patience):
            raise TrainingStopped(
                f"stopped at {images:,} images: the last {self._settings.one_colour_patience} checks drew pictures of "
                "one colour, a collapse; train again with another --seed, a higher --set gamma= or a lower "
                "--set generator_rate="
            )
        self._check_sides(metrics, images)

    def _check_sides(self, metrics: Mapping[str, float], images: int) -> None:
        if "d_real" not in metrics:
            return
        patience = self._settings.one_sided_patience
        won = metrics["d_real"] > 1 - ONE_SIDED and metrics["d_fake"] < ONE_SIDED
        if self._in_a_row("discriminator won", won, patience):
            raise TrainingStopped(
                f"stopped at {images:,} images: in the last {patience} checks the discriminator told all drawn "
                "pictures from real ones, so the generator learned nothing; train again with a "
                "higher --set gamma= or a lower --set discriminator_rate="
            )
        # A discriminator that calls everything real, or everything drawn, or sees no difference in what it says.
        dead = abs(metrics["d_real"] - metrics["d_fake"]) < 1e-4
        if self._in_a_row("discriminator dead", dead, patience):
            raise TrainingStopped(
                f"stopped at {images:,} images: in the last {patience} checks the discriminator saw no difference at "
                "all between real and drawn pictures; train again with a lower --set gamma=, a higher "
                "--set discriminator_rate= or a wider discriminator"
            )

    def check_tick(self, scores: Mapping[str, float], images: int, high_rates: bool = False) -> list[str]:
        """At every tick, with the scores of its pictures; returns warnings. Raises TrainingStopped.

        While the rates are still high, with their fall to come, standing still is no plateau.
        """
        self._check_diversity(scores, images)
        warnings = self._warnings(scores)
        self._check_plateau(scores, images, high_rates)
        return warnings

    def _check_diversity(self, scores: Mapping[str, float], images: int) -> None:
        settings = self._settings
        if "diversity" not in scores:
            return
        now, real = scores["diversity"], scores["diversity_baseline"]
        best = min(self._counts.get("diversity", 0.0), real)
        collapsed = images > 0 and now < settings.diversity * best and now < settings.diversity * real
        self._counts["diversity"] = max(now, self._counts.get("diversity", 0.0)) if images else 0.0
        if self._in_a_row("collapse", collapsed, settings.diversity_patience):
            raise TrainingStopped(
                f"stopped at {images:,} images: the drawn pictures differ from each other {now / best:.0%} as much as "
                f"they once did and {now / real:.0%} as much as real ones, a mode collapse; draw from the best "
                "checkpoint, or train again with --set loss=relativistic, a higher --set gamma= or more pictures"
            )

    def _warnings(self, scores: Mapping[str, float]) -> list[str]:
        said = []
        overfit = scores.get("overfit", 0.0)
        if self._once("overfit", overfit > self._settings.overfit > 0):
            said.append(
                f"warning: the discriminator knows its training pictures by heart (held-out ones look {overfit:.0%} as "
                "strange to it as drawn ones): more pictures, or a higher --set augment_strength=, would help"
            )
        copies = scores.get("copies", 0.0)
        if self._once("copies", copies > self._settings.copies > 0):
            said.append(
                f"warning: {copies:.0%} of the drawn pictures are nearly copies of training pictures (of held-out real "
                f"ones, {scores.get('copies_baseline', 0):.0%}): `ganvas judge` will say more"
            )
        return said

    def _check_plateau(self, scores: Mapping[str, float], images: int, high_rates: bool) -> None:
        if "kid" not in scores:
            return
        untrained = self._counts.setdefault("first kid", scores["kid"])
        # Measured from the last real step forward, not from the lowest: many small ones are a step forward too. The
        # same latents are judged by the same pictures every time, so that a small one already means something.
        better = scores["kid"] < (1 - STEP_FORWARD) * self._counts.get("kid", math.inf)
        if better:
            self._counts["kid"] = scores["kid"]
        # A slow start is no plateau: something must have been learned.
        learned = self._counts["kid"] < LEARNED * untrained
        if self._in_a_row("plateau", learned and not better and not high_rates, self._settings.plateau_patience):
            raise Plateau(
                f"ended early at {images:,} images: KID×1000 has stayed about {1000 * self._counts['kid']:.0f} for "
                f"{self._settings.plateau_patience} judgements, so more time would likely bring nothing; "
                "--set alarms.plateau_patience=0 trains on"
            )

    def _in_a_row(self, name: str, happened: bool, patience: int) -> bool:
        self._counts[name] = self._counts.get(name, 0) + 1 if happened else 0
        return 0 < patience <= self._counts[name]

    def _once(self, name: str, happened: bool) -> bool:
        said = self._counts.get(name, 0)
        self._counts[name] = float(said or happened)
        return happened and not said


def check_finite(metrics: Mapping[str, float], images: int) -> None:
    """Raises NotANumber when a loss is no longer a number."""
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise _not_a_number(name, images)


def check_weights(networks: Mapping[str, nn.Module], images: int) -> None:
    """Raises NotANumber when a weight is no longer a number: such a checkpoint must never be written."""
    for name, network in networks.items():
        if not all(torch.isfinite(parameter).all() for parameter in network.parameters()):
            raise _not_a_number(f"a weight of the {name}", images)


def _not_a_number(what: str, images: int) -> NotANumber:
    return NotANumber(
        f"stopped at {images:,} images: {what} is not a number any more; "
        "train again with lower rates, for example --set generator_rate=2e-4 --set discriminator_rate=2e-4"
    )


def spread(pictures: Tensor) -> float:
    """Mean over pictures float [N, C, H, W] of the standard deviation of their pixels, each channel by itself.

    Where the real pictures are of one colour themselves (spread 0) the alarm against one colour stays silent.
    """
    return float(pictures.float().std(dim=(2, 3)).mean())


def real_spread(pictures: NDArray[np.uint8]) -> float:
    """The same of real pictures uint8 [N, C, H, W], on the networks' scale of −1 … 1."""
    return float((pictures.astype(np.float32) / 127.5).std(axis=(2, 3)).mean())


def outlook(ticks: list[dict[str, Any]]) -> str | None:
    """What twice the images would likely bring: a power law through the later half of the judged ticks, or None."""
    points = [(t["images"], t["kid"]) for t in ticks if t.get("kid", 0) > 0 and t["images"] > 0]
    points = points[len(points) // 2 :]
    if len(points) < 4:
        return None
    x, y = np.log(np.array(points).T)
    slope = float(np.polyfit(x, y, 1)[0])
    now, later = (1000 * math.exp(np.polyval(np.polyfit(x, y, 1), x[-1] + more)) for more in (0, math.log(2)))
    if slope > -0.1:
        return f"KID×1000 has stopped to fall at about {now:.0f}: more time would likely bring little"
    return f"KID×1000 is about {now:.0f}; twice the time would likely bring about {later:.0f}"
