"""An iterator that lives in a thread of its own, whoever asks it: `in_own_thread(lambda: search(…))`.

A browser is driven by the one thread that opened it; who collects may ask for the next item from any.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
THREAD = "a source's own"


@dataclass
class _Line(Generic[Thing]):
    """True: the next one, please. False: no more. And what comes back."""

    asked: SimpleQueue[bool] = field(default_factory=SimpleQueue)
    given: SimpleQueue[tuple[Thing, ...] | BaseException] = field(default_factory=SimpleQueue)


def in_own_thread(make: Callable[[], Iterator[Thing]]) -> Iterator[Thing]:
    """What `make()` yields, worked out only as asked for. Closing this closes it, and waits until it is closed."""
    line: _Line[Thing] = _Line()
    thread = threading.Thread(target=_work, args=(make, line), name=THREAD, daemon=True)
    thread.start()
    try:
        while True:
            line.asked.put(True)
            answer = line.given.get()
            if isinstance(answer, BaseException):
                raise answer
            if not answer:
                return
            yield answer[0]
    finally:
        line.asked.put(False)
        thread.join()


def _work(make: Callable[[], Iterator[Thing]], line: _Line[Thing]) -> None:
    things: Iterator[Thing] | None = None
    try:
        while line.asked.get():
            things = make() if things is None else things
            found = next(things, None)
            if found is None:
                break
            line.given.put((found,))
    except BaseException as error:  # raised again where it was asked
        line.given.put(error)
    else:
        line.given.put(())
    finally:
        close = getattr(things, "close", None)
        if close:
            close()
