"""How fast one host is asked: `Pace`, which slows down on what the host says and recovers step by step.

A refusal halves how often it is asked (a few 403 among answers do not: they are single pictures'). Refusals in a row
also halve how many fetches it has at a time, and it is left alone for as long as it says, or for half a minute and
twice that each time. Answers bring it back step by step: the rule by which TCP shares a line.

A fetch that takes far longer than the host's others is stuck: it goes on beside the host's turns, and another begins in
its place. One that hung while its host answered others is soon taken for stuck when it is tried again. Where a host is
slow or silent throughout, nothing is stuck, and nothing more begins.
"""

from __future__ import annotations

from typing import Any

from ganvas.collect.fetch.outcome import ERRORS, Failed, Fetched, Moved
from ganvas.collect.fetch.turn import Turn

COOL_S = 30.0
LONGEST_COOL_S = 600.0
SLOWEST_S = 5.0  # between two fetches of a host that is asked at all
PAUSE_S = 1.0  # what is longer than this between two fetches was no pace
IN_A_ROW = 3  # one refusal among answers is about one picture, so many are the host's; more where single ones are usual
MOST_IN_A_ROW = 20
MANY_FORBIDDEN = 0.3  # of the last twenty or so
FRUITLESS_COOLINGS = 5  # after these, a host that never gave anything but 403 means it: no firewall is waited for
SILENT_IN_A_ROW = 4
KEPT_TURNS = 0.75  # of a host that has answered before, however many of its pictures hang
SILENT = ("timeout", "connect", "dns", "server-error")
NOTHING_ASKED = ("address", "robots", "opt-out")
STUCK_S = 3.0  # what takes no longer than this is not stuck
STUCK_TIMES = 5.0  # nor what takes no longer than so many usual answers


