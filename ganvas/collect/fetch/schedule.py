"""Whose turn it is: jobs of many hosts, so that none is asked too often and none holds up the others.

    schedule.put(host, job); taken = schedule.take(); …; schedule.done(host, outcome)

Pure bookkeeping with a clock that is given: it never waits and never fetches.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Generic, TypeVar

from ganvas.collect.fetch.outcome import Failed, Fetched
from ganvas.collect.fetch.pace import COOL_S, Pace

Job = TypeVar("Job")

FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 600.0
JITTER = 0.5
EARLY_S = 0.001  # a turn may be taken so much before its time: clocks and timers are no finer


def next_delay_s(attempts: int, retry_after_s: float | None, random: Random) -> float:
    """How long until another try after so many: doubling, spread so that what failed together is not tried together."""
    delay = min(FIRST_DELAY_S * 2.0 ** min(max(attempts - 1, 0), 30), LONGEST_DELAY_S)
    delay *= random.uniform(1 - JITTER, 1 + JITTER)
    if retry_after_s is None:
        return delay
    return max(delay, retry_after_s * random.uniform(1.0, 1.1))


class Schedule(Generic[Job]):
    """At most `concurrency` jobs under way, `per_host` of one host, `rate_per_s` begun a second of one host."""

    def __init__(
        self,
        concurrency: int,
        per_host: int,
        rate_per_s: float | None,
        rates: dict[str, float],
        clock: Callable[[], float],
        pause_s: float = COOL_S,
    ) -> None:
        """`rates` are those of single hosts. `clock` gives seconds since 1970, as in rows. `pause_s`: how long a host
        is left alone that refuses and does not say for how long.
        """
        self._pause_s = pause_s
        self._concurrency, self._per_host = concurrency, per_host
        self._rate_per_s, self._rates = rate_per_s, dict(rates)
        self._clock = clock
        self._hosts: dict[str, _Host[Job]] = {}
        self._ready: deque[_Host[Job]] = deque()  # those whose turn it is, in rotation
        self._later: list[tuple[float, int, _Host[Job]]] = []  # a heap of those whose turn is a matter of time
        self._order = 0
        self._busy = self._waiting = 0

    def put(self, host: str, job: Job) -> None:
        """A job to wait its turn."""
        of = self._host(host)
        of.jobs.append(job)
        self._waiting += 1
        self._line_up(of, self._clock())

    def take(self) -> tuple[str, Job] | None:
        """A job whose turn it is, hosts in rotation; None where none may begin now."""
        if self._busy >= self._concurrency:
            return None
        now = self._clock()
        of = self._first(now)
        if of is None:
            return None
        self._ready.popleft()
        of.queued = False
        of.pace.take(now)
        self._busy += 1
        self._waiting -= 1
        job = of.jobs.popleft()
        self._line_up(of, now)
        return of.name, job

    def next_in_s(self) -> float | None:
        """How long until `take` may give one, jobs under way aside; None where nothing waits.

        Infinite where time alone gives no turn: every host that waits has all its fetches under way.
        """
        if not self._waiting:
            return None
        now = self._clock()
        if self._first(now) is not None:
            return 0.0 if self._busy < self._concurrency else math.inf
        return max(0.0, self._later[0][0] - now) if self._later else math.inf

    def done(self, host: str, outcome: Fetched | Failed | None) -> None:
        """What a job ended with: the host is asked faster, slower, not at all for a while. None: nothing was asked."""
        of, now = self._hosts[host], self._clock()
        self._busy -= 1
        of.pace.done(outcome, now)
        if of.jobs:
            self._line_up(of, now)
        else:
            self._forget(of, now)

    def cool(self, host: str, until: float) -> None:
        """Leave a host alone until then, whoever found out."""
        self._host(host).pace.cool(until)

    def cooling(self) -> dict[str, float]:
        """Hosts that are left alone, and until when."""
        now = self._clock()
        return {of.name: of.pace.cool_until for of in self._hosts.values() if of.pace.cool_until > now}

    def surplus(self, at_most: int) -> list[tuple[Job, float]]:
        """Takes out what waits beyond `at_most` jobs of one host, with the time at which each would have its turn."""
        now = self._clock()
        taken: list[tuple[Job, float]] = []
        for of in self._hosts.values():
            many = len(of.jobs)
            begin = max(now, of.pace.begins_at)
            last = [of.jobs.pop() for _ in range(many - at_most)]
            for place, job in enumerate(reversed(last), start=many - len(last)):
                taken.append((job, begin + place * of.pace.spacing_s))
        self._waiting -= len(taken)
        return taken

    def slow(self, host: str, spacing_s: float) -> None:
        """Leave at least so long between two fetches of a host: what its robots.txt asks for (Crawl-delay)."""
        self._rates[host] = min(1.0 / spacing_s, self._rates.get(host, math.inf))
        if host in self._hosts:
            self._hosts[host].pace.slow(spacing_s)

    def __len__(self) -> int:
        """Jobs that wait."""
        return self._waiting

    def _host(self, name: str) -> _Host[Job]:
        of = self._hosts.get(name)
        if of is None:
            pace = Pace(self._per_host, self._rates.get(name, self._rate_per_s), self._pause_s)
            of = self._hosts[name] = _Host(name, pace)
        return of

    def _line_up(self, of: _Host[Job], now: float) -> None:
        """Into the rotation, or among those whose time is to come; nowhere while its turns are all taken."""
        if of.queued or not of.jobs or not of.pace.has_turn:
            return
        of.queued = True
        if of.pace.begins_at <= now + EARLY_S:
            self._ready.append(of)
        else:
            self._order += 1
            heapq.heappush(self._later, (of.pace.begins_at, self._order, of))

    def _first(self, now: float) -> _Host[Job] | None:
        """The host at the head of the rotation; those that may not begin any more leave it."""
        while self._later:
            at, _, of = self._later[0]
            if of.pace.begins_at <= at and at > now + EARLY_S:
                break
            heapq.heappop(self._later)  # its time has come, or was put off since
            of.queued = False
            self._line_up(of, now)
        while self._ready:
            of = self._ready[0]
            if of.jobs and of.pace.has_turn and of.pace.begins_at <= now + EARLY_S:
                return of
            self._ready.popleft()
            of.queued = False
            self._line_up(of, now)
            if not of.jobs:
                self._forget(of, now)
        return None

    def _forget(self, of: _Host[Job], now: float) -> None:
        if not of.queued and of.pace.is_plain(now):
            del self._hosts[of.name]


class _Host(Generic[Job]):
    """`queued`: in the rotation or among those whose time is to come, once."""

    __slots__ = ("name", "pace", "jobs", "queued")

    def __init__(self, name: str, pace: Pace) -> None:
        self.name, self.pace = name, pace
        self.jobs: deque[Job] = deque()
        self.queued = False
