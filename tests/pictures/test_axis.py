from __future__ import annotations

import math

import pytest

from ganvas.pictures.axis import Axis


def test_wide_ranges_of_positive_numbers_go_by_powers_and_others_do_not() -> None:
    assert Axis.of([1e-4, 1e-2]).logarithmic
    assert Axis.of([1e-4, 1e-2]).share(1e-3) == pytest.approx(0.5)
    for values in ([1, 10], [0, 1000], [-1, 1000], [16, 32, 64]):
        axis = Axis.of(values)
        assert not axis.logarithmic
        assert [axis.share(values[0]), axis.share(values[-1])] == [0, 1]


@pytest.mark.parametrize(
    "values", [[0, 1], [16, 64], [0.2, 1900], [-3, 7], [1e-4, 1e-2], [3, 3.0001], [1e6, 9e9], [-0.0003, 0.19]]
)
def test_ticks_are_few_round_and_on_the_axis(values: list[float]) -> None:
    axis = Axis.of(values, room=0.05)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 6
    assert ticks == sorted(set(ticks))
    assert all(axis.low - 1e-9 <= tick <= axis.high * (1 + 1e-9) for tick in ticks)


def test_what_is_no_number_is_left_out_and_one_value_lies_in_the_middle() -> None:
    assert Axis.of([math.nan, 2, math.inf, 4]) == Axis.of([2, 4])
    assert Axis.of([5]).share(5) == 0.5
    assert Axis.of([5]).ticks() == [5]
    assert Axis.of([0, 0], room=0.1).share(0) == 0.5
    assert Axis.of([]) == Axis(0, 1)
    assert Axis(0, 10).share(99) == 1
