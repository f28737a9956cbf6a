"""Fashion-MNIST, 60,000 to train on, scored against the held-out 10,000 (n = 5,000, effnet-lite0 at 96 px).

    python -m benchmarks.fashion [--budget 180s] [--set NAME=VALUE …]
    python -m benchmarks.fashion --budget 60s --each network=r3gan --each loss=hinge …

Prints a table: images seen, KID×1000, FD, precision, recall, density, coverage, authenticity, and the real-against-real
baseline; with --each one training of the same budget for the defaults and for each of these settings, a row a training.
Needs the data set's own files: the Debian package dataset-fashion-mnist, or a network.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import ganvas
from ganvas.assignments import parse_assignments
from ganvas.cli.screen import screen
from ganvas.errors import TrainingStopped

COLUMNS = ("KID×1000", "FD", "precision", "recall", "density", "coverage", "authenticity")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--budget", default="180s")
    parser.add_argument("--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--each", action="append", default=[], metavar="NAME=VALUE[,NAME=VALUE…]")
    parser.add_argument("--studio", default=str(Path(tempfile.gettempdir()) / "ganvas-bench-fashion"))
    parser.add_argument("-n", type=int, default=5000)
    chosen = parser.parse_args()
    studio = ganvas.Studio(chosen.studio, progress=screen())
    if not studio.sets():
        studio.add_sample("fashion", full=True)
    _print(["seconds", "settings", "images", *COLUMNS])
    _print(["---"] * (3 + len(COLUMNS)))
    for each in ["", *chosen.each]:
        own = [*chosen.assignments, *filter(None, each.split(","))]
        named = " ".join(f"`{assignment}`" for assignment in own) or "defaults"
        try:
            run = studio.set("fashion").train(budget=chosen.budget, **parse_assignments(own))
        except TrainingStopped as stopped:
            run, named = studio.run("last"), f"{named}, {str(stopped).partition(';')[0]}"
        scores = {name: (here, real) for name, here, real in run.judge(chosen.n).rows()}
        drawn, baseline = zip(*(scores.get(name, ("", "")) for name in COLUMNS), strict=True)
        facts = run.info()
        _print([str(facts["train_seconds"]), named, f"{facts['images']:,}", *drawn])
    _print(["", "real against real", "", *baseline])


def _print(cells: list[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
