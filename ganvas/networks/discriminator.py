"""What every discriminator is: features of pictures, and a head that weighs them beside the condition."""

from __future__ import annotations

from torch import Tensor, nn

from ganvas.networks.condition import ProjectionHead


class Discriminator(nn.Module):
    """Pictures [N, C, H, W] (+ condition [N, C]) -> logits [N]; positive means real.

    A subclass sets `head` and defines `features`. Nothing in it may mix the pictures of a batch.
    """

    head: ProjectionHead

    def features(self, pictures: Tensor) -> Tensor:
        """Pictures [N, C, H, W] -> the features [N, F] that the head judges by."""
        raise NotImplementedError

    def forward(self, pictures: Tensor, condition: Tensor | None = None) -> Tensor:
        logits: Tensor = self.head(self.features(pictures), condition)
        return logits

    def on_real(self, pictures: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Logits [N] of real pictures, and a loss that is learned beside the game (None: there is none)."""
        return self(pictures, condition), None
