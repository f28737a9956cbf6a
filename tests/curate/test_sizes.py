from __future__ import annotations

import pytest

from ganvas.curate.sizes import checked_size, propose_size
from ganvas.errors import InputError


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28)] * 5, (28, 28)),
        ([(60, 100)] * 5, (60, 100)),
        ([(30, 51)] * 5, (30, 51)),  # all alike: no rounding
        ([(256, 200)], (256, 200)),
        ([(512, 512)] * 5, (128, 128)),
        ([(400, 300)] * 4 + [(800, 600)], (128, 96)),
        ([(300, 400), (310, 400), (290, 400)], (96, 128)),
        ([(90, 60), (100, 66), (95, 61)], (92, 60)),  # never above the median sides
        ([(20, 20), (21, 21), (22, 22)], (20, 20)),
        ([(4000, 10)] * 3, (128, 4)),
        ([(1, 1)] * 3, (4, 4)),
        ([(1, 1), (2, 3)], (4, 4)),
    ],
)
def test_the_proposed_size_follows_the_pictures(sizes: list[tuple[int, int]], expected: tuple[int, int]) -> None:
    proposal = propose_size(sizes)
    assert (proposal.width, proposal.height) == expected


def test_the_proposal_comes_with_its_reason() -> None:
    assert propose_size([(28, 28)] * 5).reason == "all 5 pictures are 28x28"
    assert propose_size([(400, 300), (404, 303)]).reason == "the median of 2 pictures is 402x302, width to height 1.33"


@pytest.mark.parametrize("size", [(0, 28), (28, 0), (-5, 28), (100000, 100000), (3, 28), (28, 4097), (28.5, 28)])
def test_a_size_out_of_range_says_the_range(size: tuple[int, int]) -> None:
    with pytest.raises(InputError) as error:
        checked_size(size)
    assert (
        str(error.value) == f"--size {size[0]}x{size[1]} cannot be: it is width x height, each from 4 to 4,096 pixels"
    )


@pytest.mark.parametrize("size", [64, (64,), (64, 64, 3), ("a", "b"), (float("nan"), 4), (float("inf"), 4)])
def test_what_is_no_size_says_so(size: object) -> None:
    with pytest.raises(InputError, match="is not \\(width, height\\)"):
        checked_size(size)


def test_whole_numbers_of_any_kind_are_sizes() -> None:
    assert checked_size((4, 4096)) == (4, 4096)
    assert checked_size((64.0, 32)) == (64, 32)
