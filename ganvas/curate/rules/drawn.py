"""The rule about drawings, letters and screenshots.

Off unless asked for: photographs of things with large even surfaces, saved without loss or cut out, can come near them,
and small text on a page, blurred by resizing, is as little flat as a photograph.
"""

from __future__ import annotations

from ganvas.curate.rules.registry import Measured, Scores, rule


@rule("drawn", at_most=0.4, usual=False)
def drawn(measured: Measured) -> Scores:
    """the share of neighbouring pixels that are alike, its ground left out: photographs up to .3, drawings more"""
    return measured["flatness"]
