"""Features for the frozen lesson: made once, by the network's own frozen parts, and kept beside the set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.encode.cache import CHUNK, first_features
from ganvas.judge.classifier.examples import Examples, Indices
from ganvas.judge.classifier.network import Network
from ganvas.progress import Progress

BATCH = 64

Features = NDArray[np.float32]


class FrozenParts:
    """A network's frozen parts as an encoder, so that the cache of a set's features can keep what they see."""

    def __init__(self, network: Network, name: str, device: str, precision: str) -> None:
        self.name, self.version = f"classifier-{name}", f"{precision}-{_digest(network)}"
        self._network, self._device, self._low = network.eval(), device, precision == "bf16"
        self.features = self.encode(np.zeros((1, 3, 32, 32), np.uint8)).shape[1]

    def encode(self, pictures: NDArray[np.uint8], progress: Progress | None = None) -> Features:
        """uint8 [N, C, H, W] -> float32 [N, D]."""
        parts = [self._some(pictures[start : start + BATCH]) for start in range(0, len(pictures), BATCH)]
        return np.concatenate(parts)

    def _some(self, pictures: NDArray[np.uint8]) -> Features:
        x = torch.from_numpy(np.array(pictures)).to(self._device).float() / 255
        with torch.inference_mode(), torch.autocast(self._device.partition(":")[0], torch.bfloat16, self._low):
            return self._network.frozen_features(x).cpu().numpy()


def features_of(
    parts: FrozenParts,
    examples: Examples,
    wanted: Indices,
    progress: Progress,
    more: Callable[[int], bool] = lambda made: True,
) -> Features:
    """Features float32 [n, D] of the first of the pictures `wanted`: `more(made)` is asked whether there is time."""
    if examples.packed is not None:
        return first_features(examples.packed, parts, wanted, more, progress)
    found: list[Features] = []
    with progress.task("looking at pictures", len(wanted), "pictures") as task:
        for start in range(0, len(wanted), CHUNK):
            if start and not more(start):
                break
            found.append(parts.encode(examples.pictures[wanted[start : start + CHUNK]]))
            task.advance(len(found[-1]))
    return np.concatenate(found)


def _digest(network: Network) -> str:
    """Of the frozen weights: others, of the same name, see other things."""
    digest = hashlib.sha256()
    for weight in network.parameters():
        if not weight.requires_grad:
            digest.update(weight.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:8]
