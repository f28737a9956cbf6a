"""The rule about screenshots, line drawings and text."""

from __future__ import annotations

from ganvas.curate.rules.registry import Measured, Scores, rule


@rule("drawn", at_most=0.8, usual=False)
def drawn(measured: Measured) -> Scores:
    """the share of its second to ninth colour in all that is not of the first: screenshots, text and drawings near 1"""
    return measured["few_colours"]
