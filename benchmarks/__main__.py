"""`make bench`: every benchmark in turn. One alone: `python -m benchmarks.loop_speed`.

Left out are `words`, which asks for a run that was told words, `scores_speed` and `clean_speed`, for their peers'
environment, and `stamps` and `encode_speed`, for pictures of their own.
"""

from __future__ import annotations

import runpy

NAMES = ("startup", "pack", "loop_speed", "step_share", "fashion", "sanity", "classify")

for name in NAMES:
    print(f"== {name}")
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
