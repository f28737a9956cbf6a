"""Waiting for what another process or thread does: `wait_for(lambda: folder.exists(), "its folder")`."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0  # of a busy machine; what is waited for comes in a second or two


def wait_for(happened: Callable[[], bool], what: str) -> None:
    """Return once it is true. Raises AssertionError after very long."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, f"{what}: not in {PATIENCE_S:g} s"
        time.sleep(0.02)
