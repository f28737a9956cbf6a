"""A search of twelve trials, two at a time against one after another; and what the driver itself costs a trial.

    python -m benchmarks.search [--pictures 2000] [--budget 6000-images] [--without-trainings]

The grid is real: Fashion-MNIST's pictures, small networks, each trial trained and judged. Both ways run in one studio,
one after the other, on all processors this process may use; what the planner would choose is measured first. Aim: two
at a time need at most .75 times as long, or the planner chooses one after another.

The driver's cost is that of searches whose trials do nothing but tell twenty judgements, a hundredth of a one-minute
trial being .6 s; the table of a thousand trials is to open in under 2 s.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import ganvas
from ganvas.cli.screen import screen
from ganvas.search.driver import search
from ganvas.search.measuring import measure
from ganvas.search.samplers import make_sampler
from ganvas.search.space import Space, settings_of
from ganvas.search.table import results
from ganvas.search.trial import FINISHED, Ended, Event, Tick, TrialSpec
from ganvas.studio import StudioFolder
from ganvas.workers import processors
from tests.search.engines import Scripted

GRID = {
    "device": "cpu",
    "network": "dcgan",
    "network.generator_filters": [8, 16],
    "batch": [16, 32],
    "generator_rate": [8e-4, 1.6e-3, 3.2e-3],
}
JUDGE_N = 500


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--budget", default="6000-images", help="of each trial")
    parser.add_argument("--without-trainings", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        studio = ganvas.Studio(Path(folder) / "studio", progress=screen())
        studio.add_sample("fashion")
        drop = max(0, 10_000 - chosen.pictures)
        studio.set("fashion", max_per_label=(10_000 - drop) // 10)
        if not chosen.without_trainings:
            _two_ways(studio.folder, chosen.budget)
        _cost_of_driving(studio.folder)


def _two_ways(studio: StudioFolder, budget: str) -> None:
    space, cores = Space.of(GRID), processors()
    first = make_sampler("grid", space).ask(1)[0]
    spec = TrialSpec(0, "probe-000", "fashion", {**settings_of(first), "budget": budget, "seed": 0}, JUDGE_N, 1)
    begun = time.perf_counter()
    found = measure(studio, studio.root, spec, {1: cores, 2: max(1, cores // 2)}, trials=12)
    rates = {jobs: max(turns) for jobs, turns in found.items()}
    told = ", ".join(f"{rate:,.0f} images/s with {jobs} at a time" for jobs, rate in rates.items())
    cost = f"in {len(found[1])} turns each, {time.perf_counter() - begun:.0f} s"
    print(f"the planner measures {told} {cost}: it would choose {max(rates, key=lambda jobs: rates[jobs])}\n")
    print("| at a time | threads each | trials | seconds | of one after another | best KID×1000 | load before |")
    print("|---|---|---|---|---|---|---|")
    seconds: dict[int, float] = {}
    for jobs in (1, 2):
        load, begun = os.getloadavg()[0], time.perf_counter()
        found = search(
            studio, "fashion", space, budget=budget, jobs=jobs, judge_n=JUDGE_N, prune=False, name=f"{jobs}-at-a-time"
        )
        seconds[jobs] = time.perf_counter() - begun
        trials = found.trials()
        best = min(trial.scores.get("kid", np.inf) for trial in trials)
        print(
            f"| {jobs} | {max(1, cores // jobs)} | {len(trials)} | {seconds[jobs]:.0f} | "
            f"{seconds[jobs] / seconds[1]:.2f} | {1000 * best:.0f} | {load:.1f} |"
        )
        sys.stdout.flush()


def _only_judged(spec: TrialSpec) -> list[Event]:
    """Twenty light judgements, none better than another, and an end."""
    said = {"kid": 0.1, "kid_sd": 0.01}
    judged: list[Event] = [Tick(spec.number, 100 * i, float(i), i / 20, said) for i in range(1, 21)]
    return [*judged, Ended(spec.number, FINISHED, None, {"kid": 0.1}, 2000, 20.0)]


def _cost_of_driving(studio: StudioFolder) -> None:
    print(
        "\n| trials that do nothing | ms a trial | share of a minute | going on, s | table, s |\n|---|---|---|---|---|"
    )
    for count in (10, 1000):
        space = Space.of({"device": "cpu", "generator_rate": {"low": 1e-4, "high": 1e-2, "steps": count}})
        name = f"{count}-of-nothing"
        begun = time.perf_counter()
        folder = search(studio, "fashion", space, engine=Scripted(_only_judged), name=name)
        each = (time.perf_counter() - begun) / count
        begun = time.perf_counter()
        search(studio, "fashion", space, engine=Scripted(), name=name)
        again = time.perf_counter() - begun
        begun = time.perf_counter()
        results(folder.trials()).frame()
        table = time.perf_counter() - begun
        print(f"| {count:,} | {1000 * each:.1f} | {each / 60:.3%} | {again:.2f} | {table:.2f} |", flush=True)


if __name__ == "__main__":
    main()
