"""What both sides compare on: features, pictures and made-up Inception weights that any machine makes alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

CASES = [(1000, 1000, 64), (700, 1200, 32), (300, 250, 16)]


def features(count: int, seed: int, width: int, shift: float = 0.0) -> np.ndarray:
    """float32 [count, width], correlated and not negative, like pooled activations."""
    noise = np.random.default_rng(seed).normal(size=(count, width))
    mixing = np.random.default_rng(99).normal(size=(width, width))
    return np.maximum(noise @ mixing / 3 + 1 + shift, 0).astype(np.float32)


def pictures(count: int = 3) -> np.ndarray:
    """uint8 [count, 3, 40, 56]: smooth colours and some hard edges."""
    coarse = np.random.default_rng(5).integers(0, 256, (count, 3, 5, 7))
    return coarse.repeat(8, axis=2).repeat(8, axis=3).astype(np.uint8)


def inception_weights(shapes: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
    """Made-up weights of FID's Inception by their published names, scaled so that activations neither die nor burst."""
    return {
        name: _weight(name, shape, np.random.default_rng(i)) for i, (name, shape) in enumerate(sorted(shapes.items()))
    }


def _weight(name: str, shape: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    if name.endswith("conv.weight"):
        values = rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:]))
    elif name.endswith(("running_var", "bn.weight")):
        values = rng.uniform(0.5, 1.5, shape)
    else:
        values = rng.normal(size=shape) * 0.1
    return values.astype(np.float32)
