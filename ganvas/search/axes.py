"""An axis of a space, a setting and what it may be: `batch = [16, 32]`, `{low = 1e-4, high = 1e-2, log = true}`.

`parse_axis(name, written, where)` reads what a person wrote; `where` is what an error says it of.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ganvas.errors import SettingsError, did_you_mean

Value = Any  # of a setting: number, text, bool, None (left to the plan), or a list of these
RANGE_WORDS = ("low", "high", "log", "step", "steps")
WORDS = ("choices", *RANGE_WORDS, "when")
MOST_STEPS = 100_000


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included; with `step` or `steps` only so many of them, else any."""

    low: float
    high: float
    log: bool = False
    step: float | None = None
    steps: int | None = None
    whole: bool = False  # of a setting that takes whole numbers only

    @cached_property
    def values(self) -> tuple[Value, ...] | None:
        """Each of its numbers from the lowest up; None where they are too many to name."""
        if self.steps is not None:
            shares = [i / (self.steps - 1) for i in range(self.steps)]
            return tuple(dict.fromkeys(self.at(share) for share in shares))
        step = self.step or (1 if self.whole and not self.log else None)
        if step is None:
            return None
        count = math.floor((self.high - self.low) / step + 1e-9) + 1
        return tuple(self.as_written(self.low + i * step) for i in range(count))

    def at(self, share: float) -> Value:
        """The number this share of the way from low to high."""
        if self.log:
            return self.as_written(math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low))))
        return self.as_written(self.low + share * (self.high - self.low))

    def as_written(self, number: float) -> Value:
        # Twelve digits: 0.1 + 2 × 0.1 is 0.3 to whoever reads the table, and never above `high`.
        number = min(self.high, max(self.low, float(f"{number:.12g}")))
        return round(number) if self.whole else float(number)

    def as_json(self) -> dict[str, Any]:
        whole = {name: getattr(self, name) for name in RANGE_WORDS}
        return {name: value for name, value in whole.items() if value is not None and value is not False}


@dataclass(frozen=True)
class Axis:
    """One setting and its choices or range; with `when` only where other axes have one of the values named there."""

    name: str
    values: tuple[Value, ...] | None  # None: a range that holds more than can be named
    range: Range | None = None
    when: tuple[tuple[str, tuple[Value, ...]], ...] = ()

    def holds(self, point: Mapping[str, Value]) -> bool:
        """Whether the axis is there at all, given the axes before it."""
        return all(name in point and key(point[name]) in map(key, wanted) for name, wanted in self.when)

    def as_json(self) -> dict[str, Any]:
        """What `parse_axis` reads the same axis from."""
        values = self.range.as_json() if self.range else {"choices": list(self.values or ())}
        return {**values, "when": {name: list(wanted) for name, wanted in self.when}} if self.when else values


def parse_axis(name: str, written: Any, where: str) -> Axis:
    """An axis as a person writes it: a list, a range, `{choices = […], when = {…}}`, or one value for all trials.

    Whether the setting exists and takes these values is asked later (checking.py). Raises SettingsError.
    """
    if not isinstance(written, Mapping) or not is_axis(written):
        return Axis(name, _choices(written if isinstance(written, list | tuple) else [written], where))
    if unknown := [word for word in written if word not in WORDS]:
        raise SettingsError(f"{where}: an axis has no {unknown[0]!r}.{did_you_mean(unknown[0], WORDS)}")
    when = _when(written.get("when", {}), where)
    ranged = [word for word in RANGE_WORDS if word in written]
    if "choices" in written:
        if ranged:
            raise SettingsError(f"{where}: choices and {ranged[0]} exclude each other: give choices, or low and high")
        choices = written["choices"]
        return Axis(name, _choices(choices if isinstance(choices, list | tuple) else [choices], where), when=when)
    found = _range({word: written[word] for word in ranged}, where)
    return Axis(name, found.values, found, when)


def is_axis(written: Mapping[str, Any]) -> bool:
    """Whether these are the words of an axis, and not settings of a room like [network]."""
    return any(word in written for word in WORDS)


def key(value: Any) -> str:
    """What two equal values have in common; a list is one too, and 16 is not "16"."""
    return json.dumps(value, sort_keys=True)


def _choices(values: list[Value] | tuple[Value, ...], where: str) -> tuple[Value, ...]:
    if not values:
        raise SettingsError(f"{where} has no values: name one at least, or leave the axis out")
    return tuple(list(value) if isinstance(value, tuple) else value for value in values)


def _when(written: Any, where: str) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    if not isinstance(written, Mapping):
        raise SettingsError(f'{where}: when = {written!r} is no condition: write it as when = {{network = "dcgan"}}')
    return tuple((str(name), _choices(_listed(wanted), f"{where}: when {name}")) for name, wanted in written.items())


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _range(given: dict[str, Any], where: str) -> Range:
    for name in ("low", "high"):
        if name not in given:
            raise SettingsError(f"{where}: a range needs {name}: write it as {{low = 1, high = 8}}")
    if not isinstance(given.get("log", False), bool):
        raise SettingsError(f"{where}: log = {given['log']!r}: true or false")
    for name in ("low", "high", "step", "steps"):
        value = given.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise SettingsError(f"{where}: {name} = {value!r} is no number")
    if given["low"] >= given["high"]:
        raise SettingsError(f"{where}: low = {given['low']} must be below high = {given['high']}")
    if given.get("log") and given["low"] <= 0:
        raise SettingsError(f"{where}: a log range begins above 0, not at {given['low']}")
    _check_steps(given, where)
    return Range(**given)


def _check_steps(given: dict[str, Any], where: str) -> None:
    if "step" in given and ("steps" in given or given.get("log")):
        raise SettingsError(f"{where}: step goes with neither log nor steps: steps = 5 names how many values there are")
    if "step" in given and not 0 < given["step"] <= given["high"] - given["low"]:
        raise SettingsError(f"{where}: step = {given['step']} does not fit between low and high")
    if "step" in given and (given["high"] - given["low"]) / given["step"] > MOST_STEPS:
        raise SettingsError(f"{where}: step = {given['step']} makes more than {MOST_STEPS:,} values")
    if "steps" in given and not (isinstance(given["steps"], int) and 2 <= given["steps"] <= MOST_STEPS):
        raise SettingsError(f"{where}: steps = {given['steps']} must be a whole number from 2 to {MOST_STEPS:,}")
