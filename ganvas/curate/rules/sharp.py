"""The rule about focus."""

from __future__ import annotations

from ganvas.curate.rules.registry import Measured, Scores, rule


@rule("blurry", at_least=0.3)
def blurry(measured: Measured) -> Scores:
    """how much of its detail a blur of nine pixels takes away, at a longer side of 256: 0 blurred already, 1 sharp"""
    return measured["sharpness"]
