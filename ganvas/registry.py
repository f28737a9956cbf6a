"""What is known by name: `LOSSES: Registry[Loss] = Registry("loss")`, and `LOSSES["hinge"]`."""

from __future__ import annotations

from typing import Never, TypeVar

from ganvas.errors import SettingsError, did_you_mean

Thing = TypeVar("Thing")


class Registry(dict[str, Thing]):
    """A dict of things of one kind; a name that is not there raises SettingsError with the nearest that is."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def __missing__(self, name: str) -> Never:
        raise SettingsError(f"no {self.kind} called {name!r}.{did_you_mean(name, self)}")
