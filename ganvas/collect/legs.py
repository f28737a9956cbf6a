"""A `Leg`: a fetch at one host, of the few that its redirects may lead it over. `Legs` knows how far each had come."""

from __future__ import annotations

from typing import NamedTuple

from ganvas.catalog.fetch_records import Leased
from ganvas.catalog.wanted import host_of
from ganvas.collect.fetch.outcome import Moved

MOST = 20_000  # some 15 MB
FRESH_S = 600.0  # where a redirect led so long ago need not be where it leads


class Leg(NamedTuple):
    """What a host's turn is for: a lease, from its own address or from where another host sent it."""

    leased: Leased
    moved: Moved | None = None

    @property
    def url(self) -> str:
        return self.moved.to if self.moved else self.leased.url

    @property
    def host(self) -> str:
        return host_of(self.moved.to) if self.moved else self.leased.host


class Legs:
    """Where fetches had come to that wait in the catalog again: no host is asked twice for the same redirect."""

    def __init__(self) -> None:
        self._moved: dict[int, Moved] = {}

    def of(self, leased: Leased) -> Leg:
        return Leg(leased, self._moved.pop(leased.id, None))

    def may_give_back(self, leg: Leg, turn_in_s: float) -> bool:
        """Whether a leg may leave the schedule: not where its redirects would be asked for again soon."""
        if leg.moved is None or turn_in_s >= FRESH_S:
            return True
        if len(self._moved) >= MOST:
            return False
        self._moved[leg.leased.id] = leg.moved
        return True
