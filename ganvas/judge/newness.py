"""What a scorecard says about novelty: authenticity, copies, and whether pictures lean on those trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ganvas.judge.copies import Copies
from ganvas.judge.novelty import suspects
from ganvas.judge.scorecard import Novelty, Score, Scorecard, with_scores
from ganvas.scores.neighbours import Features
from ganvas.scores.novelty import authenticity, authenticity_of_reals, nearer_to_trained

UNLIKELY = 0.01
NAMED = 5  # copies named in a remark; the card holds all


@dataclass(frozen=True)
class Judged:
    """Features [N, D] of real pictures to judge by, of as many others, of all those searched, and of the generated."""

    real: Features
    baseline: Features
    searched: Features
    generated: Features


def with_novelty(
    card: Scorecard, judged: Judged, copies: Copies, names: Sequence[str] | None, held_out: bool, seed: int
) -> Scorecard:
    """The card with its novelty. `held_out`: the real pictures to judge by were not trained on, those searched were."""
    looked_at = len(copies.likenesses.positions)
    named = tuple(names[i] if names else str(i) for i in copies.flagged)
    scores = [_authenticity(judged, seed), Score("copies", len(named) / looked_at, copies.share_of_held_out)]
    said = _about_copies(named, looked_at)
    if held_out:
        score, unlikely = _nearer_trained(judged)
        scores, said = [*scores, score], said + unlikely
    novelty = Novelty(named, suspects(copies))
    return replace(with_scores(card, *scores), novelty=novelty, remarks=(*card.remarks, *said))


def _authenticity(judged: Judged, seed: int) -> Score:
    chosen = np.random.default_rng(seed).permutation(len(judged.searched))[: len(judged.generated)]
    new, real = authenticity(judged.searched, judged.generated), authenticity_of_reals(judged.searched, chosen)
    return Score("authenticity", new, real)


def _about_copies(named: Sequence[str], count: int) -> list[str]:
    if not named:
        return []
    listed = ", ".join(named[:NAMED]) + (", …" if len(named) > NAMED else "")
    return [f"{len(named):,} of {count:,} are called copies of training pictures: {listed}"]


def _nearer_trained(judged: Judged) -> tuple[Score, list[str]]:
    found = nearer_to_trained(judged.searched, judged.real, judged.generated)
    score = Score("nearer_trained", found.share, found.expected, baseline_sd=found.sd)
    if found.p >= UNLIKELY:
        return score, []
    return score, [
        f"{found.share:.1%} lie nearer to a picture trained on than to any held out, of new pictures "
        f"{found.expected:.1%} would (p = {found.p:.1g}): it leans on what it has seen"
    ]
