"""The rule about gray pictures in a collection in colour."""

from __future__ import annotations

from ganvas.curate.rules.registry import Measured, Scores, rule

IN_COLOUR = 0.05
MOSTLY = 0.8


def mostly_gray(measured: Measured) -> str | None:
    """Why gray pictures are no exception here."""
    coloured = measured["colour"] >= IN_COLOUR
    share = float(coloured.mean()) if len(coloured) else 0.0
    return None if share >= MOSTLY else f"only {share:.0%} are in colour"


@rule("grayscale", at_least=IN_COLOUR, why_not=mostly_gray)
def grayscale(measured: Measured) -> Scores:
    """how far apart red, green and blue are in its most colourful hundredth: 0 gray, 1 pure colours"""
    return measured["colour"]
