"""How much a classifier gets right, from nothing and by transfer: all of Fashion-MNIST, and a thousand pictures of it.

    python -m benchmarks.classify [--studio DIR] [--few 60s] [--many 3m]

A row a backbone: pictures learned from, budget, share of the 10,000 held-out pictures that are right, with its standard
error, and how far off the probabilities are on average before and after calibration.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import ganvas
from ganvas.cli.screen import screen
from ganvas.judge.classifier.examples import examples_of
from ganvas.judge.classifier.learning import learn
from ganvas.judge.classifier.marks import marks_of
from ganvas.judge.classifier.settings import classifier_settings

FEW = 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studio", default=str(Path(tempfile.gettempdir()) / "ganvas-bench-fashion"))
    parser.add_argument("--few", default="60s", help="the budget for a thousand pictures; 0 leaves them out")
    parser.add_argument("--many", default="3m", help="the budget for all; 0 leaves them out")
    chosen = parser.parse_args()
    studio = ganvas.Studio(chosen.studio, progress=screen())
    if not studio.sets():
        studio.add_sample("fashion", full=True)
    packed = studio.set("fashion").packed
    train = np.random.default_rng(0).permutation(packed.train)
    test, shown = np.asarray(packed.images[packed.held_out]), packed.labels[packed.held_out]
    print("| learned from | backbone | budget | right | calibration error |\n|---|---|---|---|---|")
    for count, budget in ((FEW, chosen.few), (len(train), chosen.many)):
        for backbone in ("scratch", "effnet-lite0") if budget != "0" else ():
            settings = classifier_settings({"backbone": backbone, "budget": budget})
            rows = np.sort(train[:count])
            examples = examples_of(packed.images[rows], packed.labels[rows], packed.label_names, settings)
            learned = learn(examples, settings, studio.progress)
            marks = marks_of(learned.logits(test), shown, learned.labels, learned.temperature)
            before, after = marks.calibration_error
            right = f"{marks.accuracy:.2%} ± {marks.error:.2%}"
            print(f"| {count:,} | {backbone} | {budget} | {right} | {before:.1%} → {after:.1%} |", flush=True)


if __name__ == "__main__":
    main()
