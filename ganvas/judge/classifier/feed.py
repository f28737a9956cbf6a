"""Which pictures come next, and pictures as a network takes them: all of it follows from (seed, lesson, how many)."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Order:
    """Every one of `count` places once an epoch, shuffled anew each time, across batch borders."""

    def __init__(self, count: int, seed: int, lesson: int) -> None:
        self._count, self._seed, self._lesson = count, seed, lesson
        self._epoch, self._shuffled = -1, np.arange(0)

    def batch(self, seen: int, size: int) -> NDArray[np.int64]:
        """The `size` places that follow after `seen`."""
        parts: list[NDArray[np.int64]] = []
        while size > 0:
            epoch, start = divmod(seen, self._count)
            if epoch != self._epoch:
                self._epoch = epoch
                self._shuffled = np.random.default_rng((self._seed, self._lesson, epoch)).permutation(self._count)
            parts.append(self._shuffled[start : start + size])
            seen, size = seen + len(parts[-1]), size - len(parts[-1])
        return np.concatenate(parts)


def step_seed(seed: int, lesson: int, step: int) -> int:
    """A 63-bit seed for one step: neighbouring steps must not share their first random numbers."""
    digest = hashlib.blake2b(f"{seed}/{lesson}/{step}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def to_network(pictures: NDArray[np.uint8], device: str) -> Tensor:
    """uint8 [N, C, H, W] -> float32 from 0 to 1 on the device."""
    return torch.from_numpy(np.array(pictures, order="C")).to(device, non_blocking=True).float().div_(255)
