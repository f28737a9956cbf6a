"""Whose turn it is, with a clock that only the test moves."""

from __future__ import annotations

import heapq
import math
import random
import sys
from collections import Counter

import pytest

from ganvas.collect.fetch.outcome import ERRORS, Failed
from ganvas.collect.fetch.pace import COOL_S, FRUITLESS_COOLINGS, LONGEST_COOL_S
from ganvas.collect.fetch.schedule import Schedule, next_delay_s
from tests.collect.fetch.clock import FORBIDDEN, GOOD, THROTTLED, TIMEOUT, Clock, hosts, schedule, take_all


def run_through(of: Schedule[int], clock: Clock, outcome, most_s: float = 1e9) -> float:
    """Takes and ends jobs, one moment each, until none waits: the time it took."""
    begin = clock.now
    while len(of) and clock.now - begin < most_s:
        for turn in take_all(of):
            clock.now += 0.01
            of.done(turn, outcome(turn.host, turn.job))
        wait = of.next_in_s()
        if wait:
            assert wait != math.inf
            clock.now += wait
    return clock.now - begin


def test_jobs_of_a_host_come_in_order_and_hosts_in_rotation(clock: Clock) -> None:
    of = schedule(clock, a=3, b=2, c=1)
    assert len(of) == 6
    taken = [(turn.host, turn.job) for turn in take_all(of)]
    assert taken == [("a", 0), ("b", 0), ("c", 0), ("a", 1), ("b", 1), ("a", 2)]
    assert len(of) == 0
    assert of.next_in_s() is None


def test_no_more_at_a_time_than_is_allowed(clock: Clock) -> None:
    of = schedule(clock, concurrency=5, per_host=2, a=10, b=10, c=10)
    taken = take_all(of)
    assert Counter(hosts(taken)) == {"a": 2, "b": 2, "c": 1}
    assert of.next_in_s() == math.inf
    of.done(taken[0], GOOD)
    assert hosts(take_all(of)) == ["c"]
    of = schedule(clock, per_host=2, a=10)
    taken = take_all(of)
    assert of.next_in_s() == math.inf
    of.done(taken[0], GOOD)
    assert of.next_in_s() == 0.0


def test_a_rate_is_kept(clock: Clock) -> None:
    of = schedule(clock, rate_per_s=5.0, rates={"slow": 1.0}, fast=100, slow=100)
    begun: Counter[str] = Counter()
    until = clock.now + 10.0
    while clock.now < until - 1e-6:
        for turn in take_all(of):
            begun[turn.host] += 1
            of.done(turn, GOOD)
        wait = of.next_in_s()
        assert wait is not None
        assert 0 < wait <= 0.2 + 1e-6
        clock.now += wait
    assert begun == {"fast": 50, "slow": 10}


def test_a_rate_holds_on_the_average_though_turns_are_taken_late(clock: Clock) -> None:
    of = schedule(clock, rate_per_s=10.0, a=1000)
    begun = 0
    for _ in range(1000):
        for turn in take_all(of):
            begun += 1
            of.done(turn, GOOD)
        clock.now += 0.03
    assert 295 <= begun <= 301


def test_time_lost_is_not_made_up_for_by_a_burst(clock: Clock) -> None:
    of = schedule(clock, rate_per_s=10.0, a=1000)
    take_all(of)
    clock.now += 60
    assert len(take_all(of)) == 1


def test_a_server_that_says_when_is_taken_at_its_word(clock: Clock) -> None:
    of = schedule(clock, per_host=4, a=20, b=2)
    first, of_b, second, _, third, _ = take_all(of)
    of.done(of_b, GOOD)
    of.done(first, Failed("throttled", "429", 429, retry_after_s=7.0))
    assert of.take() is None
    assert of.next_in_s() == math.inf  # of those under way, more than it may have now
    of.done(second, GOOD)
    of.done(third, GOOD)
    assert of.take() is None
    assert of.next_in_s() == 7.0
    assert of.cooling() == {"a": 7.0}
    clock.now += 6.9
    assert of.take() is None
    clock.now += 0.2
    assert of.take() is not None
    assert of.cooling() == {}


@pytest.mark.parametrize("error", [name for name, kind in ERRORS.items() if kind.cools and name != "forbidden"])
def test_a_host_that_says_no_is_left_alone_longer_each_time(clock: Clock, error: str) -> None:
    of = schedule(clock, a=100)
    waits = []
    for _ in range(8):
        of.done(of.take(), Failed(error, "no"))
        assert of.take() is None
        waits.append(of.next_in_s())
        clock.now += waits[-1]
    assert waits == [COOL_S * 2**n for n in range(5)] + [LONGEST_COOL_S] * 3


