"""Garbage is seldom looked for while much is made and little of it is: `with seldom_looked_for():`.

Nearly all that a fetch leaves behind goes at once; three small objects a fetch refer to one another and wait for
Python's collector. Looking for these among all modules and after every 700 objects took 6 % of the processor's time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

AFTER_OBJECTS = 10_000  # 7 MB more; after 2,000 it took 2 to 6 % longer


@contextmanager
def seldom_looked_for() -> Iterator[None]:
    """Within, what is there already is not looked through, and the rest less often."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(AFTER_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
