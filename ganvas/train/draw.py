"""New pictures from a run: `draw(run, 64, seed=1)`. Picture i of a seed is the same whatever is drawn beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganvas.errors import InputError, did_you_mean
from ganvas.networks import Shape, build
from ganvas.progress import Progress, Silent
from ganvas.train import checkpoint
from ganvas.train.data import to_pictures
from ganvas.train.run_folder import RunFolder
from ganvas.train.settings import train_settings

# Always drawn in batches of this size, the last one filled up: a convolution's rounding may depend on the batch.
BATCH = 64


@dataclass(frozen=True)
class Drawn:
    """Pictures uint8 [N, C, H, W], the label each was told (None: told nothing), and the checkpoint they come from."""

    pictures: NDArray[np.uint8]
    labels: list[str] | None
    checkpoint: str


def draw(folder: RunFolder, n: int, seed: int = 0, label: str | None = None, progress: Progress | None = None) -> Drawn:
    """Draw n pictures from the newest whole checkpoint's averaged generator.

    Raises InputError for a run without one, n < 1, or a label the run did not learn.
    """
    if n < 1:
        raise InputError(f"cannot draw {n} pictures: ask for 1 or more with -n")
    record = folder.read_settings()
    source = checkpoint.newest_whole(folder.checkpoints)
    generator = load_generator(record, source)
    names: list[str] = record["set"]["labels"] if record["settings"]["condition"] == "label" else []
    share = record["set"]["label_shares"] if names else []
    if label is not None and label not in names:
        told = "this run was told no labels" if not names else f"this run learned no label {label!r}"
        raise InputError(f"{told}.{did_you_mean(label, names)}")
    fixed = names.index(label) if label is not None else None
    latents, conditions = requests(n, seed, generator.latent, share, fixed)  # type: ignore[arg-type]
    pictures = generate(generator, latents, conditions, progress)
    told_labels = [names[i] for i in conditions] if conditions is not None else None
    return Drawn(pictures, told_labels, source.name)


def load_generator(record: dict[str, Any], source: Any) -> nn.Module:
    """The averaged generator of a checkpoint folder, ready to draw."""
    settings = train_settings(record["settings"])
    facts = record["set"]
    labels = len(facts["labels"]) if settings.condition == "label" else 0
    generator = build(settings.network, Shape(facts["height"], facts["width"], facts["channels"], labels)).generator
    checkpoint.load_weights(source, generator)
    return generator.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload, no-any-return]


def requests(
    n: int, seed: int, latent: int, label_shares: list[float], label: int | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
    """Latents float32 [n, latent] and labels int64 [n]: picture i follows from (seed, i) alone, on every machine.

    Labels are drawn with the training pictures' own shares unless one is given; None where the run was told nothing.
    """
    latents = np.empty((n, latent), np.float32)
    labels = np.empty(n, np.int64)
    edges = np.cumsum(label_shares) if label_shares else None
    for i in range(n):
        rng = np.random.Generator(np.random.Philox(key=[seed, i]))
        latents[i] = rng.standard_normal(latent)
        if edges is not None:
            chosen = min(int(np.searchsorted(edges, rng.random(), side="right")), len(edges) - 1)
            labels[i] = chosen if label is None else label
    return latents, labels if edges is not None else None


@torch.inference_mode()
def generate(
    generator: nn.Module,
    latents: NDArray[np.float32],
    labels: NDArray[np.int64] | None,
    progress: Progress | None = None,
) -> NDArray[np.uint8]:
    """Pictures uint8 [N, C, H, W] of a generator in evaluation mode, in float32."""
    device = next(generator.parameters()).device
    parts = []
    with (progress or Silent()).task("drawing", len(latents), "pictures") as task:
        for start in range(0, len(latents), BATCH):
            chosen = np.arange(start, start + BATCH) % len(latents)
            condition = None if labels is None else torch.from_numpy(labels[chosen]).to(device)
            output = generator(torch.from_numpy(latents[chosen]).to(device), condition)
            parts.append(to_pictures(output)[: len(latents) - start])
            task.advance(len(parts[-1]))
    return np.concatenate(parts)
