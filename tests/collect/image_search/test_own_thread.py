"""An iterator in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ganvas.collect.sources.own_thread import THREAD, in_own_thread


class Counting:
    def __init__(self, until: int = 1000, fails_at: int | None = None) -> None:
        self.until, self.fails_at = until, fails_at
        self.threads: set[int] = set()
        self.reached = 0
        self.closed_in: int | None = None

    def __call__(self) -> Iterator[int]:
        try:
            while self.reached < self.until:
                self.reached += 1
                self.threads.add(threading.get_ident())
                if self.reached == self.fails_at:
                    raise ValueError("no more")
                yield self.reached
        finally:
            self.closed_in = threading.get_ident()


def own_threads() -> int:
    return sum(thread.name == THREAD for thread in threading.enumerate())


def test_it_works_only_as_asked_in_one_thread_whoever_asks() -> None:
    count = Counting()
    numbers = in_own_thread(count)
    assert next(numbers) == 1
    with ThreadPoolExecutor(1) as other:
        assert other.submit(next, numbers).result() == 2
    assert count.reached == 2
    assert len(count.threads) == 1
    assert threading.get_ident() not in count.threads
    numbers.close()  # type: ignore[attr-defined]
    assert {count.closed_in} == count.threads
    assert own_threads() == 0


def test_its_end_and_its_errors_are_those_of_the_iterator() -> None:
    assert list(in_own_thread(Counting(3))) == [1, 2, 3]
    numbers = in_own_thread(Counting(3, fails_at=2))
    assert next(numbers) == 1
    with pytest.raises(ValueError, match="no more"):
        next(numbers)
    assert list(numbers) == []
    assert own_threads() == 0


def test_one_that_is_dropped_or_never_asked_leaves_no_thread() -> None:
    in_own_thread(Counting()).close()  # type: ignore[attr-defined]
    numbers = in_own_thread(Counting())
    next(numbers)
    del numbers
    assert own_threads() == 0
