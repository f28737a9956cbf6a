"""The axes of a space against the settings of a training: `checked_part(axes, "space.toml")`, before anything runs.

Every value is tried with `train_settings`, under every network its axis may meet, and kept as that understands it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from ganvas.errors import InputError, SettingsError, did_you_mean
from ganvas.search.axes import Axis, Range, Value, key
from ganvas.studio import checked_name

OPEN = "auto"  # in TOML, which has no null: left to the plan
CLASSIC_WORDS = {
    "epochs": 'budget = ["25-epochs", "50-epochs"]',
    "learning_rate": "generator_rate and discriminator_rate",
    "lr": "generator_rate and discriminator_rate",
    "filters": "network.generator_filters and network.discriminator_filters",
    "colour": 'sets: set = ["vases-gray", "vases"]',
    "color": 'sets: set = ["vases-gray", "vases"]',
    "size": 'sets: set = ["vases-32", "vases-64"]',
    "seed": "--repeat 3: every point under several seeds",
}


def checked_part(axes: Sequence[Axis], where: str) -> list[Axis]:
    """The axes with their values as the settings understand them; raises SettingsError with file and axis."""
    for axis in axes:
        if axis.name in CLASSIC_WORDS:
            raise SettingsError(f"{where}: {axis.name} is no axis: write it as {CLASSIC_WORDS[axis.name]}")
    found = {}
    for axis in axes:
        try:
            found[axis.name] = _checked(axis, networks_met(axis, axes))
        except (InputError, SettingsError) as error:
            raise SettingsError(f"{where}: {_told(axis.name, str(error))}") from None
    return [replace(axis, when=_checked_when(axis, found, where)) for axis in found.values()]


def _told(name: str, error: str) -> str:
    return error if name in error else f"{name}: {error}"


def networks_met(axis: Axis, axes: Sequence[Axis]) -> list[str]:
    """The networks a trial may have where the axis is there: by its conditions, and theirs."""
    from ganvas.train.settings import AUTO, CLASSIC

    by_name = {one.name: one for one in axes}
    if "network" not in by_name:
        return [CLASSIC if any(name.startswith("network.") for name in by_name) else AUTO]
    met = [str(value) for value in by_name["network"].values or ()]
    for name, wanted in _conditions(axis, by_name):
        if name == "network":
            met = [value for value in met if value in wanted]
    return met


def _conditions(axis: Axis, by_name: Mapping[str, Axis]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    waiting, seen = [axis], set()
    while waiting:
        one = waiting.pop()
        seen.add(one.name)
        yield from one.when
        waiting.extend(by_name[name] for name, _ in one.when if name not in seen)


def _checked(axis: Axis, networks: Sequence[str]) -> Axis:
    if axis.name == "set":
        if axis.range:
            raise SettingsError('set takes no range: name sets, as in set = ["vases-32", "vases-64"]')
        return _distinct(replace(axis, values=tuple(checked_name("set", str(name)) for name in axis.values or ())))
    _check_room(axis.name, networks)
    if axis.range is not None:
        return _checked_range(axis, axis.range, networks)
    kinds = () if axis.name == "network" else _kinds(axis.name, networks[0])
    values = [None if value == OPEN and type(None) in kinds else value for value in axis.values or ()]
    if any(get_origin(kind) is list for kind in kinds) and any(
        isinstance(value, str | int | float) for value in values
    ):
        raise SettingsError(f"{axis.name} is a list itself: write its values as [[…], […]], a list of lists")
    return _distinct(replace(axis, values=tuple(_understood(axis.name, value, networks) for value in values)))


def _check_room(name: str, networks: Sequence[str]) -> None:
    """Raises SettingsError where the setting is not one of every network that the axis meets."""
    from ganvas.train.settings import AUTO, CLASSIC, setting_names

    if "." in name and name.rpartition(".")[0] not in ("network", "alarms"):
        raise SettingsError(f"no setting called {name!r}.{did_you_mean(name, setting_names(CLASSIC))}")
    if not networks:
        raise SettingsError(f"{name}: its condition names no network that the axis network has")
    if not name.startswith("network."):
        return
    if AUTO in networks:
        raise SettingsError(f"{name} needs a network by name: {AUTO} may become any")
    having = [network for network in networks if name in setting_names(network)]
    if not having:
        known = [known for network in networks for known in setting_names(network)]
        raise SettingsError(f"no setting called {name!r}.{did_you_mean(name, known)}")
    if without := [network for network in networks if network not in having]:
        condition = having[0] if len(having) == 1 else having
        raise SettingsError(f"{name} is no setting of {without[0]}: add when = {{network = {_quoted(condition)}}}")


def _quoted(value: object) -> str:
    return str(value).replace("'", '"') if isinstance(value, list) else f'"{value}"'


def _checked_range(axis: Axis, given: Range, networks: Sequence[str]) -> Axis:
    kinds = _kinds(axis.name, networks[0])
    if kinds and not {int, float} & set(kinds):
        raise SettingsError(f"{axis.name} takes no range: name its values, as in {axis.name} = […]")
    ends = {name: getattr(given, name) for name in ("low", "high")}
    for end in ends:
        ends[end] = _understood(axis.name, ends[end], networks)
    whole = int in kinds
    if whole and given.step is not None and given.step % 1:
        raise SettingsError(f"{axis.name}: step = {given.step} must be a whole number, as the setting is one")
    found = replace(given, **ends, whole=whole)
    return replace(axis, range=found, values=found.values)


def _understood(name: str, value: Value, networks: Sequence[str]) -> Value:
    """The value as the settings hold it. Raises SettingsError where any of the networks cannot have it."""
    from ganvas.train.settings import train_settings

    if name == "network":
        if not isinstance(value, str):
            raise SettingsError(f'network = {value!r}: name networks, and their settings as axes: "network.latent"')
        return train_settings({"network": value}).network.name
    room, _, own = name.rpartition(".")
    found: list[Value] = []
    for network in networks:
        given: dict[str, Any] = {"network": {"name": network}}
        given.setdefault(room, {})[own] = value
        settings = train_settings(given if room else {"network": given["network"], own: value})
        found.append(getattr(getattr(settings, room) if room else settings, own))
    return found[0]


def _distinct(axis: Axis) -> Axis:
    names = [key(value) for value in axis.values or ()]
    if twice := [name for name in names if names.count(name) > 1]:
        raise SettingsError(f"{axis.name}: {twice[0]} is there twice")
    return axis


def _checked_when(axis: Axis, axes: Mapping[str, Axis], where: str) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    """The conditions, with values as the axes they ask for hold them."""
    checked = []
    for name, wanted in axis.when:
        asked_for = axes[name]
        if asked_for.values is None:
            raise SettingsError(f"{where}: {axis.name}: when asks for {name}, a range: name its values as a list")
        try:
            known = _checked(Axis(name, wanted), networks_met(asked_for, list(axes.values()))).values or ()
        except (InputError, SettingsError) as error:
            raise SettingsError(f"{where}: {axis.name}: when {_told(name, str(error))}") from None
        had = [key(value) for value in asked_for.values]
        if never := [value for value in known if key(value) not in had]:
            raise SettingsError(f"{where}: {axis.name}: when {name} = {never[0]!r}, which the axis {name} never is")
        checked.append((name, known))
    return tuple(checked)


def _kinds(name: str, network: str) -> tuple[Any, ...]:
    """The types that a setting may have, NoneType where it may be left open; none for a setting that does not exist."""
    from ganvas.networks import architecture
    from ganvas.train.settings import AUTO, CLASSIC, AlarmSettings, TrainSettings

    room, _, own = name.rpartition(".")
    settings = architecture(CLASSIC if network == AUTO else network).settings
    rooms: dict[str, type[BaseModel]] = {"": TrainSettings, "alarms": AlarmSettings, "network": settings}
    field = rooms[room].model_fields.get(own) if room in rooms else None
    if field is None:
        return ()
    return get_args(field.annotation) if isinstance(field.annotation, UnionType) else (field.annotation,)
