"""Pictures through an encoder's network, a batch at a time, with progress: `in_batches(pictures, …)`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganvas.progress import Progress, Silent


def in_batches(
    pictures: NDArray[np.uint8],
    features: int,
    batch: int,
    look: Callable[[NDArray[np.uint8]], Tensor],
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """uint8 [N, C, H, W] -> float32 [N, features], what `look` makes of each batch of them."""
    found = np.empty((len(pictures), features), np.float32)
    with (
        (progress or Silent()).task("looking at pictures", len(pictures), "pictures") as task,
        torch.inference_mode(),
    ):
        for start in range(0, len(pictures), batch):
            some = pictures[start : start + batch]
            found[start : start + len(some)] = look(some).numpy()
            task.advance(len(some))
    return found
