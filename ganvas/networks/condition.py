"""What a generator is told beside noise, and how a discriminator holds it to that.

Generator: a learned vector a label, joined to the latent. Discriminator: projection, Miyato & Koyama 2018
(arXiv 1802.05637), eq. 3: logit = w·h + e(y)·h for the last features h.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

EMBEDDING = 32


class LatentWithLabel(nn.Module):
    """Latent [N, Z] and labels int64 [N] -> [N, Z + 32]; with no labels the latent alone."""

    def __init__(self, latent: int, labels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(labels, EMBEDDING) if labels else None
        self.width = latent + (EMBEDDING if labels else 0)

    def forward(self, latent: Tensor, condition: Tensor | None) -> Tensor:
        if self.embedding is None:
            return latent
        return torch.cat([latent, self.embedding(_given(condition))], dim=1)


class ProjectionHead(nn.Module):
    """Features [N, F] and labels int64 [N] -> logits [N]."""

    def __init__(self, features: int, labels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1)
        self.embedding = nn.Embedding(labels, features) if labels else None
        if self.embedding is not None:
            nn.init.zeros_(self.embedding.weight)  # starts as if told nothing
        self.scale = 1 / math.sqrt(features)

    def forward(self, features: Tensor, condition: Tensor | None) -> Tensor:
        logits: Tensor = self.linear(features)[:, 0]
        if self.embedding is not None:
            logits = logits + self.scale * (features * self.embedding(_given(condition))).sum(dim=1)
        return logits


def _given(condition: Tensor | None) -> Tensor:
    if condition is None:
        raise ValueError("this network was trained with labels: a condition int64 [N] is needed")
    return condition
