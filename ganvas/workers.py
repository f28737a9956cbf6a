"""What every stage with worker processes of its own needs to know: how many, and in which surroundings they start."""

from __future__ import annotations

import os
import sys


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_environment() -> dict[str, str]:
    """This process's environment, with the same packages as here however they came to be importable."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
