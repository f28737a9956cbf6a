"""Which rules are asked, at which thresholds: `choose({"blurry": 0.2}, without=["aspect"])` -> {"blurry": 0.2, …}."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ganvas.curate.rules import RULES
from ganvas.errors import InputError, did_you_mean


def choose(
    thresholds: Mapping[str, float | None], without: Iterable[str] = (), only: Iterable[str] = ()
) -> dict[str, float]:
    """Rule -> threshold, in the order of the rules: the usual ones and those given a threshold (None: their own).

    With `only`, just those; `without` wins over both. Raises InputError for a name that is no rule, and a threshold
    that is no number.
    """
    without, only = list(without), list(only)
    known = RULES.names()
    for name in (*thresholds, *without, *only):
        if name not in known:
            raise InputError(f"no rule called {name!r}.{did_you_mean(name, known) or f' There is: {known}'}")
    for name, threshold in thresholds.items():
        if threshold is not None and not math.isfinite(threshold):
            raise InputError(f"--rule {name}={threshold} cannot be: a threshold is a number")
    asked = {*only, *thresholds} if only else {name for name in known if RULES[name].usual} | set(thresholds)
    return {name: _threshold(name, thresholds.get(name)) for name in RULES if name in asked - set(without)}


def parse_rules(given: Iterable[str]) -> dict[str, float | None]:
    """`NAME=THRESHOLD` and `NAME`, as typed. Raises InputError for a threshold that is no number."""
    thresholds: dict[str, float | None] = {}
    for text in given:
        name, equals, value = text.partition("=")
        try:
            thresholds[name.strip()] = float(value) if equals else None
        except ValueError as error:
            raise InputError(
                f"--rule {text!r}: the threshold is no number; write NAME=THRESHOLD, as blurry=.2"
            ) from error
    return thresholds


def _threshold(name: str, given: float | None) -> float:
    return RULES[name].threshold if given is None else given
