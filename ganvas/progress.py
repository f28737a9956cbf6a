"""How a long step tells a person where it stands. Stages call it; the command line draws it; silence is the default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Task(Protocol):
    def advance(self, steps: float = 1) -> None: ...
    def describe(self, text: str) -> None: ...


class Progress(Protocol):
    """A screen, a log, or nothing."""

    def note(self, line: str) -> None:
        """One line that stays: a choice with its reason, a warning, what was written where."""
        ...

    @contextmanager
    def task(self, label: str, total: float | None, unit: str = "") -> Iterator[Task]:
        """A bar with rate (in `unit` a second) and time left; yields the task to advance."""
        ...


class _SilentTask:
    def advance(self, steps: float = 1) -> None: ...
    def describe(self, text: str) -> None: ...


class Silent:
    """Progress that says nothing: the default of the Python API."""

    def note(self, line: str) -> None: ...

    @contextmanager
    def task(self, label: str, total: float | None, unit: str = "") -> Iterator[Task]:
        yield _SilentTask()
