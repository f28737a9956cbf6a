"""What training pictures go through, never those that validate or test: `augmented(pictures, ["shift", "colour"])`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

REACH = 0.1  # of each side: how far a picture is moved
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.2, 0.3  # how far each goes to either side


def augmented(pictures: Tensor, kinds: Sequence[str]) -> Tensor:
    """Pictures float [N, C, H, W] from 0 to 1, each changed by every kind in its own way, from torch's random numbers.

    `shift` moves a picture and lets its edge go on, `colour` changes brightness, contrast and saturation, `flip`
    mirrors by a coin.
    """
    x = pictures
    if "shift" in kinds:
        x = _shifted(x)
    if "colour" in kinds:
        x = _recoloured(x)
    if "flip" in kinds:
        x = torch.where(_uniform(x) < 0.5, x.flip(3), x)
    return x


def _shifted(x: Tensor) -> Tensor:
    height, width = x.shape[2:]
    down, right = (max(1, round(side * REACH)) for side in (height, width))
    padded = F.pad(x, (right, right, down, down), mode="replicate")
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # [N, C, 2 down + 1, 2 right + 1, H, W], a view
    each = torch.arange(len(x))
    rows, columns = (torch.randint(2 * reach + 1, (len(x),)) for reach in (down, right))
    return windows.movedim(1, 3)[each, rows, columns]


def _recoloured(x: Tensor) -> Tensor:
    brightness, contrast, saturation = (
        1 + reach * (2 * _uniform(x) - 1) for reach in (BRIGHTNESS, CONTRAST, SATURATION)
    )
    x = x * brightness
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    x = mean + (x - mean) * contrast
    if x.shape[1] > 1:
        gray = x.mean(dim=1, keepdim=True)
        x = gray + (x - gray) * saturation
    return x.clamp(0, 1)


def _uniform(x: Tensor) -> Tensor:
    # Drawn on the processor: the same numbers on every device.
    return torch.rand(len(x), 1, 1, 1).to(x.device)
