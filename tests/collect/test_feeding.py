"""The feeder pulls a source no further than is wanted, whoever writes meanwhile what has gathered."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from types import SimpleNamespace

from ganvas.catalog.wanted import Item, Page
from ganvas.collect.feeding import Feeder
from tests.waiting import PATIENCE_S, wait_for


def test_what_another_thread_is_writing_counts_as_had() -> None:
    pulled: list[int] = []
    recorded: list[Page | Item] = []
    writing, let_go = threading.Event(), threading.Event()

    def start() -> Iterator[Item]:
        for number in range(9):
            pulled.append(number)
            if number == 1:
                assert writing.wait(PATIENCE_S)  # another thread is at what came before
            yield Item(f"item {number}")

    def write(found: Sequence[Page | Item]) -> None:
        if not writing.is_set():
            writing.set()
            assert let_go.wait(PATIENCE_S)
        recorded.extend(found)

    feeder = Feeder(SimpleNamespace(name="numbers", start=start), write, lambda: 2 - len(recorded), lambda: None)
    feeder.start()
    wait_for(lambda: pulled == [0, 1], "the second item asked for")
    engine = threading.Thread(target=feeder.flush)
    engine.start()
    wait_for(lambda: bool(recorded), "the second item written")
    let_go.set()
    engine.join()
    feeder.stop()
    assert feeder.error is None
    assert (pulled, feeder.written, len(recorded)) == ([0, 1], 2, 2)
