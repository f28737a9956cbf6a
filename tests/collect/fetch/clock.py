"""A schedule with a clock that only the test moves, and what jobs end with."""

from __future__ import annotations

from ganvas.collect.fetch.outcome import Failed, Fetched
from ganvas.collect.fetch.schedule import Schedule
from ganvas.collect.fetch.turn import Turn

GOOD = Fetched("u", "u", 200, b"", None, None, None, 0.1)
THROTTLED = Failed("throttled", "429", 429)
FORBIDDEN = Failed("forbidden", "403", 403)
TIMEOUT = Failed("timeout", "silent")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def schedule(clock: Clock, concurrency=100, per_host=8, rate_per_s=None, rates=None, **jobs: int) -> Schedule[int]:
    made: Schedule[int] = Schedule(concurrency, per_host, rate_per_s, rates or {}, clock)
    for host, many in jobs.items():
        for job in range(many):
            made.put(host, job)
    return made


def take_all(of: Schedule[int]) -> list[Turn[int]]:
    taken = []
    while (turn := of.take()) is not None:
        taken.append(turn)
    return taken


def hosts(turns: list[Turn[int]]) -> list[str]:
    return [turn.host for turn in turns]
