"""Fashion-MNIST, 60,000 to train on, scored against the held-out 10,000 (n = 5,000, effnet-lite0 at 96 px).

    python -m benchmarks.fashion [--budget 180s] [--set NAME=VALUE …]

Prints KID×1000, precision, recall, density and coverage beside the real-against-real baseline, with images/s.
Needs the data set's own files: the Debian package dataset-fashion-mnist, or a network.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import ganvas
from ganvas.cli.screen import screen
from ganvas.train.settings import parse_assignments


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--budget", default="180s")
    parser.add_argument("--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--studio", default=str(Path(tempfile.gettempdir()) / "ganvas-bench-fashion"))
    parser.add_argument("-n", type=int, default=5000)
    chosen = parser.parse_args()
    root = Path(chosen.studio)
    studio = ganvas.Studio(root, progress=screen())
    if not studio.sets():
        studio.add_sample("fashion", full=True)
    run = studio.set("fashion").train(budget=chosen.budget, **parse_assignments(chosen.assignments))
    card = run.judge(chosen.n)
    facts = run.info()
    print(f"{run.name}: {facts['images']:,} images in {facts['train_seconds']} s of training steps")
    print(f"{chosen.assignments or 'defaults'}; {card.headline}")
    for row in card.rows():
        print("  ".join(f"{cell:>16}" for cell in row))


if __name__ == "__main__":
    main()
