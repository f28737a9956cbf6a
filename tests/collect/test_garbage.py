"""How often garbage is looked for while collecting, and that it is as before afterwards."""

import contextlib
import gc

from ganvas.collect.garbage import seldom_looked_for


def test_garbage_is_looked_for_as_before_when_collecting_has_ended_or_failed() -> None:
    before = gc.get_threshold()
    with contextlib.suppress(KeyboardInterrupt), seldom_looked_for():
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_freeze_count() > 0
        raise KeyboardInterrupt
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
