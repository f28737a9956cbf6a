"""What a person writes after `--set`: `parse_assignments(["batch=32", "network.kernel=5"])`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ganvas.errors import SettingsError

NAMED = "network"


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """`["batch=32", "network.kernel=5"]` as nested values, each read as JSON where it is JSON, else as text.

    A network is its name, and has settings of its own: `["network=r3gan", "network.width=32"]`, in either order.
    """
    nested: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.strip():
            raise SettingsError(f"--set {assignment!r} has no value: write it as name=value")
        *parents, last = name.strip().split(".")
        place = nested
        for parent in parents:
            place = _settings_in(place, parent)
            if not isinstance(place, dict):
                raise SettingsError(f"--set {assignment!r}: {parent} has a value already and no settings of its own")
        value, before = _value(text.strip()), place.get(last)
        if last == NAMED and isinstance(value, str) and isinstance(before, dict) and "name" not in before:
            value = {"name": value, **before}
        place[last] = value
    return nested


def _settings_in(place: dict[str, Any], parent: str) -> Any:
    if parent == NAMED and isinstance(name := place.get(parent), str):
        place[parent] = {"name": name}
    return place.setdefault(parent, {})


def refuse_options(given: dict[str, Any]) -> None:
    """Raises SettingsError for what is no setting but an option of its own, --name or --fork."""
    for option in ("name", "fork"):
        if option in given:
            raise SettingsError(f"{option} is no setting: write it as --{option} {given[option]}")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
