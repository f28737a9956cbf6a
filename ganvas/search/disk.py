"""Room on the disk: the checkpoints of the best trials stay, those of others go; metrics, sheets and scores stay."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from ganvas.errors import InputError
from ganvas.record_folder import RecordFolder
from ganvas.search.directions import loss_of
from ganvas.search.outcome import is_run_of
from ganvas.search.trial import FINISHED, PRUNED, STOPPED, Trial, TrialSpec
from ganvas.studio import StudioFolder

KEPT = 5
CHECKPOINTS = "checkpoints"


class _Run(RecordFolder):
    kind = "run"


def sweep(
    studio: StudioFolder,
    trials: Collection[Trial],
    spec_of: Callable[[Trial], TrialSpec],
    keep: int,
    score: str,
) -> tuple[list[Trial], int]:
    """Remove the checkpoints of ended trials that are not among the best; returns them with what is gone, and bytes.

    Failed ones keep theirs, for another try. Never touched: a run that somebody works in, or that is not this search's.
    """
    changed, freed = [], 0
    for trial in best_first(trials, score)[keep:]:
        folder = studio.runs / trial.run
        if trial.removed or not is_run_of(folder, spec_of(trial)):
            continue
        removed, size = _remove_checkpoints(folder)
        if removed:
            changed.append(replace(trial, removed=removed))
            freed += size
    return changed, freed


def best_first(trials: Collection[Trial], score: str) -> list[Trial]:
    """Ended trials with something to keep: judged ones by their score, then the others by the light judge's KID."""
    judged = [t for t in trials if t.state == FINISHED and score in t.scores]
    ranked = {t.number for t in judged}
    others = [t for t in trials if t.state in (FINISHED, PRUNED, STOPPED) and t.number not in ranked]
    judged.sort(key=lambda t: (loss_of(score, t.scores[score]), t.number))
    others.sort(key=lambda t: (t.light.get("kid", float("inf")), t.number))
    return [*judged, *others]


def _remove_checkpoints(folder: Path) -> tuple[tuple[str, ...], int]:
    checkpoints = folder / CHECKPOINTS
    try:
        with _Run(folder).lock():
            found = sorted(path for path in checkpoints.iterdir() if path.is_dir())
            size = sum(file.stat().st_size for file in checkpoints.rglob("*") if file.is_file())
            for path in found:
                shutil.rmtree(path)
    except (InputError, OSError):
        return (), 0
    return tuple(f"{CHECKPOINTS}/{path.name}" for path in found), size
