"""What the rules did, to look at: clean/RULE.png for each, and clean/distribution.png. `write_sheets(studio, …)`.

A sheet shows the dropped pictures nearest to the threshold first, and beneath them those only just kept, so that a
person sees where the line runs. The sheet of `border` shows each picture before and after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.curate.rules.registry import BORDER, CLEAN, told_apart
from ganvas.curate.rules.verdicts import Verdict
from ganvas.curate.showing import shown
from ganvas.pictures.histograms import Panel, histograms
from ganvas.pictures.sheet import GAP, save_png, sheet
from ganvas.pictures.stack import stacked
from ganvas.progress import Progress
from ganvas.studio import StudioFolder
from ganvas.whole import write_whole

DISTRIBUTION = "distribution"
COLUMNS, FEWEST = 12, 6
DROPPED = 36
KEPT = 24
TRIMMED = 30
Tiles = Mapping[str, NDArray[np.uint8]]


def write_sheets(
    studio: StudioFolder, verdicts: Sequence[Verdict], hashes: Sequence[str], progress: Progress
) -> dict[str, Path]:
    """Write the sheet of every rule that tells pictures apart; returns the files by rule. Older sheets are removed."""
    folder = studio.root / "clean"
    told = [verdict for verdict in verdicts if _tells(verdict)]
    chosen = {verdict.rule.name: _chosen(verdict, hashes) for verdict in told}
    wanted = list(dict.fromkeys(sha256 for both in chosen.values() for side in both for sha256, _ in side))
    with progress.task("drawing sheets", len(told) + 1, "sheets") as task:
        tiles = dict(zip(wanted, shown(studio, wanted), strict=True))
        task.advance()
        written = {}
        for verdict in told:
            name = verdict.rule.name
            draw = _border_sheet(studio, verdict, chosen[name], tiles) if name == BORDER else None
            written[name] = save_png(folder / f"{name}.png", draw or _sheet(verdict, chosen[name], tiles))
            task.advance()
    for verdict in verdicts:
        if verdict.rule.name not in written:
            with suppress(OSError):
                (folder / f"{verdict.rule.name}.png").unlink()
    panels = [
        Panel(v.rule.name, v.scores, v.threshold, v.rule.low_drops, v.idle is not None) for v in verdicts if _varies(v)
    ]
    if panels:
        written[DISTRIBUTION] = write_whole(folder / f"{DISTRIBUTION}.png", histograms(panels))
    return written


Side = list[tuple[str, float]]  # hash and score of pictures on one side of a threshold


def _varies(verdict: Verdict) -> bool:
    known = verdict.scores[~np.isnan(verdict.scores)]
    return bool(len(known)) and float(known.min()) < float(known.max())


def _tells(verdict: Verdict) -> bool:
    if verdict.rule.name == BORDER:
        return bool(verdict.caught.any())
    return verdict.idle is None and (bool(verdict.caught.any()) or _varies(verdict))


def _chosen(verdict: Verdict, hashes: Sequence[str]) -> tuple[Side, Side]:
    trims = verdict.rule.name == BORDER
    sides = (verdict.nearest(True, TRIMMED if trims else DROPPED), verdict.nearest(False, 0 if trims else KEPT))
    dropped, kept = ([(hashes[place], float(verdict.scores[place])) for place in places] for places in sides)
    return dropped, kept


def _sheet(verdict: Verdict, sides: tuple[Side, Side], tiles: Tiles) -> Image.Image:
    rule, count = verdict.rule, int(verdict.caught.sum())
    needs = rule.needs(verdict.threshold)
    headers = (
        f"{rule.name} ({needs}): {count:,} of {len(verdict.scores):,} dropped, the nearest to the threshold first",
        f"{rule.name}: kept, the nearest to the threshold first",
    )
    parts = []
    for header, side in zip(headers, sides, strict=True):
        if side:
            captions = [told_apart(score, verdict.threshold)[0] for _, score in side]
            parts.append(_grid([tiles[sha256] for sha256, _ in side], captions, header))
    return stacked(parts)


def _grid(pictures: list[NDArray[np.uint8]], captions: list[str], header: str) -> Image.Image:
    missing = max(0, FEWEST - len(pictures))  # of the width that a header needs
    filled = pictures + [np.full_like(pictures[0], GAP)] * missing
    return sheet(np.stack(filled), columns=COLUMNS, captions=captions + [""] * missing, header=header, scale=1)


def _border_sheet(studio: StudioFolder, verdict: Verdict, sides: tuple[Side, Side], tiles: Tiles) -> Image.Image:
    hashes = [sha256 for sha256, _ in sides[0]]
    inside = shown(studio, hashes, trims=studio.catalog.trims(CLEAN, BORDER))
    both = [picture for sha256, cut in zip(hashes, inside, strict=True) for picture in (tiles[sha256], cut)]
    captions = [text for _, score in sides[0] for text in (f"{score:.0%} border", "trimmed")]
    header = f"border: {int(verdict.caught.sum()):,} of {len(verdict.scores):,} trimmed, each before and after"
    return _grid(both, captions, header)
