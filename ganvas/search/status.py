"""How a search stands, from its files alone: `status(studio, folder)`. Also while another process drives it."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from ganvas.search.asking import planned
from ganvas.search.light import read_light, ticks_of
from ganvas.search.search_folder import SearchFolder
from ganvas.search.space import Space, settings_of
from ganvas.search.trial import RUNNING, STATES, WAITING, Trial
from ganvas.studio import StudioFolder


def status(studio: StudioFolder, folder: SearchFolder) -> dict[str, Any]:
    """search, set, planned (trials, None where unknown), states {state: count}, running, seconds_since_change, next."""
    asked, trials = folder.read_asked(), folder.trials()
    counts = Counter(trial.state for trial in trials)
    total = planned(Space.of(asked["space"]), asked)
    left = counts[RUNNING] + counts[WAITING] + max(0, (total or 0) - len(trials))
    return {
        "search": folder.name,
        "set": asked["set"],
        "sampler": asked.get("sampler"),
        "budget": asked.get("budget"),
        "planned": total,
        "states": {state: counts[state] for state in STATES if counts[state]},
        "left": left,
        "running": [_running(studio, trial) for trial in trials if trial.state == RUNNING],
        "seconds_since_change": _since_change(folder),
        "engine": asked.get("engine"),
    }


def _running(studio: StudioFolder, trial: Trial) -> dict[str, Any]:
    ticks = read_light(studio.runs / trial.run, trial.number, ticks_of(settings_of(trial.point)))
    last = ticks[-1] if ticks else None
    return {
        "number": trial.number,
        "run": trial.run,
        "progress": last.progress if last else 0.0,
        "kid": last.scores.get("kid") if last else None,
        "worker": trial.worker,
    }


def _since_change(folder: SearchFolder) -> float | None:
    if not folder.trials_file.exists():
        return None
    return round(max(0.0, time.time() - folder.trials_file.stat().st_mtime), 1)
