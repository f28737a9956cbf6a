"""The rule about animations and files of several pages, of which only the first frame would be trained on."""

from __future__ import annotations

from ganvas.curate.rules.registry import Measured, Scores, rule


@rule("animation", at_most=1, unit="frames")
def animation(measured: Measured) -> Scores:
    """frames in the file"""
    return measured["frames"]
