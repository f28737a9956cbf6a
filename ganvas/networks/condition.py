"""What a generator is told beside noise, and how a discriminator holds it to that.

A condition is a vector float [N, C], whatever it stands for: a label is one-hot, a word its coordinates (of unit
length), a mixture of words the mixture of theirs. Generator: a learned linear map of it, joined to the latent.
Discriminator: projection, Miyato & Koyama 2018 (arXiv 1802.05637), eq. 3: logit = w·h + e(y)·h for the last features h.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

TOLD = 32


class Told(nn.Embedding):
    """Condition [N, C] -> [N, F]: the embeddings of its C parts, weighted by them; of a one-hot row, its embedding."""

    def forward(self, condition: Tensor | None) -> Tensor:
        if condition is None:
            raise ValueError("this network was trained with a condition: one float [N, C] is needed")
        return condition @ self.weight


class LatentWithCondition(nn.Module):
    """Latent [N, Z] and condition [N, C] -> [N, Z + 32]; with C = 0 the latent alone."""

    def __init__(self, latent: int, condition: int) -> None:
        super().__init__()
        self.embedding = Told(condition, TOLD) if condition else None
        self.width = latent + (TOLD if condition else 0)

    def forward(self, latent: Tensor, condition: Tensor | None) -> Tensor:
        if self.embedding is None:
            return latent
        return torch.cat([latent, self.embedding(condition)], dim=1)


class ProjectionHead(nn.Module):
    """Features [N, F] and condition [N, C] -> logits [N]."""

    def __init__(self, features: int, condition: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, 1)
        self.embedding = Told(condition, features) if condition else None
        if self.embedding is not None:
            nn.init.zeros_(self.embedding.weight)  # starts as if told nothing
        self.scale = 1 / math.sqrt(features)

    def forward(self, features: Tensor, condition: Tensor | None) -> Tensor:
        logits: Tensor = self.linear(features)[:, 0]
        if self.embedding is not None:
            logits = logits + self.scale * (features * self.embedding(condition)).sum(dim=1)
        return logits
