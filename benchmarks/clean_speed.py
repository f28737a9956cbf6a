"""Inspecting, rules and duplicates beside the peers: `python -m benchmarks.clean_speed --peers PYTHON FOLDER…`.

Ours is one `clean` of a new studio: measures, perceptual hash and trim box of every picture by worker processes, all
rules, duplicates where there is a search for them, decisions in the catalog; with the contact sheets and, in the next
line, without. The pictures are in the studio before the clock starts, as they lie in a folder for the peers; exact
copies went when they were added, so the rate is that of the distinct ones, and only those are counted.

Theirs is cleanvision 0.3.7 (every check it turns on itself) and then imagededup 0.3.3 (PHash, pairs within 10 bits), in
the Python of an environment of their own, with as many processes as they take by themselves. Every pair of runs is
started one after the other, and again in the other order; what is printed is medians.

--photographs FOLDER N makes N photographs of 4000×3000 pixels out of FOLDER's first pictures (mosaics, enlarged, with
noise, JPEG of quality 90), measures those instead, and leaves them where --keep names a folder.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.collect import add
from ganvas.curate import clean
from ganvas.studio import StudioFolder

WIDE, HIGH = 4000, 3000
TILES = 4  # a side of a mosaic
NOISE = 6.0  # of 255, standard deviation: what a sensor adds, and what a JPEG has to spell out
QUALITY = 90
PEERS = """
import json, sys, time
from unittest.mock import MagicMock

try:
    import torchvision
except Exception:  # imagededup imports it for networks that are not asked for here
    for name in ("torchvision", "torchvision.transforms", "imagededup.utils.models"):
        sys.modules[name] = MagicMock()
from cleanvision import Imagelab
from imagededup.methods import PHash

if __name__ == "__main__":
    begun = time.perf_counter()
    lab = Imagelab(data_path=sys.argv[1])
    lab.find_issues(verbose=False)
    checked = time.perf_counter()
    found = PHash(verbose=False).find_duplicates(image_dir=sys.argv[1], recursive=True)
    done = time.perf_counter()
    print()
    print(json.dumps({"pictures": len(lab.issues), "cleanvision": checked - begun, "imagededup": done - checked}))
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--peers", help="the Python that has cleanvision and imagededup")
    parser.add_argument("--photographs", nargs=2, metavar=("FOLDER", "N"))
    parser.add_argument("--keep", type=Path, help="where the photographs are left")
    parser.add_argument("--repeat", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folders = list(given.folders)
        if given.photographs:
            folders.append(given.keep or Path(scratch) / "photographs")
            make_photographs(Path(given.photographs[0]), folders[-1], int(given.photographs[1]))
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        print(f"{cores} cores, load before {os.getloadavg()[0]:.1f}\n")
        for folder in folders:
            compare(folder, given.peers, given.repeat)


def compare(folder: Path, peers: str | None, repeat: int) -> None:
    """Run both sides in turns and print pictures a second."""
    with_sheets, without = [], []
    theirs: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as place:
        studio = StudioFolder.create(Path(place) / "studio")
        count = add(studio, folder).found
        sides: list[Callable[[], None]] = [
            lambda: with_sheets.append(our_seconds(studio, True)),
            lambda: without.append(our_seconds(studio, False)),
        ]
        if peers:
            sides.append(lambda: theirs.append(their_seconds(folder, peers)))
        for turn in range(repeat):
            for side in sides if turn % 2 == 0 else reversed(sides):
                side()
        distinct = studio.catalog.count_images()
    ours, bare = statistics.median(with_sheets), statistics.median(without)
    print(f"{folder.name}: {count:,} pictures, {distinct:,} of them distinct")
    print(f"  ganvas clean             {distinct / ours:10,.1f} distinct pictures/s  ({ours:.1f} s)")
    print(f"  ganvas clean, no sheets  {distinct / bare:10,.1f} distinct pictures/s  ({bare:.1f} s)")
    if theirs:
        vision, dedup = (statistics.median(run[name] for run in theirs) for name in ("cleanvision", "imagededup"))
        both = statistics.median(run["cleanvision"] + run["imagededup"] for run in theirs)
        rate = theirs[0]["pictures"] / both
        print(f"  cleanvision+imagededup   {rate:10,.1f} pictures/s  ({vision:.1f} + {dedup:.1f} s)")
        print(f"  ratio                    {distinct / ours / rate:10.1f}, without sheets {distinct / bare / rate:.1f}")


def our_seconds(studio: StudioFolder, sheets: bool) -> float:
    """The seconds of one `clean` of a studio that has not looked at its pictures yet."""
    with studio.catalog.session(write=True) as connection:
        connection.exec_driver_sql("DELETE FROM inspections")
        connection.exec_driver_sql("DELETE FROM decisions WHERE stage = 'clean'")
    begun = time.perf_counter()
    clean(studio, sheets=sheets)
    return time.perf_counter() - begun


def their_seconds(folder: Path, python: str) -> dict[str, float]:
    """`pictures`, and the seconds of cleanvision and imagededup; the start of their process is not counted."""
    with tempfile.TemporaryDirectory() as place:
        script = Path(place) / "peers.py"
        script.write_text(PEERS, encoding="utf-8")
        surroundings = {**os.environ, "PYTHONPATH": ""}
        command = [python, str(script), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        said: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        return said


def make_photographs(source: Path, target: Path, count: int) -> None:
    """Write `count` JPEGs of 4000×3000: mosaics of real pictures, enlarged, with noise."""
    target.mkdir(parents=True, exist_ok=True)
    real = sorted(path for path in source.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    random = np.random.default_rng(0)
    grain = random.normal(0, NOISE, (HIGH, WIDE)).astype(np.int16)
    tile = (WIDE // TILES, HIGH // TILES)
    for n in range(count):
        path = target / f"{n:04}.jpg"
        if path.exists():
            continue
        canvas = Image.new("RGB", (WIDE, HIGH))
        for place, which in enumerate(random.choice(len(real), TILES * TILES)):
            picture = Image.open(real[which]).convert("RGB").resize(tile, Image.Resampling.BICUBIC)
            canvas.paste(picture, (place % TILES * tile[0], place // TILES * tile[1]))
        noise = np.roll(grain, random.integers(0, 3000, 2), axis=(0, 1))[:, :, None]
        pixels = (np.asarray(canvas, np.int16) + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(path, "JPEG", quality=QUALITY)


if __name__ == "__main__":
    main()
