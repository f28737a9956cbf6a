"""Rules about a picture's size and proportions, of what is left where `border` trims it."""

from __future__ import annotations

import numpy as np

from ganvas.curate.rules.registry import Measured, Scores, rule


@rule("too-small", at_least=24, unit="px")
def too_small(measured: Measured) -> Scores:
    """the shorter side"""
    return np.minimum(measured["width"], measured["height"])


@rule("aspect", at_least=0.35)
def aspect(measured: Measured) -> Scores:
    """the shorter side as a share of the longer one"""
    sides = measured["width"], measured["height"]
    return np.minimum(*sides) / np.maximum(*sides)


@rule("portrait", at_least=1, usual=False)
def portrait(measured: Measured) -> Scores:
    """width to height; drops what is higher than wide"""
    return measured["width"] / measured["height"]


@rule("landscape", at_most=1, usual=False)
def landscape(measured: Measured) -> Scores:
    """width to height; drops what is wider than high"""
    return measured["width"] / measured["height"]
