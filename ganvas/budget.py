"""How long to train, written as a person says it: `10m`, `90s`, `2h`, `200k-images`, `50-epochs`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ganvas.errors import SettingsError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
COUNTS = {"": 1, "k": 1_000, "M": 1_000_000}
TIME = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
COUNT = re.compile(r"(\d+(?:\.\d+)?)([kM]?)-(images?|epochs?)")
EXAMPLES = "write it as 90s, 10m, 2h, 200k-images or 50-epochs"


@dataclass(frozen=True)
class Budget:
    """An amount of one kind: `seconds` of training steps, or `images` shown to the discriminator."""

    kind: Literal["seconds", "images"]
    amount: float

    def progress(self, images: int, seconds: float) -> float:
        """The share of the budget that is used, 0 to 1: what every schedule is a function of."""
        return min(1.0, (images if self.kind == "images" else seconds) / self.amount)


def parse_budget(text: str, images_per_epoch: int) -> Budget:
    """Read a budget; an epoch is every training picture once. Raises SettingsError for what is not a budget."""
    if match := TIME.fullmatch(text.strip()):
        amount, kind = float(match[1]) * SECONDS[match[2]], "seconds"
    elif match := COUNT.fullmatch(text.strip()):
        amount, kind = float(match[1]) * COUNTS[match[2]], "images"
        if match[3].startswith("epoch"):
            amount *= images_per_epoch
    else:
        raise SettingsError(f"{text!r} is not a budget: {EXAMPLES}")
    if amount < 1:
        raise SettingsError(f"{text!r} leaves no time to train: {EXAMPLES}")
    return Budget("seconds", amount) if kind == "seconds" else Budget("images", amount)


def parse_images(text: str, images_per_epoch: int) -> int:
    """An interval in images, as `2000-images` or `1-epochs`."""
    budget = parse_budget(text, images_per_epoch)
    if budget.kind != "images":
        raise SettingsError(f"{text!r} is not a number of images: write it as 2000-images or 1-epochs")
    return int(budget.amount)
