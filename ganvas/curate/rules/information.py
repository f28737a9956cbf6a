"""Rules about how much there is to see.

A bit of entropy leaves a cut-out on white alone: at the three bits that others ask for, 315 of 801 stamps went, birds
and bridges among them.
"""

from __future__ import annotations

from ganvas.curate.rules.registry import Measured, Scores, rule


@rule("low-information", at_least=0.1)
def low_information(measured: Measured) -> Scores:
    """entropy of its shades, in tens of bits: 0 one shade, .8 all 256 as often as one another"""
    return measured["entropy"] / 10


@rule("near-uniform", at_least=0.02)
def near_uniform(measured: Measured) -> Scores:
    """standard deviation of its most varied channel: 0 one colour, .5 black and white"""
    return measured["contrast"]
