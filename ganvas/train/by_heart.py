"""Does a training know its pictures by heart? Two quick looks at every tick; `ganvas judge` looks thoroughly.

`ByHeart(packed).scores(players, conditions, drawn)`: how differently the discriminator sees training and held-out
pictures, and the share of drawn pictures that are far nearer to one training picture than to others like it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ganvas.pictures.packed import PackedSet
from ganvas.train.condition import Conditions
from ganvas.train.data import to_network
from ganvas.train.players import Players

LOOKED_AT = 256
REMEMBERED = 10_000  # training pictures that copies are looked for among
SIDE_PX = 16
NEIGHBOURS = 10
COPY = 0.4  # of the mean distance to the ten nearest
FEWEST = 16


class ByHeart:
    """What is compared with at every tick: the same training and held-out pictures each time."""

    def __init__(self, packed: PackedSet, conditions: Conditions, adversarial: bool = True) -> None:
        self._adversarial = adversarial  # without a game the discriminator learns nothing, by heart or otherwise
        rng = np.random.default_rng(0)
        train, held_out = rng.permutation(packed.train), rng.permutation(packed.held_out)
        self._both = [
            (np.asarray(packed.images[rows]), conditions.table[conditions.rows_of(packed.labels[rows])])
            for rows in (np.sort(train[:LOOKED_AT]), np.sort(held_out[:LOOKED_AT]))
        ]
        self._remembered = coarse(np.asarray(packed.images[np.sort(train[:REMEMBERED])]))
        enough = min(len(train), len(held_out)) >= FEWEST
        self._possible = enough and len(self._remembered) > NEIGHBOURS
        self._baseline = copies(coarse(self._both[1][0]), self._remembered) if self._possible else 0.0

    def scores(self, players: Players, drawn: NDArray[np.uint8], condition: NDArray[np.float32]) -> dict[str, float]:
        """overfit: 0 where held-out pictures look like training ones, 1 where they look like drawn ones
        (Karras et al. 2020, arXiv 2006.06676, eq. 1, r_v). copies: a share of the drawn pictures [N, C, H, W].
        """
        if not self._possible:
            return {}
        said = {"copies": copies(coarse(drawn), self._remembered), "copies_baseline": self._baseline}
        if self._adversarial:
            train, held_out, fake = (
                _mean_logit(players, pictures, told) for pictures, told in [*self._both, (drawn, condition)]
            )
            overfit = (train - held_out) / (train - fake) if train > fake else 0.0
            said["overfit"] = max(0.0, min(1.0, overfit))
        return said


def coarse(pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures uint8 [N, C, H, W] -> at most 16 × 16 pixels of each, float [N, P], less each picture's own mean."""
    sides = (min(SIDE_PX, pictures.shape[2]), min(SIDE_PX, pictures.shape[3]))
    parts = [F.adaptive_avg_pool2d(torch.from_numpy(part).float(), sides).flatten(1) for part in _parts(pictures)]
    small = torch.cat(parts)
    return small - small.mean(dim=1, keepdim=True)


def copies(looked_at: Tensor, remembered: Tensor) -> float:
    """The share of pictures whose nearest remembered one is nearer than 0.4 × the mean of its ten nearest.

    After Carlini et al. 2023 (arXiv 2301.13188), section 5.1: a distance means something only beside the neighbours'.
    """
    nearest = torch.cdist(looked_at, remembered).topk(NEIGHBOURS, largest=False).values
    return float((nearest[:, 0] < COPY * nearest.mean(dim=1)).float().mean())


def _parts(pictures: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [np.ascontiguousarray(pictures[i : i + 1000]) for i in range(0, len(pictures), 1000)]


@torch.no_grad()
def _mean_logit(players: Players, pictures: NDArray[np.uint8], condition: NDArray[np.float32]) -> float:
    device = str(next(players.discriminator.parameters()).device)
    total = 0.0
    players.discriminator.eval()
    for start in range(0, len(pictures), 64):
        told = torch.from_numpy(condition[start : start + 64]).to(device)
        logits = players.discriminator(to_network(pictures[start : start + 64], device), told)
        total += float(logits.float().sum())
    players.discriminator.train()
    return total / len(pictures)
