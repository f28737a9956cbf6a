"""Training: settings, plan, networks' games, loop, checkpoints, and drawing from what was learned."""

from ganvas.train.draw import Drawn, draw
from ganvas.train.training import train

__all__ = ["Drawn", "draw", "train"]
