"""How long all scores of 5,000 against 5,000 features take, beside torch-fidelity and prdc, and what 50,000 cost.

    python -m benchmarks.scores_speed --peer .venv-reference/bin/python [--real FILE.npy --fake FILE.npy]

The peers live in the environment that benchmarks/reference/make.py names; both sides get the same features (of any
encoder, made up if none are given) and take turns. Prints seconds (medians of three), their ratio, and the peak memory
of a process that scores 50,000 against 50,000.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

WIDTH = 1280
TURNS = 3
OURS = """
import sys, time, numpy as np
from ganvas.scores.frechet import frechet_distance
from ganvas.scores.kid import kid
from ganvas.scores.manifold import manifold_scores
real, fake = np.load(sys.argv[1]), np.load(sys.argv[2])
begun = time.perf_counter()
print(1000 * kid(real, fake).mean, frechet_distance(real, fake), manifold_scores(real, fake, 5), file=sys.stderr)
print(time.perf_counter() - begun)
"""
THEIRS = """
import sys, time, numpy as np, torch
from prdc import compute_prdc
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
real, fake = np.load(sys.argv[1]), np.load(sys.argv[2])
begun = time.perf_counter()
sides = [torch.from_numpy(side) for side in (real, fake)]
kid = kid_features_to_metric(*sides, verbose=False)
fd = fid_statistics_to_metric(*map(fid_features_to_statistics, sides), verbose=False)
print(kid, fd, compute_prdc(real, fake, nearest_k=5), file=sys.stderr)
print(time.perf_counter() - begun)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", required=True, help="the Python of the peers' environment")
    parser.add_argument("--real", type=Path)
    parser.add_argument("--fake", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        real = chosen.real or _made_up(Path(folder) / "real.npy", 5000, 1)
        fake = chosen.fake or _made_up(Path(folder) / "fake.npy", 5000, 2)
        ours, theirs = [], []
        for _ in range(TURNS):
            ours.append(_seconds(sys.executable, OURS, real, fake))
            theirs.append(_seconds(chosen.peer, THEIRS, real, fake))
        print("| 5,000 × 5,000 | seconds (median, min–max) |\n|---|---|")
        for name, seconds in (("ganvas", ours), ("torch-fidelity + prdc", theirs)):
            print(f"| {name} | {statistics.median(seconds):.2f} ({min(seconds):.2f}–{max(seconds):.2f}) |")
        print(f"ratio {statistics.median(ours) / statistics.median(theirs):.2f}")
        many = [_made_up(Path(folder) / f"many{i}.npy", 50_000, i) for i in (3, 4)]
        begun = time.perf_counter()
        _seconds(sys.executable, OURS, *many)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        print(f"50,000 × 50,000: {time.perf_counter() - begun:,.0f} s, at most {peak:.2f} GiB in any process so far")


def _made_up(path: Path, count: int, seed: int) -> Path:
    rng = np.random.default_rng(seed)
    np.save(path, np.maximum(rng.normal(0.2, 0.5, (count, WIDTH)), 0).astype(np.float32))
    return path


def _seconds(python: str, code: str, real: Path, fake: Path) -> float:
    done = subprocess.run([python, "-c", code, str(real), str(fake)], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])  # prdc prints, too


if __name__ == "__main__":
    main()
