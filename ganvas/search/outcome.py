"""How a trial ended, in its run's own folder (runs/NAME/trial.json): written whole, read by whoever comes after a kill.

Only an end that stays is kept there: finished or stopped by an alarm. What failed is tried again, or is not.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from ganvas.record_folder import SETTINGS_FILE, write_json
from ganvas.search.trial import FINISHED, STOPPED, Ended, TrialSpec

OUTCOME_FILE = "trial.json"
STATE_FILE = "state.json"


def write_outcome(run: Path, spec: TrialSpec, ended: Ended) -> None:
    """Keep how the trial of this spec ended in its run's folder."""
    write_json(run / OUTCOME_FILE, {**asdict(ended), "settings": spec.settings, "judge_n": spec.judge_n})


def read_outcome(run: Path, spec: TrialSpec) -> Ended | None:
    """How the trial ended; None where it has not, or where the file is another trial's or damaged."""
    try:
        record = json.loads((run / OUTCOME_FILE).read_text(encoding="utf-8"))
        same = (record.pop("settings"), record.pop("judge_n")) == (spec.settings, spec.judge_n)
        ended = Ended(**{**record, "number": spec.number})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return ended if same and ended.state in (FINISHED, STOPPED) else None


def trained(run: Path, spec: TrialSpec) -> tuple[int, float]:
    """Images and seconds that the trial was trained for by now, as its run counts them; 0 where it is not known."""
    try:
        state = json.loads((run / STATE_FILE).read_text(encoding="utf-8")) if is_run_of(run, spec) else {}
        return int(state["images"]), float(state["total_seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0.0


def is_run_of(run: Path, spec: TrialSpec) -> bool:
    """Whether a run's folder holds the training of this trial, and not one that a person began under its name."""
    try:
        record = json.loads((run / SETTINGS_FILE).read_text(encoding="utf-8"))
        return (record["asked"], record["set"]["name"]) == (spec.settings, spec.set_name)
    except (OSError, ValueError, KeyError, TypeError):
        return False
