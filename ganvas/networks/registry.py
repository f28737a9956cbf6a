"""The registry of architectures. Settings are known without importing torch; modules are built on demand."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from ganvas.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from torch import nn

# The modules that register themselves; read when a name is first asked for.
ARCHITECTURES = ("ganvas.networks.dcgan",)


@dataclass(frozen=True)
class Shape:
    """What a pair of networks must fit: pictures C × H × W in pixels, and the number of labels (0: told nothing)."""

    height: int
    width: int
    channels: int
    labels: int = 0


class NetworkSettings(BaseModel):
    """What every architecture's settings share; a value of None is chosen from the shape of the pictures."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str


class NetworkPair(NamedTuple):
    generator: nn.Module
    discriminator: nn.Module


Settings = TypeVar("Settings", bound=NetworkSettings)


@dataclass(frozen=True)
class Architecture:
    """One entry: its settings, how empty settings are filled for a shape (with reasons), and how the pair is built."""

    name: str
    settings: type[NetworkSettings]
    resolve: Callable[[NetworkSettings, Shape], tuple[NetworkSettings, dict[str, str]]]
    build: Callable[[NetworkSettings, Shape], NetworkPair]


_REGISTRY: dict[str, Architecture] = {}


def register(
    name: str,
    settings: type[Settings],
    resolve: Callable[[Settings, Shape], tuple[Settings, dict[str, str]]],
) -> Callable[[Callable[[Settings, Shape], NetworkPair]], Callable[[Settings, Shape], NetworkPair]]:
    """Decorator: this function builds the pair called `name` from resolved settings and a shape."""

    def keep(function: Callable[[Settings, Shape], NetworkPair]) -> Callable[[Settings, Shape], NetworkPair]:
        _REGISTRY[name] = Architecture(name, settings, resolve, function)  # type: ignore[arg-type]
        return function

    return keep


def architecture_names() -> list[str]:
    for module in ARCHITECTURES:
        importlib.import_module(module)
    return sorted(_REGISTRY)


def architecture(name: str) -> Architecture:
    """The architecture called `name`; raises SettingsError with the nearest name for one that does not exist."""
    names = architecture_names()
    if name not in _REGISTRY:
        raise SettingsError(f"no network called {name!r}.{did_you_mean(name, names)}")
    return _REGISTRY[name]


def build(settings: NetworkSettings, shape: Shape) -> NetworkPair:
    """Generator and discriminator for resolved settings. Weights come from torch's global generator: seed it first."""
    return architecture(settings.name).build(settings, shape)