def test_what_was_under_way_when_a_host_said_no_counts_once(clock: Clock) -> None:
    of = schedule(clock, per_host=8, a=100)
    for turn in take_all(of):
        of.done(turn, THROTTLED)
    assert of.next_in_s() == COOL_S
    clock.now += COOL_S
    assert len(take_all(of)) == 4


def test_a_host_that_said_no_is_asked_slower_and_recovers_step_by_step(clock: Clock) -> None:
    of = schedule(clock, per_host=8, a=10_000)
    for _ in range(20):
        turn = of.take()
        clock.now += 0.1
        of.done(turn, GOOD)
    for _ in range(3):
        of.done(of.take(), THROTTLED)
        clock.now += of.next_in_s()
    gaps = []
    for _ in range(200):
        turn = of.take()
        gaps.append(of.next_in_s())
        clock.now += gaps[-1] or 0.1
        of.done(turn, GOOD)
    assert 0.15 < gaps[0] < 0.5  # twice what it was, and twice again
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] == 0.0
    assert len(take_all(of)) == 8


def test_a_recovered_host_keeps_its_own_rate(clock: Clock) -> None:
    of = schedule(clock, rate_per_s=5.0, a=1000)
    of.done(of.take(), THROTTLED)
    for _ in range(50):
        clock.now += of.next_in_s()
        of.done(of.take(), GOOD)
    assert of.next_in_s() == pytest.approx(0.2)


@pytest.mark.parametrize("refusal", [FORBIDDEN, THROTTLED, Failed("throttled", "429", 429, 5.0)])
def test_single_pictures_may_be_refused_and_the_host_goes_on(clock: Clock, refusal: Failed) -> None:
    of = schedule(clock, a=300)
    every = 5 if refusal is FORBIDDEN else 20
    took = run_through(of, clock, lambda host, job: refusal if job % every == 1 else GOOD)
    assert took < 10


def test_forbidden_in_a_row_is_a_firewall(clock: Clock) -> None:
    of = schedule(clock, per_host=1, a=100)
    for outcome in (GOOD, FORBIDDEN, FORBIDDEN):
        of.done(of.take(), outcome)
    assert of.cooling() == {}
    of.done(of.take(), FORBIDDEN)
    assert of.next_in_s() == COOL_S
    clock.now += COOL_S
    of.done(of.take(), FORBIDDEN)
    assert of.next_in_s() == 2 * COOL_S


def test_a_host_that_never_gave_anything_is_not_waited_for_without_end(clock: Clock) -> None:
    of = schedule(clock, a=500)
    took = run_through(of, clock, lambda host, job: FORBIDDEN)
    coolings = sum(COOL_S * 2**n for n in range(FRUITLESS_COOLINGS))
    assert coolings < took < coolings + 600


def test_a_host_that_only_forbids_holds_up_no_other(clock: Clock) -> None:
    of = schedule(clock, concurrency=4, per_host=4, closed=1000, open=1000)
    took = 0.0
    ended: Counter[str] = Counter()
    while ended["open"] < 1000:
        taken = take_all(of)
        clock.now += 0.01
        took += 0.01
        for turn in taken:
            ended[turn.host] += 1
            of.done(turn, FORBIDDEN if turn.host == "closed" else GOOD)
        assert took < 10


def test_a_silent_host_has_fewer_turns_and_then_rests(clock: Clock) -> None:
    of = schedule(clock, per_host=8, a=1000)
    turns = []
    while not of.cooling():
        taken = take_all(of)
        turns.append(len(taken))
        clock.now += 10
        for turn in taken:
            of.done(turn, TIMEOUT)
    assert turns[0] == 8
    assert turns[-1] == 1
    assert of.next_in_s() == COOL_S


def test_a_host_of_which_some_pictures_hang_keeps_most_of_its_turns(clock: Clock) -> None:
    of = schedule(clock, per_host=8, a=1000)
    of.done(of.take(), GOOD)
    for _ in range(20):
        for turn in take_all(of):
            of.done(turn, TIMEOUT)
    assert len(take_all(of)) == 6
    assert of.cooling() == {}


def test_refusals_of_our_own_say_nothing_of_a_host(clock: Clock) -> None:
    of = schedule(clock, per_host=1, a=100)
    for outcome in (FORBIDDEN, Failed("robots", "no"), FORBIDDEN, Failed("address", "no"), FORBIDDEN):
        of.done(of.take(), outcome)
    assert list(of.cooling()) == ["a"]


def test_a_host_can_be_left_alone_from_outside(clock: Clock) -> None:
    of = schedule(clock, a=2)
    of.cool("a", 5)
    of.cool("a", 3)
    of.cool("b", 9)
    of.put("b", 0)
    assert of.take() is None
    assert of.next_in_s() == 5
    clock.now += 5
    assert of.take().host == "a"
    assert of.cooling() == {"b": 4.0}


