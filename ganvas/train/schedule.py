"""Schedules: functions of progress (0 at the start, 1 at the end of the budget), so that short runs are good runs."""

from __future__ import annotations


def rate_scale(progress: float, decay: float) -> float:
    """Factor on both learning rates: 1, then falling in a straight line to 0.01 over the last `decay` of the run."""
    if decay == 0 or progress <= 1 - decay:
        return 1.0
    return max(0.01, (1 - progress) / decay)


def ema_half_life(images: int, share: float, batch: int) -> float:
    """Images over which an old weight's part in the average halves: a share of all seen; the start is forgotten.

    After Karras et al. 2023 (arXiv 2312.02696), section 3.1: a profile that keeps its shape as the run grows.
    """
    return max(share * images, float(batch))
