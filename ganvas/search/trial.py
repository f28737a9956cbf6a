"""A trial: one point of the space under one seed, which becomes one run. What is known of it is a line of trials.jsonl.

Plain values in and out; no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

WAITING = "waiting"
RUNNING = "running"
FINISHED = "finished"  # the whole budget, or as much as its run found worth while (a plateau), and judged
PRUNED = "pruned"  # worse than others at a rung: `reason` says at which
STOPPED = "stopped"  # by a training alarm: one colour, collapse, not a number, a discriminator that won
FAILED = "failed"  # an error; another try only when asked for (--retry-failed)
STATES = (WAITING, RUNNING, FINISHED, PRUNED, STOPPED, FAILED)
ENDED = (FINISHED, PRUNED, STOPPED, FAILED)

Point = dict[str, Any]  # dotted names of settings to values, {"network.generator_filters": 32, "batch": 16}


@dataclass(frozen=True)
class Trial:
    """`number` counts trials from 0; those of one point share `group` and differ in `seed`.

    `run` is the name of its run in the studio. `scores` are those of its scorecard, by the names of judge ("kid" not
    multiplied, "coverage", …) with NAME_baseline beside; `light` is the last light judgement. `seconds` are wall-clock.
    """

    number: int
    group: int
    point: Point
    seed: int
    run: str
    state: str = WAITING
    reason: str | None = None
    scores: dict[str, float] = field(default_factory=dict)
    light: dict[str, float] = field(default_factory=dict)
    images: int = 0
    seconds: float = 0.0
    worker: str | None = None
    begun_at: str | None = None
    ended_at: str | None = None
    removed: tuple[str, ...] = ()  # files that were removed to save room


@dataclass(frozen=True)
class TrialSpec:
    """All that a process needs to train and judge one trial; JSON goes between them."""

    number: int
    run: str
    set_name: str
    settings: dict[str, Any]  # nested, as `train` takes them; budget and seed are among them
    judge_n: int
    threads: int


@dataclass(frozen=True)
class Tick:
    """What a trial reported at one of its light judgements. `progress` is the share of its budget."""

    number: int
    images: int
    seconds: float
    progress: float
    scores: dict[str, float]


@dataclass(frozen=True)
class Ended:
    """How a trial's process ended: FINISHED, STOPPED or FAILED; WAITING where it was lost with its machine.

    `worker` is who ran it, where its engine came to know that after the start.
    """

    number: int
    state: str
    reason: str | None
    scores: dict[str, float]
    images: int
    seconds: float
    worker: str | None = None


Event = Tick | Ended
