"""Who ends early: the worse ones at a rung, once enough came there, and never by less than their own error."""

from __future__ import annotations

from ganvas.search.pruning import decide
from ganvas.search.trial import Tick


def ticks(number: int, *kids: float, sd: float = 0.0, step: float = 0.125) -> list[Tick]:
    """Judgements at equal steps of the budget, the first before any training."""
    scores = ({"kid": kid, "kid_sd": sd} for kid in kids)
    return [Tick(number, int(800 * i * step), i * step, i * step, said) for i, said in enumerate(scores)]


def test_fewer_than_three_at_a_rung_end_nobody() -> None:
    assert decide({0: ticks(0, 9, 0.1), 1: ticks(1, 9, 5.0)}, 1) is None


def test_the_worse_two_thirds_end_with_the_numbers_that_say_why() -> None:
    found = {0: ticks(0, 9, 0.1), 1: ticks(1, 9, 0.2), 2: ticks(2, 9, 0.3)}
    assert decide(found, 0) is None
    reason = decide(found, 2)
    assert reason == ("at 12% of its budget KID×1000 was 300, 3 of 3 that came so far; the best 1/3 had 100 or less")


def test_a_difference_within_its_own_error_ends_nobody() -> None:
    found = {0: ticks(0, 9, 0.10), 1: ticks(1, 9, 0.20), 2: ticks(2, 9, 0.15, sd=0.06)}
    assert decide(found, 2) is None
    assert decide(found, 1) is not None


def test_before_the_first_rung_and_at_the_very_end_nothing_is_decided() -> None:
    early = {i: ticks(i, 0.1 * (1 + i)) for i in range(9)}
    assert all(decide(early, i) is None for i in range(9))
    late = {i: [Tick(i, 800, 1.0, 1.0, {"kid": 0.1 * (1 + i)})] for i in range(9)}
    assert all(decide(late, i) is None for i in range(9))


def test_the_highest_rung_counts_with_those_that_came_there() -> None:
    slow_starters = {i: ticks(i, 9, 0.1, 0.1, 0.1) for i in range(3)}  # come to 37.5 %, past the rung of a third
    found = {**slow_starters, 3: ticks(3, 9, 0.1, 0.1, 0.5), 4: ticks(4, 9, 0.05)}
    assert "4 of 4" in str(decide(found, 3))
    assert decide(found, 0) is None


def test_each_is_compared_at_the_same_share_of_its_budget_however_far_others_are() -> None:
    far = {i: ticks(i, 9, 0.5, 0.1, 0.01, 0.001) for i in range(3)}
    assert decide({**far, 3: ticks(3, 9, 0.4)}, 3) is None


def test_trials_that_are_not_judged_while_they_train_go_on() -> None:
    blind = {i: [Tick(i, 400, 1.0, 0.5, {"diversity": 1.0})] for i in range(5)}
    assert all(decide(blind, i) is None for i in range(5))


def test_judgements_that_are_no_number_decide_nothing() -> None:
    for broken in (None, float("nan"), float("inf")):
        odd = [Tick(9, 400, 0.5, 0.5, {"kid": broken, "kid_sd": broken})]  # type: ignore[dict-item]
        found = {0: ticks(0, 9, 0.1), 1: ticks(1, 9, 0.2), 2: ticks(2, 9, 0.3), 9: odd}
        assert decide(found, 9) is None
        assert "3 of 3" in str(decide(found, 2))
        unsure = [Tick(3, 100, 0.125, 0.125, {"kid": 0.4, "kid_sd": broken})]  # type: ignore[dict-item]
        assert "3 of 3" in str(decide({0: ticks(0, 9, 0.1), 1: ticks(1, 9, 0.2), 3: unsure}, 3))
