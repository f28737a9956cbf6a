from __future__ import annotations

import numpy as np
import pytest

from ganvas.pictures.bands import ends_and_between


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, (0, 0, 0)), (15, (15, 0, 0)), (21, (20, 1, 0)), (40, (20, 20, 0)), (47, (20, 20, 7)), (500, (20, 20, 20))],
)
def test_each_picture_is_shown_once(count: int, sizes: tuple[int, int, int]) -> None:
    first, last, between = ends_and_between(count, 20, seed=3)
    assert (len(first), len(last), len(between)) == sizes
    every = np.concatenate([first, last, between])
    assert len(np.unique(every)) == len(every) == min(count, 60)
    assert first.tolist() == list(range(sizes[0]))
    assert last.tolist() == [count - 1 - i for i in range(sizes[1])]
    assert between.tolist() == sorted(between)


def test_those_between_are_drawn_by_the_seed() -> None:
    one, again, other = (ends_and_between(300, 20, seed)[2].tolist() for seed in (1, 1, 2))
    assert one == again != other
