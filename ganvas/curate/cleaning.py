"""Cleaning: every rule's word on every picture, as decisions that the next run replaces. `clean(studio)`.

Nothing is deleted. What a rule said before and no longer says is undone; a rule that is off has nothing left standing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganvas.catalog.duplicates import DUPLICATE
from ganvas.curate.cleaning_sheets import write_sheets
from ganvas.curate.duplicate_search import Asked, remembered, search
from ganvas.curate.duplicates import undo_duplicates
from ganvas.curate.inspect.measures import VERSION
from ganvas.curate.inspect.missing import REFUSALS, inspect_missing
from ganvas.curate.rules.choosing import choose
from ganvas.curate.rules.registry import BORDER, CLEAN
from ganvas.curate.rules.verdicts import Verdict, judged, measured_of
from ganvas.errors import InputError
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.catalog import InspectionRow


@dataclass(frozen=True)
class RuleSummary:
    """What a rule did: how many pictures it caught (dropped, or trimmed for `border`), and all pictures' scores.

    `idle` says why it was not applied; low, median and high are the 5th, 50th and 95th percentile, None without scores.
    """

    name: str
    says: str
    needs: str
    threshold: float
    idle: str | None
    caught: int
    low: float | None
    median: float | None
    high: float | None
    sheet: Path | None


@dataclass(frozen=True)
class Cleaned:
    """What a `clean` did. `pictures` are those that could be read when they were added; `unreadable` the others.

    `inspected`: measured now. `lost`: originals that could not be read now, by reason; they are among the dropped.
    """

    pictures: int
    inspected: int
    kept: int
    dropped: int
    trimmed: int
    unreadable: int
    lost: dict[str, int]
    rules: list[RuleSummary]
    distribution: Path | None
    duplicates: dict[str, Any] = field(default_factory=dict)


def clean(
    studio: StudioFolder,
    *,
    rules: Mapping[str, float | None] | None = None,
    without: Iterable[str] = (),
    only: Iterable[str] = (),
    duplicates: bool | None = None,
    sheets: bool = True,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Cleaned:
    """Inspect what is missing, let every rule decide anew, and leave a sheet a rule in the studio's folder clean/.

    `rules` gives thresholds by name (None: the rule's own, to switch one on); `without` and `only` are switches.
    `duplicates` are searched for if True, and if None unless there is `only`; else those found before are taken back.
    Raises InputError for what is no rule, for a studio without pictures, and where no original can be read.
    """
    progress = progress or Silent()
    only = list(only)
    thresholds = choose(rules or {}, without, only)
    inspected = inspect_missing(studio, progress, workers)
    rows = studio.catalog.inspections(VERSION)
    if not rows:
        raise InputError(f"no pictures to clean in {studio.root}: `ganvas add FOLDER-OR-ARCHIVE` adds some")
    sizes = {image.sha256: (image.width, image.height) for image in studio.catalog.images(kept=False)}
    verdicts = judged(measured_of(rows, sizes, thresholds.get(BORDER)), thresholds)
    _decide(studio, verdicts, rows)
    searched = not only if duplicates is None else duplicates
    groups = _duplicates(studio, progress, searched)
    hashes = [row.sha256 for row in rows]
    drawn = write_sheets(studio, verdicts, hashes, progress) if sheets else {}
    kept = studio.catalog.count_images(kept=True)
    every = studio.catalog.count_images()
    return Cleaned(
        pictures=every,
        inspected=inspected,
        kept=kept,
        dropped=every - kept,
        trimmed=next(int(verdict.caught.sum()) for verdict in verdicts if verdict.rule.name == BORDER),
        unreadable=studio.catalog.count_unreadable(),
        lost={rule: count for rule in REFUSALS if (count := len(studio.catalog.dropped_by(CLEAN, rule)))},
        rules=[_summary(verdict, drawn.get(verdict.rule.name)) for verdict in verdicts],
        distribution=drawn.get("distribution"),
        duplicates=groups,
    )


def _decide(studio: StudioFolder, verdicts: list[Verdict], rows: list[InspectionRow]) -> None:
    for verdict in verdicts:
        keep = verdict.rule.name == BORDER
        said = [
            (rows[place].sha256, keep, float(score), verdict.rule.reason(float(score), verdict.threshold))
            for place in np.flatnonzero(verdict.caught)
            for score in [verdict.scores[place]]
        ]
        studio.catalog.decide_anew(CLEAN, verdict.rule.name, said)
    known = {verdict.rule.name for verdict in verdicts} | {*REFUSALS, DUPLICATE}
    for name in studio.catalog.rules(CLEAN):
        if name not in known:  # of a plug-in that is no longer installed
            studio.catalog.decide_anew(CLEAN, name, [])


def _duplicates(studio: StudioFolder, progress: Progress, searched: bool) -> dict[str, Any]:
    if not searched or not studio.catalog.hashes():  # the rules left nothing, or plain colours only
        undo_duplicates(studio)
        return {}
    asked = remembered(studio)
    if asked != Asked():
        progress.note(f"duplicates as last asked for: {asked}")
    found = search(studio, asked, progress)
    return {"groups": len(found.groups), "dropped": found.dropped, "sheet": found.sheet}


def _summary(verdict: Verdict, sheet: Path | None) -> RuleSummary:
    low, median, high = (None if math.isnan(value) else value for value in verdict.spread())
    rule = verdict.rule
    return RuleSummary(
        name=rule.name,
        says=rule.says,
        needs=rule.needs(verdict.threshold),
        threshold=verdict.threshold,
        idle=verdict.idle,
        caught=int(verdict.caught.sum()),
        low=low,
        median=median,
        high=high,
        sheet=sheet,
    )
