"""What is known by name: `LOSSES: Registry[Loss] = Registry("loss")`, and `LOSSES["hinge"]`.

Whatever lies in a registry can be added from another package: a module that registers it with the same decorators, and
an entry point of the group `ganvas` that names the module.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TypeVar

from ganvas.errors import SettingsError, did_you_mean

PLUGINS = "ganvas"

Thing = TypeVar("Thing")


class Registry(dict[str, Thing]):
    """A dict of things of one kind; a name that no plug-in has either raises SettingsError with the nearest one."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def __missing__(self, name: str) -> Thing:
        broken = load_plugins()
        if name in self:
            return self[name]
        troubles = "".join(f" The plug-in {plugin} does not work: {trouble}." for plugin, trouble in broken.items())
        raise SettingsError(f"no {self.kind} called {name!r}.{did_you_mean(name, self)}{troubles}")

    def names(self) -> list[str]:
        """Every name, those of plug-ins too."""
        load_plugins()
        return sorted(self)


@cache
def load_plugins() -> dict[str, str]:
    """Import every installed plug-in, once; returns those that cannot be imported, and why."""
    broken = {}
    for plugin in entry_points(group=PLUGINS):
        try:
            plugin.load()
        except Exception as error:  # whatever another package does, the rest goes on
            broken[plugin.name] = f"{type(error).__name__}: {error}"
    return broken
