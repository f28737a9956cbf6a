"""Whose turn it is: jobs of many hosts, so that none is asked too often and none holds up the others.

    schedule.put(host, job); turn = schedule.take(); …; schedule.done(turn, outcome)

Pure bookkeeping with a clock that is given: it never waits and never fetches.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable
from itertools import takewhile
from random import Random
from typing import Generic

from ganvas.collect.fetch.outcome import Failed, Fetched, Moved
from ganvas.collect.fetch.pace import COOL_S, STUCK_S, Pace
from ganvas.collect.fetch.turn import Job, Turn

FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 600.0
JITTER = 0.5
EARLY_S = 0.001  # a turn may be taken so much before its time: clocks and timers are no finer
LOOK_EVERY_S = 0.25  # for what is stuck, where nothing else may begin


def next_delay_s(attempts: int, retry_after_s: float | None, random: Random) -> float:
    """How long until another try after so many: doubling, spread so that what failed together is not tried together."""
    delay = min(FIRST_DELAY_S * 2.0 ** min(max(attempts - 1, 0), 30), LONGEST_DELAY_S)
    delay *= random.uniform(1 - JITTER, 1 + JITTER)
    if retry_after_s is None:
        return delay
    return max(delay, retry_after_s * random.uniform(1.0, 1.1))


class Schedule(Generic[Job]):
    """At most `concurrency` jobs under way, `per_host` of one host, `rate_per_s` begun a second of one host.

    Beside them at most as many again that are stuck: they gave their turns to others.
    """

    def __init__(
        self,
        concurrency: int,
        per_host: int,
        rate_per_s: float | None,
        rates: dict[str, float],
        clock: Callable[[], float],
        pause_s: float = COOL_S,
    ) -> None:
        """`rates` are those of single hosts. `clock` gives seconds, and is never set back as that of the day may be.
        `pause_s`: how long a host is left alone that refuses and does not say for how long.
        """
        self._pause_s = pause_s
        self._concurrency, self._per_host = concurrency, per_host
        self._rate_per_s, self._rates = rate_per_s, dict(rates)
        self._clock = clock
        self._hosts: dict[str, _Host[Job]] = {}
        self._ready: deque[_Host[Job]] = deque()  # those whose turn it is, in rotation
        self._later: list[tuple[float, int, _Host[Job]]] = []  # a heap of those whose turn is a matter of time
        self._order = 0
        self._busy: dict[Turn[Job], None] = {}  # those that have a turn, the oldest first
        self.stuck = self._waiting = 0
        self._look_at = 0.0

    def put(self, host: str, job: Job, *, hung: bool = False) -> None:
        """A job to wait its turn. `hung`: what its turn said when it was last tried."""
        of = self._host(host)
        of.jobs.append(Turn(host, job, hung))
        self._waiting += 1
        self._line_up(of, self._clock())

    def take(self) -> Turn[Job] | None:
        """A job whose turn it is, hosts in rotation; None where none may begin now."""
        now = self._clock()
        turn = self._take(now)
        if turn is None and self._waiting and now >= self._look_at:
            self._part_with_stuck(now)
            turn = self._take(now)
        return turn

    def next_in_s(self) -> float | None:
        """How long until `take` may give one, jobs under way aside; None where nothing waits.

        Infinite where time alone gives no turn: every host that waits has all its fetches under way.
        """
        if not self._waiting:
            return None
        now = self._clock()
        if self._first(now) is not None:
            return 0.0 if len(self._busy) < self._concurrency else math.inf
        return max(0.0, self._later[0][0] - now) if self._later else math.inf

    def done(self, turn: Turn[Job], outcome: Fetched | Failed | Moved | None) -> None:
        """What a job ended with: the host is asked faster, slower, not at all for a while. None: nothing was asked."""
        of, now = self._hosts[turn.host], self._clock()
        if turn.stuck:
            self.stuck -= 1
        else:
            del self._busy[turn]
        of.pace.done(turn, outcome, now)
        if of.jobs:
            self._line_up(of, now)
        else:
            self._forget(of, now)

    def cool(self, host: str, for_s: float) -> None:
        """Leave a host alone for so long, whoever found out."""
        self._host(host).pace.cool(self._clock() + for_s)

    def cooling(self) -> dict[str, float]:
        """Hosts that are left alone, and for how long yet, in seconds."""
        now = self._clock()
        return {of.name: of.pace.cool_until - now for of in self._hosts.values() if of.pace.cool_until > now}

    def surplus(self, at_most: int) -> list[tuple[Job, float]]:
        """Takes out what waits beyond `at_most` jobs of one host, with the seconds until each would have its turn."""
        now = self._clock()
        taken: list[tuple[Job, float]] = []
        for of in self._hosts.values():
            many = len(of.jobs)
            first_s = max(0.0, of.pace.begins_at - now)
            last = [of.jobs.pop() for _ in range(many - at_most)]
            for place, turn in enumerate(reversed(last), start=many - len(last)):
                taken.append((turn.job, first_s + place * of.pace.spacing_s))
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

    def _take(self, now: float) -> Turn[Job] | None:
        of = self._first(now) if len(self._busy) < self._concurrency else None
        if of is None:
            return None
        self._ready.popleft()
        of.queued = False
        of.pace.take(now)
        self._waiting -= 1
        turn = of.jobs.popleft()
        turn.begun_at = now
        self._busy[turn] = None
        self._line_up(of, now)
        return turn

    def _part_with_stuck(self, now: float) -> None:
        self._look_at = now + LOOK_EVERY_S
        for turn in list(takewhile(lambda turn: now - turn.begun_at > STUCK_S, self._busy)):
            of = self._hosts[turn.host]
            if self.stuck < self._concurrency and of.pace.parts_with(turn, now):
                turn.stuck = True
                del self._busy[turn]
                self.stuck += 1
                self._line_up(of, now)

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
        self.jobs: deque[Turn[Job]] = deque()
        self.queued = False
