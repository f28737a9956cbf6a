"""How fast one of several trials at a time would be: `python -P -m ganvas.search.probe STUDIO SPEC.json`, for jobs.py.

It says `ready` when it has started as a trial does, waits for a line, trains and looks at pictures for some seconds,
and says what it reached. It writes nothing.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from ganvas.search.trial import TrialSpec
from ganvas.search.trial_process import limit_threads
from ganvas.studio import StudioFolder

TRAINING_S = 2.0
LOOKED_AT = 64  # pictures


def main(arguments: list[str]) -> None:
    spec = TrialSpec(**json.loads(Path(arguments[1]).read_text(encoding="utf-8")))
    limit_threads(spec.threads)
    from ganvas.encode import encoder
    from ganvas.pictures.packed import PackedSet
    from ganvas.train.doctor import steps_a_second
    from ganvas.train.plan import make_plan
    from ganvas.train.settings import train_settings

    packed = PackedSet.open(StudioFolder.open(arguments[0]).sets / spec.set_name)
    plan, looks = make_plan(train_settings(spec.settings), packed), encoder()
    pictures = packed.images[packed.train[:LOOKED_AT]]
    looks.encode(pictures[:1])
    print("ready", flush=True)
    sys.stdin.readline()
    rate = steps_a_second(plan, packed, TRAINING_S) * plan.batch
    begun = time.perf_counter()
    looks.encode(pictures)
    looked = len(pictures) / (time.perf_counter() - begun)
    settings = plan.settings
    light = settings.light_judge * (1 + settings.ticks // (settings.judge_every or 1))
    found = {"images_a_second": rate, "looked_at_a_second": looked, "looks": light + spec.judge_n}
    print(json.dumps({**found, "budget_kind": plan.budget.kind, "budget": plan.budget.amount}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
