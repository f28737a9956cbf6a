"""How fast one of several trials at a time is: `python -P -m ganvas.search.probe STUDIO SPEC.json`, for measuring.py.

It says `ready` when it has started as a trial does. For every line, which is a number of threads, it trains and looks
at pictures for a moment, and says what it reached. It writes nothing.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.search.trial import TrialSpec
from ganvas.search.trial_process import limit_threads
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.encode import Encoder
    from ganvas.pictures.packed import PackedSet
    from ganvas.train.plan import Plan

TRAINING_S = 1.0
LOOKED_AT = 64  # pictures


def main(arguments: list[str]) -> None:
    spec = TrialSpec(**json.loads(Path(arguments[1]).read_text(encoding="utf-8")))
    limit_threads(spec.threads)
    from ganvas.encode import encoder
    from ganvas.pictures.packed import PackedSet
    from ganvas.train.plan import make_plan
    from ganvas.train.settings import train_settings

    packed = PackedSet.open(StudioFolder.open(arguments[0]).sets / spec.set_name)
    plan, looks = make_plan(train_settings(spec.settings), packed), encoder()
    looks.encode(packed.images[packed.train[:1]])
    print("ready", flush=True)
    for threads in sys.stdin:
        limit_threads(int(threads))
        print(json.dumps(_reached(plan, packed, looks, spec.judge_n)), flush=True)


def _reached(plan: Plan, packed: PackedSet, looks: Encoder, judge_n: int) -> dict[str, Any]:
    from ganvas.train.doctor import steps_a_second

    pictures = packed.images[packed.train[:LOOKED_AT]]
    rate = steps_a_second(plan, packed, TRAINING_S) * plan.batch
    begun = time.perf_counter()
    looks.encode(pictures)
    looked = len(pictures) / (time.perf_counter() - begun)
    settings = plan.settings
    light = settings.light_judge * (1 + settings.ticks // (settings.judge_every or 1))
    found = {"images_a_second": rate, "looked_at_a_second": looked, "looks": light + judge_n}
    return {**found, "budget_kind": plan.budget.kind, "budget": plan.budget.amount}


if __name__ == "__main__":
    main(sys.argv[1:])
