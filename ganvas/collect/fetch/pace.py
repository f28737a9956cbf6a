"""How fast one host is asked: `Pace`, which slows down on what the host says and recovers step by step.

Half as many at a time and half as often after a refusal, one more after as many answers as there are turns: the rule by
which TCP shares a line (additive increase, multiplicative decrease).
"""

from __future__ import annotations

from ganvas.collect.fetch.outcome import ERRORS, Failed, Fetched

COOL_S = 30.0
LONGEST_COOL_S = 600.0
SLOWEST_S = 5.0  # between two fetches of a host that is asked at all
PAUSE_S = 1.0  # what is longer than this between two fetches was no pace
FORBIDDEN_IN_A_ROW = 3  # one 403 among answers is about one picture; so many are the host's
FRUITLESS_COOLINGS = 5  # after these, a host that never gave anything but 403 means it: no firewall is waited for
SILENT_IN_A_ROW = 4
SILENT = ("timeout", "connect", "dns")
NOTHING_ASKED = ("address", "robots", "opt-out")


class Pace:
    """Turns and spacing of one host. Times are the schedule's."""

    __slots__ = (
        "turns", "spacing_s", "next_at", "cool_until", "busy",
        "_pause_s", "_most_turns", "_least_spacing_s", "_last_taken", "_interval_s",
        "_answered", "_coolings", "_forbidden", "_silent",
    )  # fmt: skip

    def __init__(self, per_host: int, rate_per_s: float | None, pause_s: float = COOL_S) -> None:
        self._pause_s = pause_s
        self._most_turns = per_host
        self._least_spacing_s = 1.0 / rate_per_s if rate_per_s else 0.0
        self.turns = float(per_host)
        self.spacing_s = self._least_spacing_s
        self.next_at = 0.0
        self.cool_until = 0.0
        self.busy = 0
        self._last_taken: float | None = None
        self._interval_s = 0.0  # between two fetches, smoothed
        self._answered = False
        self._coolings = self._forbidden = self._silent = 0

    @property
    def begins_at(self) -> float:
        """When the next fetch may begin, other fetches aside."""
        return max(self.next_at, self.cool_until)

    @property
    def has_turn(self) -> bool:
        return self.busy < int(self.turns)

    def is_plain(self, now: float) -> bool:
        """Nothing is to be remembered of the host."""
        return self.busy == 0 and self.begins_at <= now and self.turns >= self._most_turns and not self._coolings

    def take(self, now: float) -> None:
        """A fetch begins."""
        if self._last_taken is not None:
            self._interval_s = 0.8 * self._interval_s + 0.2 * min(now - self._last_taken, PAUSE_S)
        self._last_taken = now
        self.busy += 1
        late = now - self.next_at  # a turn taken a little late does not move the next: the rate holds on the average
        self.next_at = (self.next_at if late < self.spacing_s / 2 else now) + self.spacing_s

    def done(self, outcome: Fetched | Failed | None, now: float) -> None:
        """A fetch ended; None: it came to nothing before it was begun."""
        self.busy -= 1
        error = outcome.error if isinstance(outcome, Failed) else None
        if outcome is None or error in NOTHING_ASKED:
            return
        if isinstance(outcome, Failed) and ERRORS[outcome.error].cools:
            self._cooled(outcome, now)
        elif error in SILENT:
            self._was_silent(now)
        elif error is None or not ERRORS[error].passes:
            self._answers()

    def slow(self, spacing_s: float) -> None:
        """Never again less than so long between two fetches."""
        self._least_spacing_s = max(self._least_spacing_s, spacing_s)
        self.spacing_s = max(self.spacing_s, spacing_s)

    def cool(self, until: float) -> None:
        """Begin nothing until then."""
        self.cool_until = max(self.cool_until, until)

    def _answers(self) -> None:
        self._answered = True
        self._coolings = self._forbidden = self._silent = 0
        self.turns = min(self._most_turns, self.turns + 1.0 / self.turns)
        self.spacing_s = max(self._least_spacing_s, 0.9 * self.spacing_s if self.spacing_s > 1e-3 else 0.0)

    def _cooled(self, outcome: Failed, now: float) -> None:
        if now < self.cool_until:  # begun before: what it says is known
            if outcome.retry_after_s is not None:
                self.cool(now + outcome.retry_after_s)
            return
        if outcome.error == "forbidden" and outcome.retry_after_s is None and not self._host_forbids():
            return
        self._slow_down()
        self._cool_down(outcome.retry_after_s, now)

    def _host_forbids(self) -> bool:
        self._forbidden += 1
        if not self._answered and self._coolings >= FRUITLESS_COOLINGS:
            self.spacing_s = max(self._least_spacing_s, PAUSE_S)
            return False
        return self._coolings > 0 or self._forbidden >= FORBIDDEN_IN_A_ROW

    def _was_silent(self, now: float) -> None:
        self._silent += 1
        if self._silent % SILENT_IN_A_ROW:
            return
        if self._answered:  # some of its pictures hang; the others are not to wait for them one by one
            self.turns = max(self.turns / 2, self._most_turns / 2, 1.0)
        elif self.turns > 1.0:
            self.turns = max(self.turns / 2, 1.0)
        elif now >= self.cool_until:
            self._cool_down(None, now)

    def _slow_down(self) -> None:
        self.turns = max(self.turns / 2, 1.0)
        self.spacing_s = min(2 * max(self.spacing_s, self._interval_s), max(SLOWEST_S, self._least_spacing_s))

    def _cool_down(self, asked_s: float | None, now: float) -> None:
        # a server that says when to come back is taken at its word; one that does not is left alone longer each time
        wait = self._pause_s * 2**self._coolings if asked_s is None else asked_s
        self._coolings += 1
        self.cool(now + (min(wait, LONGEST_COOL_S) if asked_s is None else wait))
