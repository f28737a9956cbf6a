"""A `Turn`: one job of one host, from when it waits until it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Job = TypeVar("Job")


@dataclass(slots=True, eq=False)
class Turn(Generic[Job]):
    """`hung`: the job timed out when it was tried before, while its host answered others. `begun_at` is the schedule's
    time. `stuck`: it goes on, but others have begun in its place.
    """

    host: str
    job: Job
    hung: bool = False
    begun_at: float = 0.0
    stuck: bool = False
