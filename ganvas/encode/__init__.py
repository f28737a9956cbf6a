"""Picture -> feature vector. `encoder("effnet-lite0").encode(pictures)` turns uint8 [N, C, H, W] into float32 [N, D].

Clustering, judging, novelty and the classifier all look through an encoder. One is added by registering a function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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


ENCODERS: Registry[Callable[[], Encoder]] = Registry("encoder")


def register(name: str) -> Callable[[Callable[[], Encoder]], Callable[[], Encoder]]:
    """Decorator: this function loads the encoder called `name`."""

    def keep(load: Callable[[], Encoder]) -> Callable[[], Encoder]:
        ENCODERS[name] = load
        return load

    return keep


def encoder_names() -> list[str]:
    return ENCODERS.names()


def encoder(name: str = DEFAULT_ENCODER) -> Encoder:
    """Load an encoder by name. Raises SettingsError for a name that is not registered."""
    return ENCODERS[name]()


@register(DEFAULT_ENCODER)
def _effnet_lite0() -> Encoder:
    from ganvas.encode.effnet_lite0 import EffnetLite0Encoder

    return EffnetLite0Encoder()


__all__ = ["DEFAULT_ENCODER", "Encoder", "encoder", "encoder_names", "register"]
