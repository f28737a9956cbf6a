"""The registry of architectures. Settings are known without importing torch; modules are built on demand."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from ganvas.registry import Registry

if TYPE_CHECKING:
    from torch import nn

# The modules that register themselves; read when a name is first asked for.
MODULES = ("ganvas.networks.dcgan", "ganvas.networks.r3gan", "ganvas.networks.fastgan")


@dataclass(frozen=True)
class Shape:
    """What a pair of networks must fit: pictures C × H × W in pixels, numbers of a condition (0: told nothing)."""

    height: int
    width: int
    channels: int
    condition: int = 0


SHORT = 1e15  # multiply-adds: half a day of a processor, half an hour of a GPU


@dataclass(frozen=True)
class Means:
    """What there is to learn with: training pictures, and the multiply-adds of the budget (None: it has no clock).

    `gpu`: a small network's step of a hundred small pictures takes no longer than one of ten.
    """

    pictures: int
    macs: float | None = None
    gpu: bool = False

    @property
    def short(self) -> bool:
        """Whether a clock stops the training before a GPU would have done half an hour's work."""
        return self.macs is not None and self.macs < SHORT


class NetworkSettings(BaseModel):
    """What every architecture's settings share; a value of None is chosen from the shape of the pictures."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str


class NetworkPair(NamedTuple):
    generator: nn.Module
    discriminator: nn.Module


Settings = TypeVar("Settings", bound=NetworkSettings)
Recipe = dict[str, tuple[Any, str]]  # a setting of the training -> what this architecture proposes, and why


@dataclass(frozen=True)
class Architecture:
    """One entry: its settings, how empty ones are filled (with reasons), how it is trained, how it is built."""

    name: str
    settings: type[NetworkSettings]
    resolve: Callable[[NetworkSettings, Shape, Means], tuple[NetworkSettings, dict[str, str]]]
    recipe: Callable[[NetworkSettings, Shape, Means], Recipe]
    build: Callable[[NetworkSettings, Shape], NetworkPair]


ARCHITECTURES: Registry[Architecture] = Registry("network")


def register(
    name: str,
    settings: type[Settings],
    resolve: Callable[[Settings, Shape, Means], tuple[Settings, dict[str, str]]],
    recipe: Callable[[Settings, Shape, Means], Recipe],
) -> Callable[[Callable[[Settings, Shape], NetworkPair]], Callable[[Settings, Shape], NetworkPair]]:
    """Decorator: this function builds the pair called `name` from resolved settings and a shape.

    A recipe names settings of the training (train/settings.py) that were left open: loss, batch, rates, gamma, ….
    """

    def keep(function: Callable[[Settings, Shape], NetworkPair]) -> Callable[[Settings, Shape], NetworkPair]:
        ARCHITECTURES[name] = Architecture(name, settings, resolve, recipe, function)  # type: ignore[arg-type]
        return function

    return keep


def architecture_names() -> list[str]:
    _read_modules()
    return ARCHITECTURES.names()


def architecture(name: str) -> Architecture:
    """The architecture called `name`; raises SettingsError with the nearest name for one that does not exist."""
    _read_modules()
    return ARCHITECTURES[name]


def _read_modules() -> None:
    for module in MODULES:
        importlib.import_module(module)


def build(settings: NetworkSettings, shape: Shape) -> NetworkPair:
    """Generator and discriminator for resolved settings. Weights come from torch's global generator: seed it first."""
    return architecture(settings.name).build(settings, shape)
