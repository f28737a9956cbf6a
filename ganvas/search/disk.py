"""Room on the disk: the checkpoints of the best trials stay, those of others go; metrics, sheets and scores stay."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganvas.errors import InputError
from ganvas.search.directions import loss_of
from ganvas.search.outcome import is_run_of
from ganvas.search.space import SET
from ganvas.search.table import best_groups, best_trial, groups_in_order
from ganvas.search.trial import FINISHED, PRUNED, STOPPED, Trial, TrialSpec
from ganvas.studio import StudioFolder
from ganvas.train.run_folder import RunFolder

KEPT = 5
CHECKPOINTS = "checkpoints"


def sweep(
    studio: StudioFolder,
    trials: Collection[Trial],
    spec_of: Callable[[Trial], TrialSpec],
    keep: int,
    score: str,
    busy: Collection[int] = (),
) -> tuple[list[Trial], int]:
    """Remove the checkpoints of ended trials that are not `kept`; returns them with what is gone, and bytes.

    Failed ones keep theirs, for another try. Never touched: a run that somebody works in, or that is not this search's,
    and the trials whose numbers are `busy`. What an earlier sweep removed and could not record is recorded now.
    """
    changed, freed = [], 0
    stays = kept(trials, keep, score) | set(busy)
    for trial in best_first(trials, score):
        folder = studio.runs / trial.run
        if trial.number in stays or trial.removed or not is_run_of(folder, spec_of(trial)):
            continue
        removed, size = _remove_checkpoints(folder)
        if removed:
            changed.append(replace(trial, removed=removed))
            freed += size
    return changed, freed


def kept(trials: Collection[Trial], keep: int, score: str) -> set[int]:
    """The numbers of those whose checkpoints stay: the trial that stands for the best point of each set, always.

    Then up to `keep` of each set, in the order of its table: one of each point, and only then their other seeds.
    """
    place = {trial.number: i for i, trial in enumerate(best_first(trials, score))}
    firsts: dict[Any, list[int]] = {}
    others: dict[Any, list[int]] = {}
    for group in groups_in_order(trials, score):
        own = sorted((trial.number for trial in group.trials if trial.number in place), key=place.__getitem__)
        firsts.setdefault(group.point.get(SET), []).extend(own[:1])
        others.setdefault(group.point.get(SET), []).extend(own[1:])
    chosen = {best_trial(group, score).number for group in best_groups(trials, score)}
    for name, numbers in firsts.items():
        chosen.update([*numbers, *others[name]][:keep])
    return chosen


def best_first(trials: Collection[Trial], score: str) -> list[Trial]:
    """Ended trials with something to keep: judged ones by their score, then the others by the light judge's KID."""
    judged = [t for t in trials if t.state == FINISHED and not math.isnan(loss_of(score, t.scores.get(score)))]
    ranked = {t.number for t in judged}
    others = [t for t in trials if t.state in (FINISHED, PRUNED, STOPPED) and t.number not in ranked]
    judged.sort(key=lambda t: (loss_of(score, t.scores[score]), t.number))
    others.sort(key=lambda t: (_light(t), t.number))
    return [*judged, *others]


def _light(trial: Trial) -> float:
    loss = loss_of("kid", trial.light.get("kid"))
    return math.inf if math.isnan(loss) else loss


def _remove_checkpoints(folder: Path) -> tuple[tuple[str, ...], int]:
    """What is gone from the folder, and how many bytes of it now."""
    run = RunFolder(folder)
    checkpoints = run.checkpoints
    try:
        with run.lock():
            if not checkpoints.is_dir():
                return (CHECKPOINTS,), 0
            found = sorted(path for path in checkpoints.iterdir() if path.is_dir())
            size = sum(file.stat().st_size for file in checkpoints.rglob("*") if file.is_file())
            for path in found:
                shutil.rmtree(path)
    except (InputError, OSError):
        return (), 0
    return tuple(f"{CHECKPOINTS}/{path.name}" for path in found) or (CHECKPOINTS,), size
