"""Instance selection: keep the pictures in the densest places of feature space: `thin(studio, 0.8)`.

DeVries, Drozdzal & Taylor, "Instance Selection for GANs" (arXiv 2007.15255): dropping sparse pictures before training
trades diversity for fidelity and time. Of the density estimates they compare (section 3.2), this takes the distance to
the fifth neighbour: one Gaussian over everything would drop small kinds whole, however alike their pictures are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganvas.catalog.decisions import Verdict
from ganvas.curate.features import features_of
from ganvas.curate.kmeans import loneliness
from ganvas.curate.showing import shown
from ganvas.encode import Encoder
from ganvas.errors import InputError
from ganvas.pictures.bands import Band, banded
from ganvas.pictures.sheet import save_png
from ganvas.progress import Progress, Silent
from ganvas.scores.neighbours import unit
from ganvas.studio import StudioFolder

DENSITY, SPARSE = "density", "sparse"
COLUMNS, A_BAND = 10, 20


@dataclass(frozen=True)
class Thinned:
    """How many stayed and went, the distance to the fifth neighbour between them, and the sheet."""

    kept: int
    dropped: int
    share: float
    limit: float
    left_out: int
    sheet: Path

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kept": self.kept,
            "dropped": self.dropped,
            "share": self.share,
            "limit": self.limit,
            "left_out": self.left_out,
            "sheet": str(self.sheet),
        }


def thin(
    studio: StudioFolder, share: float, *, encoder: Encoder, seed: int = 0, progress: Progress | None = None
) -> Thinned:
    """Keep this share of the pictures that are kept by everything else, the densest; the rest is dropped by a decision.

    Thinning again decides anew. Raises InputError for a share that cannot be, or fewer than 2 pictures.
    """
    if not 0 < share <= 1:
        raise InputError(f"a share of {share} cannot be kept: more than 0, at most 1, as 0.8")
    candidates = studio.catalog.kept_but_for(DENSITY, SPARSE)
    if len(candidates) < 2:
        raise InputError(f"{len(candidates)} pictures cannot be thinned: `ganvas info` says what is here")
    looked = features_of(studio, candidates, encoder, progress)
    if len(looked.sha256s) < 2:
        raise InputError("one picture that can be read cannot be thinned: `ganvas add` more")
    distances = loneliness(unit(looked.features, out=looked.features), seed)
    order = np.argsort(distances, kind="stable")
    count = max(1, round(share * len(order)))
    reasons = {True: f"among the densest {share:.0%}", False: f"not among the densest {share:.0%}"}
    verdicts: list[Verdict] = [
        (looked.sha256s[i], place < count, float(distances[i]), reasons[place < count])
        for place, i in enumerate(order.tolist())
    ]
    studio.catalog.decide_anew(DENSITY, SPARSE, verdicts, unseen=set(candidates) - set(looked.sha256s))
    sheet = _sheet(studio, verdicts, count, share, progress or Silent())
    left_out = len(candidates) - len(order)
    return Thinned(count, len(order) - count, share, float(distances[order[count - 1]]), left_out, sheet)


def undo_thin(studio: StudioFolder) -> int:
    """Take all of it back. Returns how many decisions were undone."""
    return studio.catalog.undo_rule(DENSITY, SPARSE)


def _sheet(studio: StudioFolder, verdicts: list[Verdict], count: int, share: float, progress: Progress) -> Path:
    bands = []
    for label, part in (
        ("kept: the densest", verdicts[:count][:A_BAND]),
        ("kept: the last", verdicts[max(A_BAND, count - A_BAND) : count]),
        ("dropped: the first", verdicts[count : count + A_BAND]),
        ("dropped: the loneliest", verdicts[count + A_BAND :][: -A_BAND - 1 : -1]),
    ):
        if part:
            captions = [f"{score:.2f} {sha256[:8]}" for sha256, _, score, _ in part]
            bands.append(Band(label, shown(studio, [sha256 for sha256, *_ in part]), captions))
    title = f"the densest {share:.0%}: {count:,} kept, {len(verdicts) - count:,} dropped"
    progress.note(title)
    return save_png(studio.thinned / "sheet.png", banded(title, bands, COLUMNS))
