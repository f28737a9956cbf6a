"""Sheets of a lesson in teach/NAME/: what it is unsure of, what it keeps, what it drops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.curate.showing import shown
from ganvas.pictures.bands import Band, banded, ends_and_between
from ganvas.pictures.sheet import save_png
from ganvas.studio import StudioFolder

COLUMNS = 10
A_BAND = 2 * COLUMNS
UNSURE = 6 * COLUMNS
EVEN = 0.5


@dataclass(frozen=True)
class Scored:
    """Pictures and each one's probability float64 [N], and the threshold that parts them."""

    sha256s: list[str]
    chances: NDArray[np.float64]
    threshold: float


def draw_lesson(studio: StudioFolder, name: str, scored: Scored, examples: set[str], seed: int) -> list[Path]:
    """Write the sheets there is something to show on, and remove the others. Captions: probability, start of hash."""
    folder = studio.taught / name
    fresh = np.array([sha256 not in examples for sha256 in scored.sha256s])
    unsure = np.argsort(np.abs(scored.chances - EVEN), kind="stable")
    order = np.argsort(-scored.chances, kind="stable")
    above = scored.chances[order] >= scored.threshold
    parts = {
        "unsure": [("closest to even odds first: the next ones to label", unsure[fresh[unsure]][:UNSURE])],
        "kept": _bands(order[above], "surest", "least sure", seed),
        "dropped": _bands(order[~above][::-1], "surest", "least sure", seed),
    }
    words = {"unsure": "unsure", "kept": f"{above.sum():,} are like it", "dropped": f"{(~above).sum():,} are not"}
    written = []
    for part, bands in parts.items():
        path = folder / f"{part}.png"
        drawn = [_band(studio, label, chosen, scored) for label, chosen in bands if len(chosen)]
        if drawn:
            written.append(save_png(path, banded(f"{name}: {words[part]}", drawn, COLUMNS)))
        else:
            path.unlink(missing_ok=True)
    return written


def _bands(order: NDArray[np.intp], first: str, last: str, seed: int) -> list[tuple[str, NDArray[np.intp]]]:
    if len(order) <= A_BAND:
        return [(f"all, {first} first", order)]
    start, end, between = ends_and_between(len(order), A_BAND, seed)
    return [(first, order[start]), ("others at random", order[between]), (f"{last} first", order[end])]


def _band(studio: StudioFolder, label: str, chosen: NDArray[np.intp], scored: Scored) -> Band:
    sha256s: Sequence[str] = [scored.sha256s[i] for i in chosen]
    captions = [f"{scored.chances[i]:.2f} {scored.sha256s[i][:8]}" for i in chosen]
    return Band(label, shown(studio, sha256s), captions)
