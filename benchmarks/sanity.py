"""What each score says of generators that are plainly wrong, on Fashion-MNIST: a table for docs/judging.md.

    python -m benchmarks.sanity [--studio DIR] [-n 2000]

Real pictures never seen, noise, one picture again and again, the training pictures themselves, a twentieth of them
among new ones, and the pictures of one label only. Real pictures stand for a perfect generator.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import ganvas
from ganvas.cli.screen import screen
from ganvas.encode import encoder
from ganvas.judge import judge_pictures
from ganvas.judge.comparison import choose_reals
from ganvas.pictures.packed import PackedSet

COLUMNS = (
    *("KID×1000", "FD", "precision", "recall", "density", "coverage"),
    *("authenticity", "copies", "nearer to trained-on"),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studio", default=str(Path(tempfile.gettempdir()) / "ganvas-bench-fashion"))
    parser.add_argument("-n", type=int, default=2000)
    chosen = parser.parse_args()
    studio = ganvas.Studio(chosen.studio, progress=screen())
    if not studio.sets():
        studio.add_sample("fashion", full=True)
    packed = studio.set("fashion").packed
    look = encoder()
    print("| generator | " + " | ".join(COLUMNS) + " |\n|---|" + "---|" * len(COLUMNS))
    for name, pictures in _generators(packed, chosen.n).items():
        card = judge_pictures(pictures, packed, encoder=look, n=chosen.n)
        print(f"| {name} | " + " | ".join(card.shown(COLUMNS)) + " |", flush=True)
    usual = {score.label: score.baseline_shown for score in card.scores}
    print("| *real against real* | " + " | ".join(usual[name] for name in COLUMNS) + " |")


def _generators(packed: PackedSet, n: int) -> dict[str, NDArray[np.uint8]]:
    rng = np.random.default_rng(7)
    judging = choose_reals(packed, n).judging
    train, unseen = rng.permutation(packed.train), rng.permutation(np.setdiff1d(packed.held_out, judging))
    shape = packed.images.shape[1:]

    def some(rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.asarray(packed.images[np.sort(rows[:n])])

    new = some(unseen)
    planted = new.copy()
    planted[: n // 20] = packed.images[train[: n // 20]]
    return {
        "real pictures it never saw": new,
        "noise": rng.integers(0, 256, (n, *shape), dtype=np.uint8),
        "one picture again and again": np.repeat(new[:1], n, axis=0),
        "ten pictures again and again": new[np.arange(n) % 10],
        "its training pictures": some(train),
        "a twentieth copied, the rest real": planted,
        "one label only": some(train[packed.labels[train] == 0]),
    }


if __name__ == "__main__":
    main()
