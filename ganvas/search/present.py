"""Whether what a space names is there: runs to start from, devices of this machine. Asked before anything runs."""

from __future__ import annotations

from ganvas.errors import InputError
from ganvas.search.axes import Value
from ganvas.search.space import Space
from ganvas.studio import StudioFolder


def check_runs(space: Space, studio: StudioFolder) -> None:
    """Raises InputError for a run to start from that the studio has not."""
    for name in _named(space, "start_from"):
        if name == "last":
            raise InputError("start_from needs a run's name: `last` is another run when the same command goes on")
        try:
            studio.catalog.existing_run(str(name))
        except InputError as error:
            raise InputError(f"start_from: {error}") from None


def check_devices(space: Space) -> None:
    """Raises SettingsError for a device that this machine has not."""
    if devices := _named(space, "device"):
        from ganvas.device import choose_device

        for name in devices:
            choose_device(str(name))


def _named(space: Space, setting: str) -> list[Value]:
    """What the points of the space set it to, but for what is left to the plan."""
    values = [value for axis in space.axes() if axis.name == setting for value in axis.values or ()]
    return [value for value in dict.fromkeys(values) if value is not None]
