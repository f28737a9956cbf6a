"""How long adding and packing take: `python -m benchmarks.pack [houses-7000.zip]`.

Always the 70,000 pictures of Fashion-MNIST at 28×28 (limit for packing 60,000: 60 s on 2 cores); and, where a source is
given, its pictures at 128×96 (limit for 7,000 houses: 20 s). Every row is a new studio in a temporary folder; the times
are the wall clock of one `ganvas add` and one `ganvas set make`, worker processes, hashing, catalog and fsync included.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ganvas.collect import add, add_sample
from ganvas.curate import make_set
from ganvas.studio import StudioFolder

SIZE = (128, 96)


@dataclass(frozen=True)
class Measured:
    name: str
    workers: int
    pictures: int
    size: str
    add_s: float
    pack_s: float
    megabytes: float


def main() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    rows = [measure("fashion-mnist", partial(add_sample, full=True), None, workers) for workers in {1, cores}]
    for source in sys.argv[1:]:
        rows += [measure(Path(source).name, partial(add, path=source), SIZE, workers) for workers in {1, cores}]
    print(f"{cores} cores, load before {os.getloadavg()[0]:.1f}\n")
    print(f"{'source':<20}{'workers':>8}{'pictures':>10}{'size':>9}{'add s':>8}{'pack s':>8}{'packed/s':>10}{'MB':>8}")
    for row in rows:
        print(
            f"{row.name:<20}{row.workers:>8}{row.pictures:>10,}{row.size:>9}{row.add_s:>8.1f}{row.pack_s:>8.1f}"
            f"{row.pictures / row.pack_s:>10,.0f}{row.megabytes:>8.0f}"
        )


def measure(name: str, fill: Callable[..., object], size: tuple[int, int] | None, workers: int) -> Measured:
    """Add and pack in a new studio; seconds by the wall clock."""
    with tempfile.TemporaryDirectory() as folder:
        studio = StudioFolder.create(Path(folder) / "studio")
        start = time.perf_counter()
        fill(studio, workers=workers)
        added = time.perf_counter()
        row = make_set(studio, "packed", size=size, workers=workers)
        packed = time.perf_counter()
        megabytes = (studio.sets / "packed" / "images.npy").stat().st_size / 1e6
        return Measured(name, workers, row.count, f"{row.width}x{row.height}", added - start, packed - added, megabytes)


if __name__ == "__main__":
    main()
