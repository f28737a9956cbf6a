"""Picture -> feature vector. `encoder("effnet-lite0").encode(pictures)` turns uint8 [N, C, H, W] into float32 [N, D].

Clustering, judging, novelty and the classifier all look through an encoder. One is added by registering a function.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import SettingsError
from ganvas.progress import Progress
from ganvas.registry import Registry

DEFAULT_ENCODER = "effnet-lite0"


class Encoder(Protocol):
    """What turns pictures into vectors. `version` changes whenever the same picture would give another vector."""

    name: str
    version: str
    features: int

    def encode(self, pictures: NDArray[np.uint8], progress: Progress = ...) -> NDArray[np.float32]:
        """uint8 [N, C, H, W] with C = 1 or 3 -> float32 [N, features]."""
        ...


Load = Callable[[Path | None], Encoder]
ENCODERS: Registry[Load] = Registry("encoder")


def register(name: str) -> Callable[[Load], Load]:
    """Decorator: this function loads the encoder called `name`, from a file of weights where one is given."""

    def keep(load: Load) -> Load:
        ENCODERS[name] = load
        return load

    return keep


def encoder_names() -> list[str]:
    return ENCODERS.names()


def encoder(name: str | None = None, weights: str | Path | None = None) -> Encoder:
    """Load an encoder by name, effnet-lite0 if None; `weights` is a file of its weights, where it does not bring them.

    Raises SettingsError for a name that is not registered or weights that it has no use for, InputError for others.
    """
    return ENCODERS[name or DEFAULT_ENCODER](None if weights is None else Path(weights))


@register(DEFAULT_ENCODER)
def _effnet_lite0(weights: Path | None) -> Encoder:
    from ganvas.encode.effnet_lite0 import EffnetLite0Encoder

    if weights is not None:
        raise SettingsError(f"{DEFAULT_ENCODER} brings its weights with it: leave --weights out")
    return EffnetLite0Encoder()


@register("inception")
def _inception(weights: Path | None) -> Encoder:
    from ganvas.encode.inception import InceptionEncoder

    return InceptionEncoder(weights)


__all__ = ["DEFAULT_ENCODER", "Encoder", "encoder", "encoder_names", "register"]
