"""A `Leg`: a fetch at one host, of the few that its redirects may lead it over. `Legs` knows how far each had come."""

from __future__ import annotations

import time
from typing import NamedTuple

from ganvas.catalog.fetch_records import Leased
from ganvas.catalog.wanted import host_of
from ganvas.collect.fetch.outcome import Moved

MOST = 20_000  # some 15 MB
STALE_S = 10.0  # where a redirect led so long ago need not be where it leads: signed addresses end


class Leg(NamedTuple):
    """What a host's turn is for: a lease, from its own address or from where another host sent it, and when."""

    leased: Leased
    moved: Moved | None = None
    since: float = 0.0

    @classmethod
    def after(cls, leased: Leased, moved: Moved) -> Leg:
        """Where another host has just sent it."""
        return cls(leased, moved, time.monotonic())

    @property
    def url(self) -> str:
        return self.moved.to if self.moved else self.leased.url

    @property
    def host(self) -> str:
        return host_of(self.moved.to) if self.moved else self.leased.host

    @property
    def is_stale(self) -> bool:
        """Whether its redirects are to be asked for again, in the turn it has waited for."""
        return self.moved is not None and time.monotonic() - self.since > STALE_S


class Legs:
    """Where fetches had come to that wait in the catalog again, so that they wait for the same host afterwards."""

    def __init__(self) -> None:
        self._kept: dict[int, Leg] = {}

    def of(self, leased: Leased) -> Leg:
        before = self._kept.pop(leased.id, None)
        return Leg(leased) if before is None else before._replace(leased=leased)

    def keep(self, leg: Leg) -> None:
        if leg.moved is None:
            return
        self._kept[leg.leased.id] = leg
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
