"""What is stuck gives its turn to others, and a host that is slow or silent throughout gets no more than its turns."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from ganvas.collect.fetch.outcome import Failed, Fetched
from ganvas.collect.fetch.pace import SILENT_IN_A_ROW, STUCK_S, STUCK_TIMES
from ganvas.collect.fetch.schedule import LOOK_EVERY_S, Schedule
from ganvas.collect.fetch.turn import Turn
from tests.collect.fetch.clock import GOOD, THROTTLED, TIMEOUT, Clock, hosts, schedule, take_all

LATE_S = STUCK_S + 0.1


def hang(of: Schedule[int], clock: Clock, many: int, answer_s: float = 0.1) -> list[Turn[int]]:
    """So many that do not end, while one that began after them is answered."""
    turns = [of.take() for _ in range(many)]
    clock.now += 0.1
    answer(of, clock, answer_s)
    return turns


def answer(of: Schedule[int], clock: Clock, seconds: float = 0.1) -> None:
    turn = of.take()
    clock.now += seconds
    of.done(turn, replace(GOOD, seconds=seconds))


def test_a_stuck_fetch_gives_its_turn_to_another_and_goes_on(clock: Clock) -> None:
    of = schedule(clock, per_host=3, a=100)
    stuck = hang(of, clock, 2)
    assert len(take_all(of)) == 1
    clock.now += STUCK_S - 0.3
    assert take_all(of) == []
    clock.now += LOOK_EVERY_S
    assert len(take_all(of)) == 2
    assert all(turn.stuck for turn in stuck)


def test_the_turn_of_a_stuck_fetch_is_for_any_host(clock: Clock) -> None:
    of = schedule(clock, concurrency=3, per_host=3, a=3)
    hang(of, clock, 2)
    for host in "bcbcbc":
        of.put(host, 0)
    assert hosts(take_all(of)) == ["b"]
    clock.now += LATE_S
    assert hosts(take_all(of)) == ["c", "b"]


def test_the_end_of_a_stuck_fetch_frees_no_second_turn(clock: Clock) -> None:
    of = schedule(clock, per_host=3, a=100)
    stuck = hang(of, clock, 2)
    clock.now += LATE_S
    turns = take_all(of)
    assert len(turns) == 3
    for turn, outcome in zip(stuck, (TIMEOUT, GOOD), strict=True):
        of.done(turn, outcome)
    clock.now += LOOK_EVERY_S
    assert take_all(of) == []
    of.done(turns[0], GOOD)
    assert len(take_all(of)) == 1


def test_a_host_of_which_nothing_ends_any_more_has_never_more_than_twice_its_turns(clock: Clock) -> None:
    of = schedule(clock, per_host=4, a=1000)
    begun = hang(of, clock, 3)
    for _ in range(5):
        while len(taken := take_all(of)) > 1:
            begun += taken[:-1]
            of.done(taken[-1], GOOD)
            clock.now += 0.1
        begun += taken
        clock.now += LATE_S
    assert len(begun) == 8
    assert Counter(turn.stuck for turn in begun) == {True: 4, False: 4}


def test_all_hosts_together_have_never_more_than_twice_the_turns(clock: Clock) -> None:
    of = schedule(clock, concurrency=4, per_host=3, a=50, b=50, c=50, d=50)
    under_way: list[Turn[int]] = []
    for _ in range(2000):
        for turn in take_all(of):
            if turn.job % 4:
                under_way.append(turn)
            else:
                of.done(turn, GOOD)
        assert len(under_way) <= 8
        clock.now += 0.05
    assert Counter(turn.stuck for turn in under_way) == {True: 4, False: 4}


def test_hosts_keep_their_rotation(clock: Clock) -> None:
    of = schedule(clock, per_host=2, a=20, b=20)
    first = take_all(of)
    clock.now += 0.1
    for turn in first[2:]:
        of.done(turn, GOOD)
    answer(of, clock)
    answer(of, clock)
    clock.now += LATE_S
    assert hosts(take_all(of)) == ["a", "b", "a", "b"]


def test_what_takes_no_longer_than_usual_answers_is_not_stuck(clock: Clock) -> None:
    of = schedule(clock, per_host=3, a=100)
    stuck = hang(of, clock, 2, answer_s=STUCK_S)
    assert len(take_all(of)) == 1
    clock.now += STUCK_S * (STUCK_TIMES - 1) - 0.2
    assert take_all(of) == []
    assert not any(turn.stuck for turn in stuck)
    clock.now += LOOK_EVERY_S
    assert len(take_all(of)) == 2


def test_a_host_that_answered_nothing_yet_gets_no_more(clock: Clock) -> None:
    of = schedule(clock, per_host=4, a=100)
    assert len(take_all(of)) == 4
    clock.now += 100 * STUCK_S
    assert take_all(of) == []


def test_a_host_that_falls_silent_is_asked_by_one_more_until_that_is_known(clock: Clock) -> None:
    of = schedule(clock, per_host=4, a=100)
    answer(of, clock)
    turns = take_all(of)
    for _ in range(4):
        clock.now += LATE_S
        turns += take_all(of)
    assert len(turns) == 5
    for turn in turns[:SILENT_IN_A_ROW]:
        of.done(turn, TIMEOUT)
    taken = take_all(of)
    for _ in range(4):
        clock.now += LATE_S
        assert take_all(of) == []
    assert len(taken) == 2  # and one of before: three quarters of four


def test_a_host_with_one_turn_does_not_wait_for_what_hangs(clock: Clock) -> None:
    of = schedule(clock, per_host=1, a=100)
    answer(of, clock)
    stuck = of.take()
    clock.now += LATE_S
    answer(of, clock)
    assert stuck.stuck


def test_what_hung_before_gives_its_turn_without_an_answer_to_another(clock: Clock) -> None:
    of = schedule(clock, per_host=4, a=2)
    (stuck,) = hang(of, clock, 1)
    of.done(stuck, TIMEOUT)
    assert stuck.hung
    assert of._hosts == {}
    for job in range(20):
        of.put("a", job, hung=stuck.hung)
    turns = take_all(of)
    clock.now += LATE_S
    turns += take_all(of)
    assert len(turns) == 8
    for turn in turns:
        of.done(turn, TIMEOUT)
    assert len(take_all(of)) == 4


def test_the_silence_of_what_is_stuck_costs_its_host_no_turn(clock: Clock) -> None:
    of = schedule(clock, per_host=12, a=100)
    stuck = hang(of, clock, 2 * SILENT_IN_A_ROW)
    turns = take_all(of)
    clock.now += LATE_S
    turns += take_all(of)
    for turn in stuck:
        assert turn.stuck
        of.done(turn, TIMEOUT)
    for turn in turns:
        of.done(turn, GOOD)
    assert len(take_all(of)) == 12


def test_a_host_that_takes_no_connection_has_fewer_turns_whatever_was_tried_before(clock: Clock) -> None:
    of = schedule(clock, per_host=4, a=1)
    for job in range(20):
        of.put("a", job, hung=True)
    answer(of, clock)
    for turn in take_all(of):
        of.done(turn, Failed("connect", "refused"))
    assert len(take_all(of)) == 3


def test_a_tried_fetch_keeps_its_turn_where_the_host_has_fallen_silent(clock: Clock) -> None:
    of = schedule(clock, per_host=SILENT_IN_A_ROW, a=1 + SILENT_IN_A_ROW)
    answer(of, clock)
    for turn in take_all(of):
        of.done(turn, TIMEOUT)
    for job in range(20):
        of.put("a", job, hung=True)
    turns = take_all(of)
    clock.now += LATE_S
    assert turns
    assert take_all(of) == []


@pytest.mark.parametrize("stuck", [True, False])
def test_a_host_is_remembered_while_anything_is_under_way(clock: Clock, stuck: bool) -> None:
    of = schedule(clock, per_host=2, a=3)
    turn, *_ = hang(of, clock, 1)
    if stuck:
        clock.now += LATE_S
    other = of.take()
    of.done(other, GOOD)
    assert of._hosts.keys() == {"a"}
    of.done(turn, GOOD)
    assert of._hosts == {}


def test_a_host_that_hangs_altogether_is_found_silent_however_often_its_pictures_are_tried(clock: Clock) -> None:
    of = schedule(clock, per_host=8, a=28)
    for _ in range(20):
        answer(of, clock)
    turns = take_all(of)
    for _ in range(5):
        clock.now += 20
        for turn in turns:
            of.done(turn, TIMEOUT)
            of.put("a", turn.job, hung=turn.hung)
        turns = take_all(of)
        assert len(turns) == 6
        clock.now += LATE_S
        assert take_all(of) == []


@pytest.mark.parametrize("outcome", [GOOD, THROTTLED, Failed("connect", "refused"), Failed("gone", "404")])
def test_only_what_timed_out_hung(clock: Clock, outcome: Fetched | Failed) -> None:
    of = schedule(clock, per_host=2, a=100)
    (turn,) = hang(of, clock, 1)
    of.done(turn, outcome)
    assert not turn.hung


@pytest.mark.parametrize(("outcome", "hung"), [(TIMEOUT, True), (GOOD, False), (Failed("gone", "404"), False)])
def test_what_hung_has_hung_until_it_is_answered(clock: Clock, outcome: Fetched | Failed, hung: bool) -> None:
    of = schedule(clock)
    of.put("a", 0, hung=True)
    turn = of.take()
    of.done(turn, outcome)
    assert turn.hung == hung


def test_a_host_that_was_slowed_down_parts_with_no_more_than_the_turns_left_to_it(clock: Clock) -> None:
    of = schedule(clock, per_host=8, a=13)
    answer(of, clock)
    for _ in range(3):
        throttled(of, clock)
        answer(of, clock)
    for job in range(20):
        of.put("a", job, hung=True)
    turns = []
    for _ in range(20):
        clock.now += LATE_S
        turns += take_all(of)
    assert Counter(turn.stuck for turn in turns) == {True: 2, False: 2}


def test_what_is_stuck_counts_where_its_host_is_slowed_down_afterwards(clock: Clock) -> None:
    of = schedule(clock, per_host=8, a=100)
    stuck = hang(of, clock, 7)
    of.done(take_all(of)[0], GOOD)
    clock.now += LATE_S
    throttled(of, clock)
    answer(of, clock)
    throttled(of, clock)
    assert all(turn.stuck for turn in stuck)
    assert of.take() is None
    for turn in stuck[:4]:
        assert of.take() is None
        of.done(turn, TIMEOUT)
    assert of.take() is not None


def throttled(of: Schedule[int], clock: Clock) -> None:
    """The host says no three times, and has half the turns."""
    for _ in range(3):
        while (turn := of.take()) is None:
            clock.now += 0.1
        of.done(turn, THROTTLED)
    clock.now += of.cooling()["a"]


@pytest.mark.parametrize("outcome", [GOOD, Failed("gone", "404"), Failed("too-large", "")])
def test_any_answer_overtakes_what_is_stuck(clock: Clock, outcome: Fetched | Failed) -> None:
    of = schedule(clock, per_host=8, a=100)
    turns = [of.take() for _ in range(7)]
    clock.now += 0.1
    of.done(of.take(), outcome)
    take_all(of)
    clock.now += LATE_S
    take_all(of)
    assert [turn.stuck for turn in turns] == [True] * 7


def test_what_passes_until_an_answer_is_read_makes_it_no_slow_one(clock: Clock) -> None:
    of = schedule(clock, per_host=3, a=100)
    turn = of.take()
    clock.now += 3600
    of.done(turn, GOOD)
    stuck = hang(of, clock, 2)
    take_all(of)
    clock.now += LATE_S
    take_all(of)
    assert all(turn.stuck for turn in stuck)


def test_nothing_is_remembered_of_hosts_of_which_a_picture_hung(clock: Clock) -> None:
    of = schedule(clock, per_host=2)
    for host in ("a", "b", "c"):
        of.put(host, 0)
        of.put(host, 1)
        (stuck,) = hang(of, clock, 1)
        of.done(stuck, TIMEOUT)
        assert stuck.hung
    assert of._hosts == {}
