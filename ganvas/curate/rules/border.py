"""The rule about solid borders: what has one is not dropped but trimmed, when a set is packed."""

from __future__ import annotations

from ganvas.curate.rules.registry import BORDER, Measured, Scores, rule


@rule(BORDER, at_most=0.01)
def border(measured: Measured) -> Scores:
    """the share of its area that is a border; more than the threshold is trimmed, not dropped"""
    return measured["trimmed"]
