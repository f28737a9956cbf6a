"""Garbage is seldom looked for while much is made and little of it is: `with seldom_looked_for():`.

Nearly all that a fetch leaves behind goes at once; three small objects a fetch refer to one another and wait for
Python's collector. Looking for these among all modules and after every 700 objects took 6 % of the processor's time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

AFTER_OBJECTS = 10_000  # 7 MB more; after 2,000 it took 2 to 6 % longer

_lock = Lock()
_within = 0  # how many collections of this process: the first changes its settings, the last gives them back
_as_before = ExitStack()


@contextmanager
def seldom_looked_for() -> Iterator[None]:
    """Within, what is there already is not looked through, and the rest less often.

    A program around that looks still less often, or not at all, or has frozen what it made, is left its way.
    """
    _come_or_go(1)
    try:
        yield
    finally:
        _come_or_go(-1)


def _come_or_go(change: int) -> None:
    global _within
    with _lock:
        before, _within = _within, _within + change
        if not _within:
            _as_before.close()
        elif not before:
            _look_seldom()


def _look_seldom() -> None:
    if gc.get_freeze_count() == 0:
        gc.freeze()
        _as_before.callback(gc.unfreeze)
    objects, *older = gc.get_threshold()
    if 0 < objects < AFTER_OBJECTS:
        gc.set_threshold(AFTER_OBJECTS, *older)
        _as_before.callback(gc.set_threshold, objects, *older)
