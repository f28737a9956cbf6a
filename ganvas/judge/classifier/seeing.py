"""What a network says about pictures, a block at a time: `logits_of(network, pictures, indices, settings)`."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.judge.classifier.feed import to_network
from ganvas.judge.classifier.network import Network
from ganvas.judge.classifier.settings import ClassifierSettings
from ganvas.progress import Progress, Silent

BATCH = 256


def logits_of(
    network: Network,
    pictures: NDArray[np.uint8],
    indices: NDArray[np.int64],
    settings: ClassifierSettings,
    features: NDArray[np.float32] | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Logits float32 [n, labels] of the pictures at `indices`, from their features [n, D] where those are known."""
    device = settings.device or "cpu"
    network.eval()
    found = []
    with (
        (progress or Silent()).task("classifying", len(indices), "pictures") as task,
        torch.inference_mode(),
        torch.autocast(device.partition(":")[0], torch.bfloat16, settings.precision == "bf16"),
    ):
        for start in range(0, len(indices), BATCH):
            part = indices[start : start + BATCH]
            if features is not None:
                logits = network.classified(torch.from_numpy(features[start : start + BATCH]).to(device))
            else:
                x = to_network(pictures[part], device).contiguous(memory_format=torch.channels_last)
                logits = network(x)
            found.append(logits.float().cpu().numpy())
            task.advance(len(part))
    return np.concatenate(found)
