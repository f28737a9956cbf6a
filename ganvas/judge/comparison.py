"""Which real pictures judge a run: `pictures_to_draw(packed, n)`, then `choose_reals(packed, count)`.

Held-out pictures where there are enough, since a generator may have learned the others by heart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet

FEWEST = 20
FEWEST_TRAINED = 3  # authenticity asks a training picture's nearest but one
USUAL = 5000
LOOKED_THROUGH = 10_000  # training pictures searched by their features; more cost minutes of encoding

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Reals:
    """Positions in the set: the judging pictures, as many others for the baseline, and those searched by features.

    `held_out`: the judging pictures were not trained on.
    """

    judging: Indices
    baseline: Indices
    searched: Indices
    against: str
    held_out: bool
    remarks: tuple[str, ...]


def pictures_to_draw(packed: PackedSet, n: int | None = None) -> int:
    """How many generated pictures a scorecard of this set uses: n, or 5,000, or as many as there are real ones.

    Raises InputError where fewer than 20 are asked for or the set has fewer than 40 pictures, 20 for either side.
    """
    if n is not None and n < FEWEST:
        raise InputError(f"{n} pictures are too few to judge by: ask for {FEWEST} or more with -n")
    if len(packed) < 2 * FEWEST:
        raise InputError(f"set {packed.name} has {len(packed)} pictures: judging needs {2 * FEWEST} or more")
    if len(packed.train) < FEWEST_TRAINED:
        raise InputError(f"set {packed.name} has {len(packed.train)} training pictures: judging needs {FEWEST_TRAINED}")
    available = min(len(packed.held_out), len(packed.train)) if _enough_held_out(packed) else len(packed) // 2
    return min(n or USUAL, available)


def choose_reals(packed: PackedSet, count: int, seed: int = 0) -> Reals:
    """Draw the real pictures for `count` generated ones; the same seed draws the same."""
    rng = np.random.default_rng(seed)
    train = rng.permutation(packed.train)  # the baseline is drawn from those searched: encoded once for both
    searched = np.sort(train[:LOOKED_THROUGH])
    remarks = []
    if len(searched) < len(packed.train):
        remarks.append(
            f"authenticity asks {len(searched):,} of {len(packed.train):,} training pictures; copies are sought in all"
        )
    if _enough_held_out(packed):
        judging, baseline = rng.permutation(packed.held_out)[:count], train[:count]
        against = f"{count:,} held-out pictures"
    else:
        mixed = rng.permutation(len(packed))
        judging, baseline = mixed[:count], mixed[count : 2 * count]
        against = f"{count:,} pictures of the set"
        remarks.append(
            f"judged against pictures it has seen: {len(packed.held_out):,} are held out, {FEWEST} are needed"
        )
    held_out = _enough_held_out(packed)
    return Reals(np.sort(judging), np.sort(baseline), searched, against, held_out, tuple(remarks))


def _enough_held_out(packed: PackedSet) -> bool:
    return len(packed.held_out) >= FEWEST and len(packed.train) >= FEWEST
