"""Whose turn it is: jobs of many hosts, so that none is asked too often and none holds up the others.

    schedule.put(host, job); taken = schedule.take(); …; schedule.done(host, outcome)

Pure bookkeeping with a clock that is given: it never waits and never fetches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ganvas.collect.fetch.outcome import Failed, Fetched

Job = TypeVar("Job")


class Schedule(Generic[Job]):
    """At most `concurrency` jobs under way, `per_host` of one host, `rate_per_s` begun a second of one host."""

    def __init__(
        self,
        concurrency: int,
        per_host: int,
        rate_per_s: float | None,
        rates: dict[str, float],
        clock: Callable[[], float],
    ) -> None:
        """`rates` are those of single hosts. `clock` gives seconds since 1970, as in rows."""

    def put(self, host: str, job: Job) -> None:
        """A job to wait its turn."""
        raise NotImplementedError

    def take(self) -> tuple[str, Job] | None:
        """A job whose turn it is, hosts in rotation; None where none may begin now."""
        raise NotImplementedError

    def next_in_s(self) -> float | None:
        """How long until `take` may give one, jobs under way aside; None where nothing waits."""
        raise NotImplementedError

    def done(self, host: str, outcome: Fetched | Failed) -> None:
        """What a job ended with: the host is asked faster, slower, or not at all for a while."""
        raise NotImplementedError

    def cool(self, host: str, until: float) -> None:
        """Leave a host alone until then, whoever found out."""
        raise NotImplementedError

    def cooling(self) -> dict[str, float]:
        """Hosts that are left alone, and until when."""
        raise NotImplementedError

    def surplus(self, at_most: int) -> list[tuple[Job, float]]:
        """Takes out what waits beyond `at_most` jobs of one host, with the time at which each would have its turn."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Jobs that wait."""
        raise NotImplementedError
