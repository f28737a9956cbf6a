"""Where trials run: what an engine can do, and which there are. The driver knows no more than this of any of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ganvas.search.trial import Event, TrialSpec


class Engine(Protocol):
    """Runs trials, several at a time. All methods are called from the driver's one thread and return soon."""

    @property
    def slots(self) -> int:
        """How many trials may run at a time now; a cluster may grow and shrink."""
        ...

    def start(self, spec: TrialSpec) -> str:
        """Begin a trial; it goes on from its run's checkpoint where there is one. Returns who runs it."""
        ...

    def wait(self, seconds: float) -> Sequence[Event]:
        """What has happened since the last call; waits for something to happen, so long at most."""
        ...

    def stop(self, number: int) -> None:
        """End a trial politely: it saves its checkpoint, and an Ended follows."""
        ...

    def close(self) -> None:
        """End all that still runs, politely, and let go of every process; what they saved stays."""
        ...
