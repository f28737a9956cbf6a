"""Sorting all pictures by examples: `teach(studio, "exteriors", Shown(["a/"]), Shown(["b/"]))`.

A logistic regression on features gives every kept picture a probability, recorded as a decision of the stage `teach`
by the rule NAME. The pictures it is least sure of are shown first: they are the next ones to label.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.catalog.decisions import Verdict
from ganvas.catalog.duplicates import DUPLICATE
from ganvas.catalog.images import PERSON
from ganvas.curate.density import SPARSE
from ganvas.curate.features import look_at
from ganvas.curate.packer import ALTERED, UNREADABLE, VANISHED
from ganvas.curate.regression import Lesson, learn
from ganvas.curate.rules import RULES
from ganvas.curate.teach_examples import Examples, Shown, gathered, remember, remembered
from ganvas.curate.teach_sheets import Scored, draw_lesson
from ganvas.encode import Encoder
from ganvas.errors import InputError, did_you_mean
from ganvas.progress import Progress, Silent
from ganvas.scores.neighbours import Features
from ganvas.studio import StudioFolder, checked_name

TEACH = "teach"
OTHER_RULES = (DUPLICATE, SPARSE, PERSON, VANISHED, ALTERED, UNREADABLE)  # beside those of `ganvas clean`
NOTHING = Shown()


@dataclass(frozen=True)
class Taught:
    """What came of a lesson: its accuracy in cross-validation, how many pictures stay, and the sheets.

    `unseen` examples cannot be read just now, and are remembered. Nor can the `left_out` pictures: what was decided of
    them stays.
    """

    name: str
    encoder: str
    like: int
    unlike: int
    unseen: int
    lesson: Lesson
    threshold: float
    score_only: bool
    kept: int
    dropped: int
    left_out: int
    sheets: list[Path]

    @property
    def headline(self) -> str:
        """The accuracy, or why there is none."""
        if self.lesson.accuracy is None:
            return "accuracy unknown: cross-validation needs two examples a side"
        return (
            f"balanced accuracy {self.lesson.accuracy:.1%} ± {self.lesson.spread:.1%} "
            f"({self.lesson.folds}-fold cross-validation; chance is 50 %)"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "encoder": self.encoder,
            "examples": {"like": self.like, "unlike": self.unlike, "unseen": self.unseen},
            "balanced_accuracy": self.lesson.accuracy,
            "spread": self.lesson.spread,
            "folds": self.lesson.folds,
            "calibrated": False,
            "threshold": self.threshold,
            "score_only": self.score_only,
            "kept": self.kept,
            "dropped": self.dropped,
            "left_out": self.left_out,
            "sheets": [str(path) for path in self.sheets],
        }


def teach(
    studio: StudioFolder,
    name: str,
    like: Shown = NOTHING,
    unlike: Shown = NOTHING,
    *,
    encoder: Encoder,
    clustering: str = "main",
    threshold: float = 0.5,
    score_only: bool = False,
    afresh: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Taught:
    """Score every picture that is kept by everything else, and drop those below the threshold (not with `score_only`).

    Examples add to those of earlier lessons of this name, unless `afresh`; the decisions replace the earlier ones.
    Raises InputError where a side is empty, shows nothing readable or the same as the other, or nothing is kept.
    """
    progress = progress or Silent()
    candidates = _candidates(studio, name, threshold)
    examples = Examples() if afresh else remembered(studio, name)
    examples.add(gathered(studio, like, clustering, seed), gathered(studio, unlike, clustering, seed))
    seen, features = _seen(studio, examples, encoder, progress)
    sides = np.array([True] * len(seen.like) + [False] * len(seen.unlike))
    lesson = learn(features, sides, seed)
    remember(studio, name, examples)
    looked = look_at(studio, {it: studio.image_path(it) for it in candidates}, encoder, progress)
    if not looked.sha256s:
        raise InputError(
            f"none of the {len(candidates):,} originals in {studio.images} can be read: see that it is there"
        )
    chances = np.concatenate([lesson.probabilities(features) for _, features in looked.blocks()])
    verdicts = _verdicts(name, looked.sha256s, chances, threshold, score_only)
    studio.catalog.decide_anew(TEACH, name, verdicts, unseen=set(candidates) - set(looked.sha256s))
    scored = Scored(looked.sha256s, chances, threshold)
    sheets = draw_lesson(studio, name, scored, {*examples.like, *examples.unlike}, seed)
    kept = len(chances) if score_only else int((chances >= threshold).sum())
    return Taught(
        name=name,
        encoder=encoder.name,
        like=len(seen.like),
        unlike=len(seen.unlike),
        unseen=len(examples) - len(seen),
        lesson=lesson,
        threshold=threshold,
        score_only=score_only,
        kept=kept,
        dropped=len(chances) - kept,
        left_out=len(candidates) - len(chances),
        sheets=sheets,
    )


def _candidates(studio: StudioFolder, name: str, threshold: float) -> list[str]:
    checked_name("lesson", name)
    if name in (*RULES.names(), *OTHER_RULES):
        raise InputError(f"a lesson cannot be called {name}, since a rule is: choose another name")
    if not 0 <= threshold <= 1:
        raise InputError(f"--threshold {threshold} cannot be: a probability from 0 to 1")
    candidates = studio.catalog.kept_but_for(TEACH, name)
    if not candidates:
        raise InputError(f"no pictures to sort in {studio.root}: none is kept; `ganvas info` says what was dropped")
    return candidates


def undo_teach(studio: StudioFolder, name: str) -> int:
    """Take a lesson's decisions back; its examples stay. Raises InputError where it has decided nothing."""
    undone = studio.catalog.undo_rule(TEACH, name)
    if not undone:
        known = studio.catalog.rules(TEACH)
        raise InputError(f"nothing was decided by a lesson called {name!r}.{did_you_mean(name, known)}")
    return undone


def _seen(studio: StudioFolder, examples: Examples, encoder: Encoder, progress: Progress) -> tuple[Examples, Features]:
    """The examples that can be read, and their features, those that are like it first."""
    for side, option in ((examples.like, "--like"), (examples.unlike, "--unlike")):
        if not side:
            raise InputError(f"{option} shows nothing: a lesson needs examples of both sides, folders or clusters")
    originals = {
        sha256: Path(path) if path else studio.image_path(sha256)
        for sha256, path in (examples.like | examples.unlike).items()
    }
    looked = look_at(studio, originals, encoder, progress).loaded()
    seen = examples.only(set(looked.sha256s))
    for side, shown, option in (
        (seen.like, examples.like, "--like"),
        (seen.unlike, examples.unlike, "--unlike"),
    ):
        if not side:
            where = Path(next(iter(shown.values())) or studio.images).parent
            raise InputError(f"none of the {len(shown):,} files of {option} can be read as a picture, as in {where}")
    if unseen := len(examples) - len(seen):
        progress.note(f"{unseen:,} of {len(examples):,} examples cannot be seen just now: remembered, not learned from")
    places = {sha256: i for i, sha256 in enumerate(looked.sha256s)}
    return seen, looked.features[[places[it] for it in (*seen.like, *seen.unlike)]]


def _verdicts(
    name: str,
    sha256s: list[str],
    chances: NDArray[np.float64],
    threshold: float,
    score_only: bool,
) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for sha256, chance in zip(sha256s, chances.tolist(), strict=True):
        reason = f"probability {chance:.3f} of {name}" + ("" if score_only else f", threshold {threshold:g}")
        verdicts.append((sha256, score_only or chance >= threshold, chance, reason))
    return verdicts
