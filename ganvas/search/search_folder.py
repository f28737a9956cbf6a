"""The files of one search, searches/NAME/: search.json (what was asked), trials.jsonl (what became of it), table, page.

trials.jsonl is the truth: each line is a whole Trial, the last of a number counts, and only the driver writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ganvas.record_folder import RecordFolder, write_json
from ganvas.search.trial import Trial

SEARCH_FILE = "search.json"
TRIALS_FILE = "trials.jsonl"


class SearchFolder(RecordFolder):
    """Paths and records of a search."""

    kind = "search"
    work = "driven"

    @property
    def trials_file(self) -> Path:
        return self.path / TRIALS_FILE

    def read_asked(self) -> dict[str, Any]:
        """What search.json holds: set, space, sampler, budget, trials, repeat, seed, judge_n, prune, score, engine.

        Raises InputError when it is gone or was edited into something else.
        """
        try:
            asked = json.loads((self.path / SEARCH_FILE).read_text(encoding="utf-8"))
            return {**asked, "set": str(asked["set"]), "space": asked["space"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self.damaged(SEARCH_FILE, error) from error

    def write_asked(self, asked: dict[str, Any]) -> None:
        write_json(self.path / SEARCH_FILE, asked)

    def trials(self) -> list[Trial]:
        """Every trial by number, as it was last written; a line that a kill cut short is left out."""
        known = {field.name for field in fields(Trial)}
        found: dict[int, Trial] = {}
        for line in self.trials_file.read_text(encoding="utf-8").splitlines() if self.trials_file.exists() else []:
            try:
                record = json.loads(line)
                record["removed"] = tuple(record.get("removed", ()))
                trial = Trial(**{name: value for name, value in record.items() if name in known})
            except (ValueError, TypeError):
                continue
            found[trial.number] = trial
        return [found[number] for number in sorted(found)]

    def write_trials(self, trials: Iterable[Trial]) -> None:
        """Add the trials as they are now. A line is on disk before anything is done that follows from it."""
        lines = "".join(json.dumps(asdict(trial)) + "\n" for trial in trials)
        with self.trials_file.open("a", encoding="utf-8") as file:
            file.write(lines)
