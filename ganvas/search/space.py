"""A space of settings, checked before anything runs: `Space.read("space.toml")`, `Space.of({"batch": [16, 32]})`.

Axes are settings by their dotted names, and `set`; `[[either]]` tables, or a list of dicts, are alternatives.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from ganvas.errors import InputError, SettingsError, did_you_mean
from ganvas.search.axes import Axis, is_axis, key, parse_axis
from ganvas.search.trial import Point

EITHER = "either"
SET = "set"
ROOMS = ("network", "alarms")  # settings that have settings of their own
OVERLAPS_LOOKED_FOR = 100_000

Part = tuple[Axis, ...]  # axes, each after those its condition names


@dataclass(frozen=True)
class Space:
    """Alternatives, each a number of axes; a point has a value for each axis of one of them whose condition holds."""

    parts: tuple[Part, ...]

    @classmethod
    def read(cls, path: str | Path) -> Space:
        """The space in a TOML file. Raises InputError or SettingsError in one line, with file and axis."""
        path = Path(path)
        try:
            written = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} is not valid TOML: {error}") from error
        return cls.of(written, path.name)

    @classmethod
    def of(cls, written: Mapping[str, Any] | Sequence[Mapping[str, Any]], where: str = "space") -> Space:
        """The space in a dict, or in a list of dicts that are alternatives. Raises SettingsError."""
        from ganvas.search.checking import checked_part

        parts = []
        for place, alternative in _alternatives(written, where):
            axes = [parse_axis(name, value, f"{place}: {name}") for name, value in _flat(alternative, place)]
            _check_names(axes, place)
            parts.append(tuple(_in_order(checked_part(axes, place), place)))
        return cls(tuple(parts))

    def names(self) -> list[str]:
        """Every axis, in the order it was written."""
        return list(dict.fromkeys(axis.name for part in self.parts for axis in part))

    def axes(self) -> list[Axis]:
        return [axis for part in self.parts for axis in part]

    def sets(self) -> list[str]:
        """The sets that are compared; none where the search has one set only."""
        named = [value for axis in self.axes() if axis.name == SET for value in axis.values or ()]
        return list(dict.fromkeys(named))

    def count(self) -> int | None:
        """How many points there are; None where a range without steps makes them too many to count."""
        counts = [_count(part) for part in self.parts]
        known = [count for count in counts if count is not None]
        if len(known) < len(counts):
            return None
        if len(known) > 1 and sum(known) <= OVERLAPS_LOOKED_FOR:
            return sum(1 for _ in self.points())
        return sum(known)

    def points(self) -> Iterator[Point]:
        """Each point exactly once, always in the same order: the last axis changes fastest.

        Raises SettingsError for an axis whose values cannot be named.
        """
        for axis in self.axes():
            if axis.values is None:
                raise SettingsError(
                    f"{axis.name} is a range without steps, of which a grid cannot name every value: "
                    "give it steps = 5, or choose --sampler random or tpe"
                )
        if len(self.parts) == 1:
            yield from _points(self.parts[0])
            return
        seen = set()
        for part in self.parts:
            for point in _points(part):
                if (name := key(point)) not in seen:
                    seen.add(name)
                    yield point

    def as_json(self) -> list[dict[str, Any]]:
        """Plain values that `of` reads the same space from."""
        return [{axis.name: axis.as_json() for axis in part} for part in self.parts]

    def notes(self) -> list[str]:
        """What has to be said of a space before it is searched."""
        said = []
        if "budget" in self.names():
            said.append(
                "budget is an axis: trials do not train equally long, and only those of one budget prune each other"
            )
        if len(self.sets()) > 1:
            said.append(
                f"{len(self.sets())} sets are compared: each is judged against its own pictures, so trials are ranked "
                "within their set"
            )
        return said


def settings_of(point: Point) -> dict[str, Any]:
    """Nested settings as `train` takes them, without the set's name."""
    nested: dict[str, Any] = {}
    for name, value in point.items():
        room, _, own = name.rpartition(".")
        if room:
            nested.setdefault(room, {})[own] = value
        elif name == "network":
            nested.setdefault("network", {})["name"] = value
        elif name != SET:
            nested[name] = value
    return nested


def set_of(point: Point, otherwise: str) -> str:
    """The set a point is trained on: its own, or that of the search."""
    return str(point.get(SET, otherwise))


def _alternatives(written: Any, where: str) -> list[tuple[str, dict[str, Any]]]:
    """Each with its place in errors. What stands beside `either` holds for all alternatives."""
    if isinstance(written, Mapping):
        shared = {name: value for name, value in written.items() if name != EITHER}
        either = written.get(EITHER)
    else:
        shared, either = {}, written
    if either is None:
        either = [{}]
    tables = isinstance(either, Sequence) and all(isinstance(one, Mapping) for one in either)
    if not tables or not either:
        raise SettingsError(f"{where}: a space is a table of axes, or a list of them")
    places = [where] if len(either) == 1 else [f"{where}, {EITHER} {i + 1}" for i in range(len(either))]
    merged = [(place, {**shared, **one}) for place, one in zip(places, either, strict=True)]
    for place, alternative in merged:
        if not alternative:
            raise SettingsError(f"{place} has no axes: name a setting and its values, as in batch = [16, 32]")
    return merged


def _flat(written: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    """Dotted names, whether written so or as tables; `network.name` is `network`."""
    for name, value in written.items():
        if name in ROOMS and isinstance(value, Mapping) and not is_axis(value):
            if not value:
                raise SettingsError(f"{where}: {name} is an empty table: name its settings, or leave it out")
            for own, choices in value.items():
                yield "network" if (name, own) == ("network", "name") else f"{name}.{own}", choices
        else:
            yield "network" if name == "network.name" else str(name), value


def _check_names(axes: Sequence[Axis], where: str) -> None:
    names = [axis.name for axis in axes]
    if twice := [name for name in names if names.count(name) > 1]:
        raise SettingsError(f"{where}: {twice[0]} is there twice, as a name with dots and in a table: keep one")
    for axis in axes:
        for name, _ in axis.when:
            if name not in names:
                raise SettingsError(f"{where}: {axis.name}: when names no axis {name!r}.{did_you_mean(name, names)}")


def _in_order(axes: Sequence[Axis], where: str) -> Iterator[Axis]:
    """As written, but each axis after those its condition names."""
    left, given = list(axes), set()
    while left:
        ready = next((axis for axis in left if all(name in given for name, _ in axis.when)), None)
        if ready is None:
            raise SettingsError(f"{where}: the conditions of {', '.join(a.name for a in left)} wait for each other")
        left.remove(ready)
        given.add(ready.name)
        yield ready


def _points(part: Part, point: Point | None = None) -> Iterator[Point]:
    point = point or {}
    if not part:
        yield point
    elif part[0].holds(point):
        for value in part[0].values or ():
            yield from _points(part[1:], {**point, part[0].name: value})
    else:
        yield from _points(part[1:], point)


def _count(part: Part) -> int | None:
    """Without naming every point: axes that no condition asks for only multiply."""
    asked_for = {name for axis in part for name, _ in axis.when}
    if any(axis.values is None for axis in part):
        return None
    total = 0
    for given in _points(tuple(axis for axis in part if axis.name in asked_for)):
        total += prod(len(a.values or ()) for a in part if a.name not in asked_for and a.holds(given))
    return total
