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
LEVELS_ENCODER = "effnet-lite0-levels"


class FeatureMaker(Protocol):
    """What turns pictures into vectors. `version` changes whenever the same picture would give another vector."""

    name: str
    version: str
    features: int

    def encode(self, pictures: NDArray[np.uint8], progress: Progress = ...) -> NDArray[np.float32]:
        """uint8 [N, C, H, W] with C = 1 or 3 -> float32 [N, features]."""
        ...


class Encoder(FeatureMaker, Protocol):
    """One that takes pictures of any kind. Squares of `size_px` pixels, which it looks at, are taken as they are."""

    size_px: int


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

    Of `dinov2`, `resnet18` and `clip` it is a folder of transformers' files or a name on the Hugging Face hub.
    Raises SettingsError for a name that is not registered or weights that it has no use for, InputError for others,
    MissingExtra where transformers is not installed.
    """
    return ENCODERS[name or DEFAULT_ENCODER](None if weights is None else Path(weights))


@register(DEFAULT_ENCODER)
def _effnet_lite0(weights: Path | None) -> Encoder:
    from ganvas.encode.effnet_lite0 import EffnetLite0Encoder

    _check_none(weights, DEFAULT_ENCODER)
    return EffnetLite0Encoder()


@register(LEVELS_ENCODER)
def _effnet_lite0_levels(weights: Path | None) -> Encoder:
    from ganvas.encode.effnet_lite0 import EffnetLevelsEncoder

    _check_none(weights, LEVELS_ENCODER)
    return EffnetLevelsEncoder()


def _check_none(weights: Path | None, name: str) -> None:
    if weights is not None:
        raise SettingsError(f"{name} brings its weights with it: leave --weights out")


@register("inception")
def _inception(weights: Path | None) -> Encoder:
    from ganvas.encode.inception import InceptionEncoder

    return InceptionEncoder(weights)


@register("dinov2")
def _dinov2(weights: Path | None) -> Encoder:
    from ganvas.encode.hub import Dinov2Encoder

    return Dinov2Encoder(weights)


@register("resnet18")
def _resnet18(weights: Path | None) -> Encoder:
    from ganvas.encode.hub import ResNetEncoder

    return ResNetEncoder(weights)


@register("clip")
def _clip(weights: Path | None) -> Encoder:
    from ganvas.encode.hub import ClipEncoder

    return ClipEncoder(weights)


__all__ = ["DEFAULT_ENCODER", "LEVELS_ENCODER", "Encoder", "FeatureMaker", "encoder", "encoder_names", "register"]
