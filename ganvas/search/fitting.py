"""Whether a space's networks fit the pictures they are to draw: `check_fits(space, packed)`, before anything runs."""

from __future__ import annotations

from ganvas.errors import SettingsError
from ganvas.networks import Means, Shape, architecture
from ganvas.pictures.packed import PackedSet
from ganvas.search.axes import Axis
from ganvas.search.checking import networks_met
from ganvas.search.space import SET, Space
from ganvas.train.settings import network_settings


def check_fits(space: Space, packed: PackedSet) -> None:
    """Try every value of a network's setting on this set. Raises SettingsError where it cannot draw such pictures."""
    shape, means = Shape(packed.height, packed.width, packed.channels), Means(len(packed.train))
    for part in space.parts:
        for axis in part:
            elsewhere = any(name == SET and packed.name not in wanted for name, wanted in axis.when)
            if axis.name.startswith("network.") and not elsewhere:
                for network in networks_met(axis, part):
                    _try(axis, network, shape, means, packed.name)


def _try(axis: Axis, network: str, shape: Shape, means: Means, set_name: str) -> None:
    own = axis.name.removeprefix("network.")
    ends = (axis.range.low, axis.range.high) if axis.range else ()
    for value in ends if axis.values is None else axis.values:
        try:
            architecture(network).resolve(network_settings({"name": network, own: value}), shape, means)
        except SettingsError as error:
            raise SettingsError(f"set {set_name}: {error}") from None
