"""A folder of JSON records that one process at a time works in: what a run and a classifier have in common."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from ganvas.errors import InputError
from ganvas.whole import write_whole

SETTINGS_FILE = "settings.json"


class RecordFolder:
    """A folder named as what it holds; `kind` is what a person calls that, `record` what settings.json must hold."""

    kind: ClassVar[str]
    work: ClassVar[str] = "trained"  # what is done in it
    record: ClassVar[Mapping[str, Sequence[str]]]

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    def read_settings(self) -> dict[str, Any]:
        """What settings.json holds. Raises InputError when it was edited into something else or is gone."""
        try:
            record = json.loads((self.path / SETTINGS_FILE).read_text(encoding="utf-8"))
            for part, names in self.record.items():
                for name in names:
                    record[part][name]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self.damaged(SETTINGS_FILE, error) from error
        return dict(record)

    def write_json(self, name: str, record: Mapping[str, Any]) -> None:
        write_json(self.path / name, record)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process; raises InputError when another trains in it. Freed by any kind of death."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(
                    f"{self.kind} {self.name} is being {self.work} by another process: wait for it, or choose --name"
                ) from error
            yield

    def damaged(self, name: str, error: Exception) -> InputError:
        """What to say of a file that cannot be what was written."""
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return InputError(
            f"{self.path / name} is missing or damaged ({reason}): bring back a copy, or train the {self.kind} again"
        )


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record whole or not at all."""
    write_whole(path, json.dumps(record, indent=1, ensure_ascii=False).encode())
