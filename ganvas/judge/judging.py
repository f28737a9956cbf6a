"""Judging a run: `judge_run(folder, packed, draw)` draws, scores, and writes scores.json and nearest.png there."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.encode import Encoder
from ganvas.errors import InputError
from ganvas.judge.comparison import FEWEST, Reals, choose_reals, pictures_to_draw
from ganvas.judge.novelty import nearest_sheet, resemblances
from ganvas.judge.scorecard import Score, Scorecard, score_features, with_score
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.sheet import save_png
from ganvas.progress import Progress, Silent
from ganvas.scores.neighbours import Features
from ganvas.scores.novelty import authenticity, authenticity_of_reals
from ganvas.whole import write_whole

ROUGH = 200
SCORES_FILE = "scores.json"
NEAREST_FILE = "nearest.png"

Draw = Callable[[int], NDArray[np.uint8]]


def judge_run(
    folder: Path,
    packed: PackedSet,
    draw: Draw,
    *,
    encoder: Encoder | None = None,
    n: int | None = None,
    seed: int = 0,
    checkpoint: str = "",
    progress: Progress | None = None,
) -> Scorecard:
    """Score what `draw(count)` makes (uint8 [count, C, H, W]); write the card and its nearest pictures into the folder.

    The catalog is the caller's: `catalog.save_scores(run, card.score_rows())`. Raises InputError for too few pictures.
    """
    fake = draw(pictures_to_draw(packed, n))
    card = judge_pictures(fake, packed, encoder=encoder, n=n, seed=seed, progress=progress)
    card = replace(card, checkpoint=checkpoint)
    save_png(folder / NEAREST_FILE, nearest_sheet(fake, packed, card.nearest))
    write_whole(folder / SCORES_FILE, json.dumps(card.to_json(), indent=1).encode())
    return card


def judge_pictures(
    fake: NDArray[np.uint8],
    packed: PackedSet,
    *,
    encoder: Encoder | None = None,
    n: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Scorecard:
    """Score generated pictures uint8 [N, C, H, W] against their set, through an encoder (effnet-lite0 if None).

    Uses min(n or 5,000, N, real ones there are) pictures a side: held-out ones where there are 50, else pictures of the
    training set, which the card says. Raises InputError for fewer than 50 pictures asked for, or in the set.
    """
    progress = progress or Silent()
    encoder = encoder or _usual_encoder()
    count = min(pictures_to_draw(packed, n), len(fake))
    if len(fake) < min(FEWEST, pictures_to_draw(packed)):
        raise InputError(f"{len(fake)} generated pictures are too few to judge by: draw {FEWEST} or more")
    reals = choose_reals(packed, count, seed)
    real, baseline, searched = _real_features(packed, encoder, reals, progress)
    generated = encoder.encode(fake[:count], progress)
    progress.note(f"scoring {count:,} pictures a side")
    card = score_features(real, generated, baseline, seed)
    card = with_score(card, _authenticity(searched, generated, count, seed))
    return replace(
        card,
        against=reals.against,
        remarks=(*card.remarks, *reals.remarks, *_about_count(count, n)),
        encoder=encoder.name,
        judged_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        nearest=resemblances(generated, searched, reals.searched),
    )


def _real_features(
    packed: PackedSet, encoder: Encoder, reals: Reals, progress: Progress
) -> tuple[Features, Features, Features]:
    """One call of the cache for all, so that a picture used twice is encoded and written once."""
    from ganvas.encode.cache import cached_features

    wanted = np.unique(np.concatenate([reals.judging, reals.baseline, reals.searched]))
    features = cached_features(packed, encoder, wanted, progress)
    judging, baseline, searched = (
        features[np.searchsorted(wanted, part)] for part in (reals.judging, reals.baseline, reals.searched)
    )
    return judging, baseline, searched


def _authenticity(searched: Features, generated: Features, count: int, seed: int) -> Score:
    chosen = np.random.default_rng(seed).permutation(len(searched))[:count]
    return Score("authenticity", authenticity(searched, generated), authenticity_of_reals(searched, chosen))


def _about_count(count: int, asked: int | None) -> list[str]:
    remarks = []
    if asked is not None and asked > count:
        remarks.append(f"{asked:,} pictures were asked for: only {count:,} could be compared")
    if count < ROUGH:
        remarks.append(f"{count:,} pictures a side make rough numbers: read each beside its baseline")
    return remarks


def _usual_encoder() -> Encoder:
    from ganvas.encode import encoder

    return encoder()