@pytest.mark.parametrize("refusal", [Failed("throttled", "", 429, 1.0), THROTTLED, FORBIDDEN])
def test_a_host_that_takes_ten_a_second_gets_about_that(clock: Clock, refusal: Failed) -> None:
    of = schedule(clock, a=20_000)
    tokens, seen, ends, count = 20.0, clock.now, [], Counter()
    until = clock.now + 600
    while clock.now < until:
        while (turn := of.take()) is not None:
            tokens, seen = min(20.0, tokens + 10 * (clock.now - seen)), clock.now
            taken = tokens >= 1
            tokens -= taken
            heapq.heappush(ends, (clock.now + (0.05 if taken else 0.01), taken, turn.job, turn))
        wait = of.next_in_s()
        if ends and clock.now + wait >= ends[0][0]:
            clock.now, taken, _, turn = heapq.heappop(ends)
            count[taken] += 1
            of.done(turn, GOOD if taken else refusal)
        else:
            clock.now += max(wait, 1e-4)
    assert count[True] > 0.8 * 10 * 600
    assert count[False] < 0.5 * count[True]


def test_a_crawl_delay_is_kept(clock: Clock) -> None:
    of = schedule(clock, a=3)
    of.slow("a", 3.0)
    assert of.take() is not None
    assert of.take() is None
    assert of.next_in_s() == 3.0


def test_what_waits_too_long_is_handed_back_with_its_time(clock: Clock) -> None:
    of = schedule(clock, rate_per_s=2.0, a=10, b=3)
    of.cool("a", 60)
    assert sorted(of.surplus(4)) == [(job, 60 + job * 0.5) for job in range(4, 10)]
    assert len(of) == 7
    assert of.surplus(4) == []
    clock.now += 60
    assert [turn.job for turn in take_all(of) if turn.host == "a"] == [0]


def test_random_play_loses_nothing_and_breaks_no_limit(clock: Clock) -> None:
    dice = random.Random(7)
    of = schedule(clock, concurrency=16, per_host=3, rates={"h1": 50.0})
    put, ended, busy, most_stuck = Counter(), Counter(), [], 0
    outcomes = [GOOD] * 12 + [FORBIDDEN, THROTTLED, TIMEOUT, Failed("throttled", "", 429, 1.0), Failed("gone", "")]
    for job in range(5000):
        host = f"h{dice.randrange(20)}"
        of.put(host, job, hung=dice.random() < 0.2)
        put[host] += 1
        for _ in range(dice.randrange(3)):
            if (turn := of.take()) is not None:
                busy.append(turn)
        for stuck in (True, False):
            alike = [turn.host for turn in busy if turn.stuck == stuck]
            most_stuck = max(most_stuck, stuck * len(alike))
            assert len(alike) <= 16
            assert max(Counter(alike).values(), default=0) <= 3
        assert (of.next_in_s() or 0) >= 0
        if busy and dice.random() < 0.8:
            turn = busy.pop(dice.randrange(len(busy)))
            ended[turn.host] += 1
            of.done(turn, dice.choice(outcomes))
        clock.now += dice.random()
    while len(of) or busy:
        for turn in busy:
            ended[turn.host] += 1
            of.done(turn, GOOD)
        busy = take_all(of)
        if not busy and len(of):
            clock.now += of.next_in_s()
    assert ended == put
    assert most_stuck > 0


def test_a_turn_among_a_hundred_thousand_hosts_takes_no_more_steps_than_among_a_hundred(clock: Clock) -> None:
    def steps_a_turn(hosts: int) -> float:
        of = schedule(clock, rate_per_s=10.0)
        for host in range(hosts):
            of.put(f"h{host}", 0)
            of.put(f"h{host}", 1)
        steps = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal steps
            steps += event in ("call", "c_call")

        sys.setprofile(count)
        for _ in range(150):
            turn = of.take()
            if turn is None:
                clock.now += of.next_in_s()
            else:
                of.done(turn, GOOD)
        sys.setprofile(None)
        return steps / 150

    assert 5 < steps_a_turn(100_000) < 1.5 * steps_a_turn(100)


def test_nothing_is_remembered_of_hosts_that_are_done(clock: Clock) -> None:
    of = schedule(clock)
    for host in range(1000):
        of.put(f"h{host}", 0)
    run_through(of, clock, lambda host, job: GOOD)
    assert of._hosts == {}


def test_delays_double_spread_and_keep_to_what_was_asked() -> None:
    dice = random.Random(1)
    middles = [sum(next_delay_s(n, None, dice) for _ in range(2000)) / 2000 for n in range(1, 6)]
    for shorter, longer in zip(middles, middles[1:], strict=False):
        assert longer / shorter == pytest.approx(2, rel=0.1)
    assert len({next_delay_s(1, None, dice) for _ in range(10)}) == 10
    assert all(next_delay_s(1000, None, dice) <= 900 for _ in range(100))
    assert all(60 <= next_delay_s(1, 60.0, dice) <= 66 for _ in range(100))
