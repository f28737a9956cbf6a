"""How fast earlier runs on a set were trained: `earlier_rate(studio, "vases")` tells how long the next ones take."""

from __future__ import annotations

from statistics import median

from ganvas.catalog import RunRow
from ganvas.errors import InputError
from ganvas.search.search_folder import SearchFolder
from ganvas.search.trial import WAITING
from ganvas.studio import StudioFolder

NEWEST = 5  # runs on a set, whose median counts
ONE_A_GPU = "one a GPU"
SHORTEST_S = 2.0  # of a run whose rate says anything: the first steps are slow


def earlier_rate(studio: StudioFolder, set_name: str) -> float | None:
    """Images a second that one GPU trained with, or all processors together, in the newest runs on a set.

    None where there are none.
    """
    runs = (run for run in studio.catalog.runs() if run.set_name == set_name and run.train_seconds >= SHORTEST_S)
    newest = [run for run in runs if run.images_seen][-NEWEST:]
    return median(_beside(studio, run) * run.images_seen / run.train_seconds for run in newest) if newest else None


def _beside(studio: StudioFolder, run: RunRow) -> float:
    """How many shared what this one ran on: alone, or as many as its search let run at a time on the processors."""
    search, _, number = run.name.rpartition("-")
    if len(number) < 3 or not number.isdecimal():
        return 1.0
    try:
        folder = SearchFolder(studio.searches / search)
        engine = folder.read_asked().get("engine") or {}
        begun = sum(trial.state != WAITING for trial in folder.trials())
    except InputError:
        return 1.0
    if str(engine.get("reason", "")).startswith(ONE_A_GPU):
        return 1.0
    return max(1.0, min(engine.get("jobs") or 1, begun) / float(engine.get("apart", 1)))
