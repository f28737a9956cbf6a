"""Engines without processes: `Inline` trains in this one, `Scripted` plays events; the driver cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ganvas.search.trial import FINISHED, WAITING, Ended, Event, TrialSpec
from ganvas.search.trial_process import run_trial
from ganvas.studio import StudioFolder

Script = Callable[[TrialSpec], list[Event]]


def does_nothing(spec: TrialSpec) -> list[Event]:
    """A trial whose score is its number."""
    return [Ended(spec.number, FINISHED, None, {"kid": float(spec.number)}, 100, 0.01)]


class Scripted:
    """Gives each trial's events one a call, in turn among those that run; `started` are its trials in their order."""

    def __init__(self, script: Script = does_nothing, slots: int = 2) -> None:
        self.slots = slots
        self.started: list[int] = []
        self.stopped: list[int] = []
        self.closed = False
        self._script = script
        self._left: dict[int, list[Event]] = {}

    def start(self, spec: TrialSpec) -> str:
        self.started.append(spec.number)
        self._left[spec.number] = self._script(spec)
        return f"script {spec.number}"

    def wait(self, seconds: float) -> Sequence[Event]:
        found = [events.pop(0) for events in self._left.values() if events]
        for event in found:
            if isinstance(event, Ended):
                del self._left[event.number]
        return found

    def stop(self, number: int) -> None:
        self.stopped.append(number)
        self._left[number] = [Ended(number, WAITING, None, {}, 50, 0.01)]

    def close(self) -> None:
        self.closed = True


class Inline:
    """Real trials, one after another, in this process."""

    slots = 1

    def __init__(self, studio: StudioFolder) -> None:
        self.started: list[str] = []
        self._studio = studio
        self._ended: list[Event] = []

    def start(self, spec: TrialSpec) -> str:
        self.started.append(spec.run)
        self._ended.append(run_trial(self._studio, spec))
        return "this process"

    def wait(self, seconds: float) -> Sequence[Event]:
        found, self._ended = self._ended, []
        return found

    def stop(self, number: int) -> None: ...

    def close(self) -> None: ...