class Pace:
    """Turns and spacing of one host. Times are the schedule's."""

    __slots__ = (
        "turns", "spacing_s", "next_at", "cool_until", "busy", "stuck",
        "_pause_s", "_most_turns", "_least_spacing_s", "_last_taken", "_interval_s",
        "_answered", "_refused", "_single", "_share", "_stopped", "_coolings", "_silent",
        "_usual_s", "_answered_last",
    )  # fmt: skip

    def __init__(self, per_host: int, rate_per_s: float | None, pause_s: float = COOL_S) -> None:
        self._pause_s = pause_s
        self._most_turns = per_host
        self._least_spacing_s = 1.0 / rate_per_s if rate_per_s else 0.0
        self.turns = float(per_host)
        self.spacing_s = self._least_spacing_s
        self.next_at = 0.0
        self.cool_until = 0.0
        self.busy = self.stuck = 0  # fetches that have a turn, and those that go on without
        self._last_taken: float | None = None
        self._interval_s = 0.0  # between two fetches, lately: of the last twenty or so, as they come in bursts
        self._answered = False
        self._refused = 0  # refusals without an answer between
        self._single = 0  # refusals that an answer followed: those of single pictures
        self._share = 0.0  # of refusals, lately
        self._stopped = 0  # how often it was left alone after it had answered
        self._coolings = self._silent = 0  # both in a row
        self._usual_s = 0.0  # that an answer takes, smoothed
        self._answered_last = 0.0  # when the newest fetch that was answered began; 0: none was

    @property
    def begins_at(self) -> float:
        """When the next fetch may begin, other fetches aside."""
        return max(self.next_at, self.cool_until)

    @property
    def has_turn(self) -> bool:
        turns = int(self.turns)
        return self.busy < turns and self.busy + self.stuck < 2 * turns  # stuck ones of before it was slowed down

    def is_plain(self, now: float) -> bool:
        """Nothing is to be remembered of the host."""
        as_ever = self.turns >= self._most_turns and self.spacing_s <= self._least_spacing_s
        is_idle = self.busy == self.stuck == 0 and self.begins_at <= now
        return as_ever and is_idle and not (self._coolings or self._stopped)

    def take(self, now: float) -> None:
        """A fetch begins."""
        if self._last_taken is not None:
            self._interval_s = 0.95 * self._interval_s + 0.05 * min(now - self._last_taken, PAUSE_S)
        self._last_taken = now
        self.busy += 1
        late = now - self.next_at  # a turn taken a little late does not move the next: the rate holds on the average
        self.next_at = (self.next_at if late < self.spacing_s / 2 else now) + self.spacing_s

    def parts_with(self, turn: Turn[Any], now: float) -> bool:
        """Whether a fetch under way is stuck, and gives its turn to another: at most as many as the host now has turns.

        That is so where one that began later has been answered. Where none has, and the host is not known to be silent,
        what hung before is taken for stuck, and of a host that has answered one more: what begins in its place finds
        out.
        """
        late = now - turn.begun_at > max(STUCK_S, STUCK_TIMES * self._usual_s)
        if not late or self.stuck >= int(self.turns):
            return False
        suspect = self._silent < SILENT_IN_A_ROW and (turn.hung or (self._answered_last and not self.stuck))
        if not (suspect or self._is_overtaken(turn)):
            return False
        self.busy -= 1
        self.stuck += 1
        return True

    def done(self, turn: Turn[Any], outcome: Fetched | Failed | Moved | None, now: float) -> None:
        """A fetch ended; None: it came to nothing before it was begun. Says of the turn whether its picture hangs."""
        if turn.stuck:
            self.stuck -= 1
        else:
            self.busy -= 1
        error = outcome.error if isinstance(outcome, Failed) else None
        if outcome is None or error in NOTHING_ASKED:
            return
        if isinstance(outcome, Failed) and ERRORS[outcome.error].cools:
            self._refuses(outcome, now)
        elif error in SILENT:
            turn.hung = error == "timeout" and (turn.hung or self._is_overtaken(turn))
            if not turn.hung:
                self._was_silent(now)
        elif error is None or not ERRORS[error].passes:
            if not isinstance(outcome, Failed):
                self._usual_s = 0.9 * self._usual_s + 0.1 * outcome.seconds if self._usual_s else outcome.seconds
            self._answered_last = max(self._answered_last, turn.begun_at)
            turn.hung = False
            self._answers()

    def slow(self, spacing_s: float) -> None:
        """Never again less than so long between two fetches."""
        self._least_spacing_s = max(self._least_spacing_s, spacing_s)
        self.spacing_s = max(self.spacing_s, spacing_s)

    def cool(self, until: float) -> None:
        """Begin nothing until then."""
        self.cool_until = max(self.cool_until, until)

    def _is_overtaken(self, turn: Turn[Any]) -> bool:
        """Whether one that began later has been answered: what is slow or silent is not the host."""
        return turn.begun_at < self._answered_last

    def _answers(self) -> None:
        if self._refused:
            self._single = min(self._single + 1, MOST_IN_A_ROW)
        elif self._coolings:  # being left alone helped: so it was the host's
            self._single //= 2
        self._answered = True
        self._share -= 0.05 * self._share
        self._coolings = self._refused = self._silent = 0
        self.turns = min(self._most_turns, self.turns + 1.0 / self.turns)
        # a host that has had to stop ganvas several times is trusted more slowly each time
        nearer = self.spacing_s * (1 - 0.1 / (1 + self._stopped))
        self.spacing_s = max(self._least_spacing_s, nearer if nearer > 1e-3 else 0.0)

    def _refuses(self, outcome: Failed, now: float) -> None:
        if now < self.cool_until:  # begun before: what it says is known
            self.cool(now + (outcome.retry_after_s or 0.0))
            return
        self._refused += 1
        self._share += 0.05 * (1 - self._share)
        if self._refused < self._certain_after(outcome):
            self._may_be_single(outcome)
            return
        self._refused = 0
        if not self._coolings:
            self._stopped += self._answered
            self._ask_less_often()
            self.turns = max(self.turns / 2, 1.0)
        if outcome.error == "forbidden" and not self._answered and self._coolings >= FRUITLESS_COOLINGS:
            self.spacing_s = max(self._least_spacing_s, PAUSE_S)
        else:
            self._cool_down(outcome.retry_after_s, now)

    def _may_be_single(self, outcome: Failed) -> None:
        if self._refused > 1 or self._coolings:
            return
        if outcome.error != "forbidden":
            self._ask_less_often()
        elif self._share > MANY_FORBIDDEN:
            self._ask_less_often(PAUSE_S)

    def _certain_after(self, outcome: Failed) -> int:
        """How many refusals in a row are the host's, and no single picture's."""
        if not self._answered and outcome.error != "forbidden":
            return 1
        if self._coolings and self._single < IN_A_ROW:
            return 1
        return min(IN_A_ROW + self._single, MOST_IN_A_ROW)

    def _was_silent(self, now: float) -> None:
        self._silent += 1
        if self._silent % SILENT_IN_A_ROW:
            return
        if self._answered:  # some of its pictures hang; the others are not to wait for them one by one
            self.turns = min(self.turns, max(self.turns / 2, KEPT_TURNS * self._most_turns, 1.0))
        elif self.turns > 1.0:
            self.turns = max(self.turns / 2, 1.0)
        elif now >= self.cool_until:
            self._cool_down(None, now)

    def _ask_less_often(self, slowest_s: float = SLOWEST_S) -> None:
        slower = min(2 * max(self.spacing_s, self._interval_s), slowest_s)
        self.spacing_s = max(self.spacing_s, slower)

    def _cool_down(self, asked_s: float | None, now: float) -> None:
        # a server that says when to come back is taken at its word; one that does not is left alone longer each time
        wait = self._pause_s * 2**self._coolings if asked_s is None else asked_s
        self._coolings += 1
        self.cool(now + (min(wait, LONGEST_COOL_S) if asked_s is None else wait))
