"""Judging: `judge_run(folder, packed, draw)` draws, scores, and leaves scores.json and two sheets in the folder.

`judge_pictures(pictures, packed)` scores pictures from anywhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganvas.encode import Encoder
from ganvas.errors import InputError
from ganvas.judge.by_label import Labelled, with_labels
from ganvas.judge.comparison import FEWEST, Reals, choose_reals, pictures_to_draw
from ganvas.judge.copies import find_copies
from ganvas.judge.newness import Judged, with_novelty
from ganvas.judge.novelty import SHOWN, nearest_sheet, resemblances
from ganvas.judge.scorecard import Novelty, Score, Scorecard, score_features, with_scores
from ganvas.judge.told import with_answers
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.sheet import save_png, sheet
from ganvas.progress import Progress, Silent
from ganvas.record_folder import write_json
from ganvas.scores.neighbours import Features

if TYPE_CHECKING:
    from PIL import Image

    from ganvas.judge.classifier.classifier import Classifier
    from ganvas.judge.classifier.settings import ClassifierSettings

ROUGH = 200
SCORES_FILE = "scores.json"
JUDGED_FILE = "judged.png"
NEAREST_FILE = "nearest.png"
SUSPICIOUS_FILE = "suspicious.png"
SHEET = 64
MOST_DRAWN = 10_000


@dataclass(frozen=True)
class Drawn:
    """Generated pictures uint8 [N, C, H, W], the label each was told (None: none), and which checkpoint drew them."""

    pictures: NDArray[np.uint8]
    labels: Sequence[str] | None = None
    checkpoint: str = ""


Draw = Callable[[int], Drawn]


def judge_run(
    folder: Path,
    packed: PackedSet,
    draw: Draw,
    *,
    encoder: Encoder | None = None,
    n: int | None = None,
    seed: int = 0,
    classifier: Classifier | None = None,
    progress: Progress | None = None,
) -> Scorecard:
    """Score what `draw(count)` makes; write the card and sheets of its pictures into the folder.

    A `classifier` of the set's labels says whether they were drawn as told.
    The catalog is the caller's: `catalog.save_scores(run, card.score_rows())`. Raises InputError for too few pictures,
    and for a classifier where nothing was told.
    """
    drawn = draw(pictures_to_draw(packed, n))
    if classifier:
        check_told(drawn)
    card = judge_pictures(
        drawn.pictures, packed, labels=drawn.labels, encoder=encoder, n=n, seed=seed, progress=progress
    )
    card = replace(card, checkpoint=drawn.checkpoint)
    if classifier and drawn.labels:
        card = with_answers(card, classifier, drawn.pictures, drawn.labels, packed)
    write_card(folder, card, drawn.pictures, packed)
    return card


def judge_by_substitute(
    folder: Path,
    packed: PackedSet,
    draw: Draw,
    card: Scorecard,
    settings: ClassifierSettings,
    progress: Progress | None = None,
) -> Scorecard:
    """The card with the classification accuracy score (Ravuri & Vinyals 2019), also in scores.json.

    A classifier learns from generated pictures alone, as many as there are training pictures, 10,000 at most, another
    from as many real ones. Raises InputError where nothing was told.
    """
    from ganvas.judge.classifier.substitute import classification_accuracy_score

    drawn = draw(min(len(packed.train), MOST_DRAWN))
    found = classification_accuracy_score(drawn.pictures, check_told(drawn), packed, settings, progress)
    said = f"classification accuracy: learned from {found.learned_from:,} pictures, tested on {found.tested_on:,} real"
    remarks = (*card.remarks, *found.remarks, said)
    card = replace(with_scores(card, Score("cas", found.from_drawn, found.from_real)), remarks=remarks)
    write_json(folder / SCORES_FILE, card.to_json())
    return card


def check_told(drawn: Drawn) -> Sequence[str]:
    """The labels that were told. Raises InputError where there were none."""
    if drawn.labels is None:
        raise InputError("this run was told no labels, so there is nothing that a classifier could find drawn wrong")
    return drawn.labels


def write_card(folder: Path, card: Scorecard, fake: NDArray[np.uint8], packed: PackedSet) -> None:
    """scores.json, a sheet of the first pictures, and sheets of some beside the real ones they resemble."""
    save_png(folder / JUDGED_FILE, sheet(fake[:SHEET]))
    save_png(folder / NEAREST_FILE, nearest_sheet(fake, packed, card.nearest))
    if card.novelty:
        save_png(folder / SUSPICIOUS_FILE, suspicious_sheet(card.novelty, fake, packed))
    write_json(folder / SCORES_FILE, card.to_json())


def suspicious_sheet(
    novelty: Novelty, fake: NDArray[np.uint8], packed: PackedSet, names: Sequence[str] | None = None
) -> Image.Image:
    """The judged pictures most alike to training pictures, with these beside them; captions tell names or numbers."""
    copies = {suspect.picture for suspect in novelty.suspects[: len(novelty.copies)]}  # the worst come first
    return nearest_sheet(fake, packed, novelty.suspects, copies, names)


def judge_pictures(
    fake: NDArray[np.uint8],
    packed: PackedSet,
    *,
    names: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    encoder: Encoder | None = None,
    n: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Scorecard:
    """Score generated pictures uint8 [N, C, H, W] against their set, through an encoder (effnet-lite0 if None).

    Uses min(n or 5,000, N, real ones there are) pictures a side: held-out ones where there are 20, else pictures of the
    training set, which the card says. Copies are looked for among all N, and told by `names`, or by number.
    With the `labels` the pictures were told, every label is scored by itself too.
    Raises InputError for fewer than 20 pictures asked for, or too few in the set.
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
    copies = find_copies(fake, packed, seed, progress)
    card = with_novelty(card, Judged(real, baseline, searched, generated), copies, names, reals.held_out, seed)
    if labels is not None:
        told = np.array([packed.label_names.index(label) for label in labels[:count]], np.int64)
        shown = (packed.labels[places] for places in (reals.judging, reals.baseline))
        judging, beside = (Labelled(side, told) for side, told in zip((real, baseline), shown, strict=True))
        card = with_labels(card, judging, Labelled(generated, told), beside, packed.label_names, seed)
    return replace(
        card,
        against=reals.against,
        remarks=(*card.remarks, *reals.remarks, *_about_count(count, n), *_about_fid(card, encoder)),
        encoder=encoder.name,
        judged_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        nearest=resemblances(generated[:SHOWN], searched, reals.searched),
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


def _about_fid(card: Scorecard, encoder: Encoder) -> list[str]:
    if encoder.name != "inception" or not any(score.name == "fd" for score in card.scores):
        return []
    return [f"FD through Inception is FID, of {card.n:,} pictures a side: compare it with others of as many only"]


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
