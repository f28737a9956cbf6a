"""What a rule is: a score of every picture from its measures, and a threshold. Registered by a decorator:

    @rule("dark", at_least=0.32)
    def dark(measured: Measured) -> Scores:
        "how bright its brightest hundredth is"
        return measured["brightest"]

The function sees the whole collection at once, a float64 array [N] a measure, NaN where a measure means nothing. Where
its score is NaN, the rule says nothing. A rule of another package is registered the same way (`ganvas.registry`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.registry import Registry

CLEAN = "clean"  # the stage of every decision that `ganvas clean` takes
BORDER = "border"  # the rule that trims instead of dropping

Measured = Mapping[str, NDArray[np.float64]]
Scores = NDArray[np.float64]
Score = Callable[[Measured], Scores]


@dataclass(frozen=True)
class Rule:
    """A score is kept from `threshold` on upwards (`low_drops`) or downwards; `says` tells in words what it is."""

    name: str
    score: Score
    threshold: float
    low_drops: bool
    unit: str
    says: str
    usual: bool
    why_not: Callable[[Measured], str | None]

    def drops(self, scores: Scores, threshold: float) -> NDArray[np.bool_]:
        """Which of the scores [N] are on the wrong side of the threshold; NaN never is."""
        return scores < threshold if self.low_drops else scores > threshold

    def needs(self, threshold: float) -> str:
        """`≥ .32`, with the unit."""
        return f"{'≥' if self.low_drops else '≤'} {number(threshold)}{self.unit and ' ' + self.unit}"

    def reason(self, score: float, threshold: float) -> str:
        """`blurry: .12, needs .20`."""
        shown, limit = told_apart(score, threshold)
        unit = self.unit and f" {self.unit}"
        return f"{self.name}: {shown}{unit}, {'needs' if self.low_drops else 'at most'} {limit}{unit}"


RULES: Registry[Rule] = Registry("rule")


def rule(
    name: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    unit: str = "",
    usual: bool = True,
    why_not: Callable[[Measured], str | None] = lambda measured: None,
) -> Callable[[Score], Score]:
    """Register a function as the rule `name`, which keeps scores that are `at_least` or `at_most` so much.

    Its docstring says what the score is, in a line. Not `usual`: only when asked for. `why_not` says why the rule has
    nothing to say about a collection.
    """
    if (at_least is None) == (at_most is None):
        raise ValueError(f"rule {name} needs one of at_least and at_most")

    def register(score: Score) -> Score:
        threshold = at_least if at_least is not None else at_most
        assert threshold is not None
        says = (score.__doc__ or "").strip()
        RULES[name] = Rule(name, score, threshold, at_least is not None, unit, says, usual, why_not)
        return score

    return register


def number(value: float, digits: int = 2) -> str:
    """`.32`, `24`, `1,200`: short, and no zero before the point."""
    if np.isnan(value):
        return "–"
    if float(value).is_integer() or abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def told_apart(score: float, threshold: float) -> tuple[str, str]:
    """Both as `number`, with as many digits as it takes to tell them apart."""
    for digits in (2, 3, 4):
        pair = number(score, digits), number(threshold, digits)
        if pair[0].rstrip("0") != pair[1].rstrip("0"):
            return pair[0], number(threshold) if digits == 2 else pair[1]
    return number(score), number(threshold)
