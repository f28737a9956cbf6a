"""`make bench`: every benchmark in turn. One alone: `python -m benchmarks.loop_speed`."""

from __future__ import annotations

import runpy

NAMES = ("startup", "pack", "loop_speed", "step_share", "fashion", "words")

for name in NAMES:
    print(f"== {name}")
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
