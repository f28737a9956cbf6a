"""How often garbage is looked for while collecting, and that it is as before afterwards."""

import gc
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from ganvas.collect.garbage import AFTER_OBJECTS, seldom_looked_for


@pytest.fixture(autouse=True)
def before() -> Iterator[tuple[int, int, int]]:
    threshold = gc.get_threshold()
    yield threshold
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_garbage_is_looked_for_as_before_when_collecting_has_ended_or_failed(before: tuple[int, int, int]) -> None:
    with suppress(KeyboardInterrupt), seldom_looked_for():
        assert gc.get_threshold() == (AFTER_OBJECTS, *before[1:])
        assert gc.get_freeze_count() > 0
        raise KeyboardInterrupt
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_the_last_of_several_collections_leaves_it_as_it_was_before_the_first(before: tuple[int, int, int]) -> None:
    first, second = ExitStack(), ExitStack()
    first.enter_context(seldom_looked_for())
    second.enter_context(seldom_looked_for())
    first.close()
    assert gc.get_threshold()[0] == AFTER_OBJECTS
    assert gc.get_freeze_count() > 0
    second.close()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("objects", [0, AFTER_OBJECTS, 5 * AFTER_OBJECTS])
def test_who_looks_still_less_often_or_not_at_all_is_left_his_way(before: tuple[int, int, int], objects: int) -> None:
    gc.set_threshold(objects, 7, 7)
    with seldom_looked_for():
        assert gc.get_threshold()[0] == objects
    assert gc.get_threshold()[0] == objects


def test_what_a_program_has_frozen_stays_frozen() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    with seldom_looked_for():
        assert gc.get_freeze_count() <= frozen
    assert gc.get_freeze_count() > frozen / 2  # some of it goes by itself
