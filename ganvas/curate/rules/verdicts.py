"""What the rules say of a collection: `judged(measured_of(inspections), {"blurry": 0.3})`. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.catalog.records import InspectionRow
from ganvas.curate.rules import RULES
from ganvas.curate.rules.registry import BORDER, Measured, Rule, Scores

PERCENTILES = (5, 50, 95)


@dataclass(frozen=True)
class Verdict:
    """One rule's answer: scores float64 [N] (NaN: nothing to say), `caught` bool [N] on the wrong side.

    `idle` says why the rule was not applied; its threshold is then only what it would have been.
    """

    rule: Rule
    threshold: float
    scores: Scores
    caught: NDArray[np.bool_]
    idle: str | None

    def spread(self) -> tuple[float, float, float]:
        """The scores' 5th, 50th and 95th percentile, NaN where no picture has a score."""
        known = self.scores[~np.isnan(self.scores)]
        if not len(known):
            return (float("nan"),) * 3
        low, middle, high = (float(value) for value in np.percentile(known, PERCENTILES))
        return low, middle, high

    def nearest(self, caught: bool, at_most: int) -> NDArray[np.int64]:
        """The places of the pictures on one side of the threshold, the nearest to it first."""
        side = self.caught if caught else ~self.caught & ~np.isnan(self.scores)
        places = np.flatnonzero(side)
        distance = np.abs(self.scores[places] - self.threshold)
        return places[np.argsort(distance, kind="stable")][:at_most]


def measured_of(
    rows: Sequence[InspectionRow], sizes: Mapping[str, tuple[int, int]], border: float | None = None
) -> Measured:
    """Every measure as float64 [N], NaN for None, and `trimmed`, the share of the area that is a border.

    `sizes`: (width, height) of each original by its hash. They are what a picture measures unless it is to be trimmed,
    with a border of more than the threshold `border` (None: that rule is off).
    """
    names = sorted({name for row in rows for name in row.measures})
    columns = {name: _column([row.measures.get(name) for row in rows]) for name in names}
    columns["trimmed"] = _column([_trimmed(row, sizes[row.sha256]) for row in rows])
    whole = np.ones(len(rows), bool) if border is None else ~RULES[BORDER].drops(columns["trimmed"], border)
    for place, side in enumerate(("width", "height")):
        if side in columns:
            columns[side][whole] = _column([sizes[row.sha256][place] for row in rows])[whole]
    return columns


def judged(measured: Measured, thresholds: Mapping[str, float]) -> list[Verdict]:
    """The verdict of every rule there is, in their order; those without a threshold here are idle."""
    return [_verdict(rule, measured, thresholds.get(name)) for name, rule in RULES.items()]


def _verdict(rule: Rule, measured: Measured, given: float | None) -> Verdict:
    scores = rule.score(measured)
    threshold = rule.threshold if given is None else given
    idle = "off" if given is None else rule.why_not(measured)
    caught = rule.drops(scores, threshold) if idle is None else np.zeros(len(scores), bool)
    return Verdict(rule, threshold, scores, caught, idle)


def _trimmed(row: InspectionRow, size: tuple[int, int]) -> float:
    if row.trim is None:
        return 0.0
    left, top, right, bottom = row.trim
    return 1 - (right - left) * (bottom - top) / (size[0] * size[1])


def _column(values: Sequence[float | None]) -> Scores:
    return np.array([np.nan if value is None else value for value in values], np.float64)
