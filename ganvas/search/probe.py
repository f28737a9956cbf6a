"""How fast one of several trials at a time is: `python -P -m ganvas.search.probe STUDIO SPEC.json`, for measuring.py.

It says READY when it has started as a trial does. For every line, which is a number of threads, it trains and looks at
pictures for a moment, and says what it Reached. What anything else prints goes to standard error. It writes nothing.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ganvas.search.trial import TrialSpec
from ganvas.search.trial_process import limit_threads
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.encode import Encoder
    from ganvas.pictures.packed import PackedSet
    from ganvas.train.plan import Plan

READY = "ready"
TRAINING_S = 1.0
LOOKED_AT = 64  # pictures


@dataclass(frozen=True)
class Reached:
    """Images a second of training, pictures a second that were looked at; how many of them, and the budget, of a whole
    trial.
    """

    images_a_second: float
    looked_at_a_second: float
    looks: int
    budget_kind: str
    budget: float

    def whole_trial(self, start_s: float) -> tuple[float, float]:
        """(images, seconds) from its start to its end."""
        timed = self.budget_kind == "seconds"
        training_s = self.budget if timed else self.budget / self.images_a_second
        return self.images_a_second * training_s, start_s + training_s + self.looks / self.looked_at_a_second


def main(arguments: list[str], answers: IO[str]) -> None:
    """Give the `answers` until nothing more is asked."""
    spec = TrialSpec(**json.loads(Path(arguments[1]).read_text(encoding="utf-8")))
    limit_threads(spec.threads)
    from ganvas.encode import encoder
    from ganvas.pictures.packed import PackedSet
    from ganvas.train.plan import make_plan
    from ganvas.train.settings import train_settings

    packed = PackedSet.open(StudioFolder.open(arguments[0]).sets / spec.set_name)
    plan, looks = make_plan(train_settings(spec.settings), packed), encoder()
    looks.encode(packed.images[packed.train[:1]])
    print(READY, file=answers, flush=True)
    for threads in sys.stdin:
        limit_threads(int(threads))
        print(json.dumps(asdict(_reached(plan, packed, looks, spec.judge_n))), file=answers, flush=True)


def _reached(plan: Plan, packed: PackedSet, looks: Encoder, judge_n: int) -> Reached:
    from ganvas.train.doctor import steps_a_second

    pictures = packed.images[packed.train[:LOOKED_AT]]
    rate = steps_a_second(plan, packed, TRAINING_S) * plan.batch
    begun = time.perf_counter()
    looks.encode(pictures)
    looked = len(pictures) / (time.perf_counter() - begun)
    settings = plan.settings
    light = settings.light_judge * (1 + settings.ticks // (settings.judge_every or 1))
    return Reached(rate, looked, light + judge_n, plan.budget.kind, plan.budget.amount)


if __name__ == "__main__":
    answers = sys.stdout
    with redirect_stdout(sys.stderr):
        main(sys.argv[1:], answers)
