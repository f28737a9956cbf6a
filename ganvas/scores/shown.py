"""How scores are said: their labels, factors and digits, and which way is better."""

from __future__ import annotations

SHOWN = {  # name: (label, factor, digits)
    "kid": ("KID×1000", 1000, 1),
    "fd": ("FD", 1, 1),
    "precision": ("precision", 1, 2),
    "recall": ("recall", 1, 2),
    "density": ("density", 1, 2),
    "coverage": ("coverage", 1, 2),
    "authenticity": ("authenticity", 1, 2),
    "copies": ("copies", 1, 3),
    "nearer_trained": ("nearer to trained-on", 1, 2),
    "as_told": ("drawn as told", 1, 3),
    "cas": ("classification accuracy", 1, 3),
}
TICK_FACTS = (  # of a line of ticks.jsonl; all else are scores
    "tick",
    "images",
    "seconds",
    "epoch",
    "ema_share",
    "augment_strength",
    "tick_seconds",
)
BESIDE = ("_baseline", "_sd")  # what stands beside a score and is none
LOWER_IS_BETTER = frozenset({"kid", "fd", "copies", "nearer_trained"})


def label_of(name: str) -> str:
    """`kid` -> KID×1000; a name that is not known is its own label."""
    return SHOWN[name][0] if name in SHOWN else name


def times_factor(name: str, value: float) -> float:
    """A score as its label says it: KID times 1000."""
    return value * SHOWN[name][1] if name in SHOWN else value


def shown(name: str, value: float) -> str:
    """A score with its factor and digits."""
    digits = SHOWN[name][2] if name in SHOWN else 3
    return f"{times_factor(name, value):,.{digits}f}"
