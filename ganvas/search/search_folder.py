"""The files of one search, searches/NAME/: search.json (what was asked), trials.jsonl (what became of it), table, page.

trials.jsonl is the truth: each line is a whole Trial, the last of a number counts, and only the driver writes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, BinaryIO

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
        lines = "".join(json.dumps(asdict(trial)) + "\n" for trial in trials).encode()
        with self.trials_file.open("ab+") as file:
            file.write(_line_end_missing(file) + lines)
            file.flush()
            os.fsync(file.fileno())


def _line_end_missing(file: BinaryIO) -> bytes:
    """What ends a line that a kill cut short, so that the next is one of its own."""
    if file.seek(0, os.SEEK_END) == 0:
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"
