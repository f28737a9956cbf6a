"""Schedules: functions of progress (0 at the start, 1 at the end of the budget), so that short runs are good runs."""

from __future__ import annotations

import math

LOWEST_RATE = 0.01


def rate_scale(progress: float, warmup: float, decay: float, end: float = 0.0) -> float:
    """Factor on both learning rates: up to 1 over the first `warmup` of the run, down to `end` over its last `decay`.

    The rise is for Adam, whose second moments are still guesses in the first steps. Never below 0.01.
    """
    rising = progress / warmup if warmup else 1.0
    falling = end + (1 - end) * min(1.0, (1 - progress) / decay) if decay else 1.0
    return max(LOWEST_RATE, min(1.0, rising, falling))


def between(start: float, end: float, progress: float) -> float:
    """From `start` to `end` along half a cosine, as R3GAN moves gamma and β2 (arXiv 2501.05441, appendix D)."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def ema_half_life(images: int, share: float, batch: int) -> float:
    """Images over which an old weight's part in the average halves: a share of all seen; the start is forgotten.

    After Karras et al. 2023 (arXiv 2312.02696), section 3.1: a profile that keeps its shape as the run grows.
    """
    return max(share * images, float(batch))
