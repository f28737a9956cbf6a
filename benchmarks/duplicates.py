"""Near-duplicates among 1,000,000 hashes, 2 % of them planted: seconds and memory of a fresh process for each radius.

    python -m benchmarks.duplicates [--count 1000000] [--radius 4 6 8] [--peer PYTHON]

Limits at radius 4: 60 s and 2 GB on 2 cores, every planted pair found. Random hashes, and skewed ones, of which a
quarter of the bits are 0 in 49 of 50. `--peer` is the Python of an environment with faiss-cpu: its IndexBinaryMultiHash
(4 hashes of 16 bits, one flip: exact up to radius 7) searches the same random hashes. A million takes it longer than
eight minutes: give it `--count 100000`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SHARE = 0.02
OURS = """
import resource, sys, time, numpy as np
from ganvas.scores.hamming import pairs_within
hashes, planted = np.load(sys.argv[1]), np.load(sys.argv[2])
begun = time.perf_counter()
pairs = pairs_within(hashes, int(sys.argv[3]))
seconds = time.perf_counter() - begun
keys = pairs[:, 0] * len(hashes) + pairs[:, 1]
found = np.isin(planted[:, 0] * len(hashes) + planted[:, 1], keys).sum()
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, len(pairs), found)
"""
THEIRS = """
import resource, sys, time, faiss, numpy as np
faiss.omp_set_num_threads(2)
hashes, planted = np.load(sys.argv[1]), np.load(sys.argv[2])
begun = time.perf_counter()
codes = np.ascontiguousarray(hashes).view(np.uint8).reshape(-1, 8)
index = faiss.IndexBinaryMultiHash(64, 4, 16)
index.nflip = 1
index.add(codes)
total, keys = 0, []
for start in range(0, len(codes), 20000):
    limits, _, ids = index.range_search(codes[start:start + 20000], int(sys.argv[3]) + 1)
    left = np.repeat(np.arange(start, start + len(limits) - 1), np.diff(limits).astype(int))
    keys.append((left * len(codes) + ids)[left < ids])
seconds = time.perf_counter() - begun
keys = np.unique(np.concatenate(keys))
found = np.isin(planted[:, 0] * len(hashes) + planted[:, 1], keys).sum()
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, len(keys), found)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--radius", type=int, nargs="+", default=[4, 6, 8])
    parser.add_argument("--peer", help="the Python of an environment with faiss-cpu")
    chosen = parser.parse_args()
    print("| hashes | radius | by | seconds | peak GB | pairs | planted pairs found |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("random", "skewed"):
            for radius in chosen.radius:
                files = _made_up(Path(folder), chosen.count, radius, kind == "skewed")
                _row(kind, radius, "ganvas", sys.executable, OURS, files)
                if chosen.peer and kind == "random" and radius <= 7:
                    _row(kind, radius, "faiss", chosen.peer, THEIRS, files)


def _row(kind: str, radius: int, name: str, python: str, code: str, files: tuple[Path, Path]) -> None:
    command = [python, "-c", code, *map(str, files), str(radius)]
    seconds, gigabytes, pairs, found = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.split()
    planted = len(np.load(files[1]))
    print(
        f"| {kind} | {radius} | {name} | {float(seconds):.1f} | {float(gigabytes):.2f} | {int(pairs):,} | "
        f"{int(found):,} of {planted:,} |",
        flush=True,
    )


def _made_up(folder: Path, count: int, radius: int, skewed: bool) -> tuple[Path, Path]:
    """Hashes of which the last 2 % are others with 1 to `radius` bits the other way, and the pairs of both."""
    rng = np.random.default_rng(0)
    copies = round(count * SHARE)
    hashes = rng.integers(0, 2**64, count, dtype=np.uint64)
    if skewed:
        for bit in range(0, 64, 4):
            hashes[rng.random(count) < 0.98] &= ~(np.uint64(1) << np.uint64(bit))
    of = rng.choice(count - copies, copies, replace=False)
    places = rng.permuted(np.tile(np.arange(64, dtype=np.uint64), (copies, 1)), axis=1)[:, :radius]
    wanted = np.arange(radius) < rng.integers(1, radius + 1, (copies, 1))
    flips = np.bitwise_or.reduce(np.where(wanted, np.uint64(1) << places, np.uint64(0)), axis=1)
    hashes[count - copies :] = hashes[of] ^ flips
    first = np.unique(hashes, return_index=True, return_inverse=True)
    pairs = np.sort(np.stack([first[1][first[2][of]], first[1][first[2][count - copies :]]], axis=1), axis=1)
    np.save(folder / "hashes.npy", hashes)
    np.save(folder / "planted.npy", pairs[pairs[:, 0] != pairs[:, 1]])
    return folder / "hashes.npy", folder / "planted.npy"


if __name__ == "__main__":
    main()
