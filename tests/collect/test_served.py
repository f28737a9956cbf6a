"""What a limit counts: items with pictures, however many threads count and add."""

from __future__ import annotations

import threading

from ganvas.catalog.wanted import Item, Picture
from ganvas.collect.served import Served


def test_what_is_added_while_it_is_counted_is_not_forgotten() -> None:
    counting, counted = threading.Event(), threading.Event()

    def count() -> int:
        counting.set()
        counted.wait()
        return 0  # as it was when the count began

    served = Served(2, count)
    counter = threading.Thread(target=served.recount)
    counter.start()
    counting.wait()
    adder = threading.Thread(target=served.add, args=([Item("1", (Picture("http://a.example/"),))], 1))
    adder.start()
    adder.join(0.2)
    counted.set()
    counter.join()
    adder.join()
    assert served.room == 1
