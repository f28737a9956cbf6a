"""Rules about light: pictures that are black, or white, nearly all over."""

from __future__ import annotations

from ganvas.curate.rules.registry import Measured, Scores, rule


@rule("dark", at_least=0.32)
def dark(measured: Measured) -> Scores:
    """how light its lightest hundredth is: 0 black, 1 white"""
    return measured["brightest"]


@rule("light", at_least=0.05)
def light(measured: Measured) -> Scores:
    """how dark its darkest twentieth is: 0 white, 1 black"""
    return 1 - measured["darkest"]
