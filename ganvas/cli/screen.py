"""How progress looks in a terminal (a bar with rate and time left) and in a log (a line now and then). On stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ganvas.progress import Progress, Task

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

LOG_EVERY_S = 10.0


def screen() -> Progress:
    """The right one for where stderr goes."""
    return TerminalScreen() if sys.stderr.isatty() else LogScreen()


class TerminalScreen:
    """Bars drawn by Rich; notes stay above them."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._bars: RichProgress | None = None

    def note(self, line: str) -> None:
        self._console.print(line, markup=False)

    @contextmanager
    def task(self, label: str, total: float | None, unit: str = "") -> Iterator[Task]:
        if self._bars is not None:  # a task inside a task: one more bar
            yield _BarTask(self._bars, self._bars.add_task(label, total=total, unit=unit, text=""))
            return
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(show_speed=False),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as bars:
            self._bars = bars
            try:
                yield _BarTask(bars, bars.add_task(label, total=total, unit=unit, text=""))
            finally:
                self._bars = None


class _BarTask:
    def __init__(self, bars: RichProgress, task: TaskID) -> None:
        self._bars = bars
        self._task = task
        self._described = False

    def advance(self, steps: float = 1) -> None:
        self._bars.advance(self._task, steps)
        task = self._bars.tasks[self._bars.task_ids.index(self._task)]
        if task.fields["unit"] and task.speed and not self._described:
            self._bars.update(self._task, text=f"{task.speed:,.0f} {task.fields['unit']}/s")

    def describe(self, text: str) -> None:
        self._described = True
        self._bars.update(self._task, text=text)


class LogScreen:
    """Plain lines, one every ten seconds at most, so that logs of long steps stay readable."""

    def note(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    @contextmanager
    def task(self, label: str, total: float | None, unit: str = "") -> Iterator[Task]:
        task = _LogTask(label, total, unit)
        yield task
        task.finish()


class _LogTask:
    def __init__(self, label: str, total: float | None, unit: str) -> None:
        self._label, self._total, self._unit = label, total, unit
        self._done, self._text = 0.0, ""
        self._begun = self._said = time.monotonic()

    def advance(self, steps: float = 1) -> None:
        self._done += steps
        now = time.monotonic()
        if now - self._said >= LOG_EVERY_S:
            self._said = now
            print(self._line(now), file=sys.stderr, flush=True)

    def describe(self, text: str) -> None:
        self._text = text

    def finish(self) -> None:
        if self._said != self._begun:  # a step that was quick enough to need no line needs no last one
            print(self._line(time.monotonic()), file=sys.stderr, flush=True)

    def _line(self, now: float) -> str:
        elapsed = max(now - self._begun, 1e-9)
        parts = [self._label]
        if self._total:
            share = min(self._done / self._total, 1)
            left = f", {elapsed * (1 - share) / share:,.0f} s left" if share > 0 else ""  # nothing done tells nothing
            parts.append(f"{share:.0%}{left}")
        if self._text:
            parts.append(self._text)
        elif self._unit:
            parts.append(f"{self._done / elapsed:,.0f} {self._unit}/s")
        return "  ".join(parts)
