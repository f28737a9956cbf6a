"""Collecting a list beside img2dataset: `python -m benchmarks.collect_speed FOLDER --peer PYTHON`.

A server on loopback (benchmarks/loopback.py) serves 5,000 of the folder's JPEG files. Ours is `ganvas collect urls`
with all safety on but for the one host it is allowed to ask: robots.txt, addresses, decoding in processes, a row each
in the catalog, originals stored. Theirs is img2dataset 1.47 (output_format files, resize_mode no, sha256) in an
environment of its own, with 1, 2 and 4 processes, the best of which counts. Runs take turns; printed are medians.
What runs have written is removed at the end: ext4 passes over inodes that were lately freed, one by one, which would
cost whoever writes next up to .6 ms a file.

--memory collects 1,000 and then 50,000 addresses and prints the largest resident size of our process. --bad repeats
ours on a server of which 21 addresses in a hundred misbehave, and says what became of every kind.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COUNT = 5000
PEER = """
import json, sys, time
from img2dataset import download

if __name__ == "__main__":
    urls, folder, processes = sys.argv[1], sys.argv[2], int(sys.argv[3])
    begun = time.perf_counter()
    download(url_list=urls, output_folder=folder, output_format="files", input_format="txt", resize_mode="no",
             processes_count=processes, thread_count=32, number_sample_per_shard=1000, compute_hash="sha256",
             enable_wandb=False, retries=0)
    print(json.dumps({"seconds": time.perf_counter() - begun}))
"""
OURS = """
import json, resource, sys, time
from ganvas.collect_settings import CollectSettings
from ganvas.collect.collecting import collect
from ganvas.studio import StudioFolder

if __name__ == "__main__":
    studio = StudioFolder.create(sys.argv[2])
    settings = CollectSettings(allow_hosts=["127.0.0.1"], **json.loads(sys.argv[3]))
    begun, used = time.perf_counter(), time.process_time()
    done = collect(studio, "urls", {"list": sys.argv[1]}, settings=settings)
    print(json.dumps({"seconds": time.perf_counter() - begun, "cpu": time.process_time() - used,
                      "pictures": done.pictures,
                      "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "failed": done.failed}))
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peer", help="the Python that has img2dataset")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--bad", action="store_true")
    given = parser.parse_args()
    print(f"load before {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as scratch:
        tempfile.tempdir = scratch
        measure(given)


def measure(given: argparse.Namespace) -> None:
    if given.memory:
        memory(given.folder)
    elif given.bad:
        misbehaving(given.folder)
    else:
        compare(given.folder, given.peer, given.repeat)


def compare(folder: Path, peer: str | None, repeat: int) -> None:
    rates: dict[str, list[float]] = {}
    with server(folder) as address:
        for _ in range(repeat):
            rates.setdefault("ganvas", []).append(COUNT / ours(address, COUNT)["seconds"])
            for processes in (1, 2, 4) if peer else ():
                seconds = theirs(address, peer or "", processes)
                rates.setdefault(f"img2dataset, {processes} processes", []).append(COUNT / seconds)
    medians = {name: statistics.median(runs) for name, runs in rates.items()}
    for name, runs in rates.items():
        print(f"{name:28} {medians[name]:8,.0f} pictures/s   ({', '.join(f'{run:,.0f}' for run in runs)})")
    if peer:
        best = max(rate for name, rate in medians.items() if name != "ganvas")
        print(f"{'ratio to its best':28} {medians['ganvas'] / best:8.1f}")


def memory(folder: Path) -> None:
    with server(folder) as address:
        for count in (1_000, 50_000):
            run = ours(address, count)
            rate, used = count / run["seconds"], 1000 * run["cpu"] / count
            print(f"{count:7,} addresses: {run['rss_mb']:6.0f} MB, {rate:5.0f}/s, {used:.2f} ms of our process each")


def misbehaving(folder: Path) -> None:
    settings = {"concurrency": 1024, "per_host": 256}
    with server(folder) as address:
        clean = ours(address, COUNT, settings)
    place = tempfile.mkdtemp()
    with server(folder, "--bad") as address:
        run = ours(address, COUNT, settings, place)
        print(f"clean {clean['seconds']:.1f} s, misbehaving {run['seconds']:.1f} s")
        for (kind, state, error), count in sorted(_outcomes(Path(place) / "studio").items()):
            print(f"  {kind:10} {state:8} {error or '':14} {count:6,}")


def ours(
    address: str, count: int, settings: dict[str, object] | None = None, place: str | None = None
) -> dict[str, float]:
    scratch = place or tempfile.mkdtemp()
    listed = Path(scratch) / "urls.txt"
    listed.write_text("".join(f"{address}/{n}.jpg\n" for n in range(count)), encoding="utf-8")
    return run(sys.executable, OURS, str(listed), str(Path(scratch) / "studio"), json.dumps(settings or {}))


def theirs(address: str, python: str, processes: int) -> float:
    scratch = Path(tempfile.mkdtemp())
    listed = scratch / "urls.txt"
    listed.write_text("".join(f"{address}/{n}.jpg\n" for n in range(COUNT)), encoding="utf-8")
    return run(python, PEER, str(listed), str(scratch / "out"), str(processes))["seconds"]


def run(python: str, program: str, *arguments: str) -> dict[str, float]:
    script = Path(tempfile.mkdtemp()) / "program.py"
    script.write_text(program, encoding="utf-8")
    own = {"PYTHONPATH": str(Path.cwd())} if python == sys.executable else {}
    done = subprocess.run(
        [python, str(script), *arguments], capture_output=True, text=True, check=False, env={**os.environ, **own}
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    said: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


@contextmanager
def server(folder: Path, *switches: str) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.loopback", str(folder), *switches]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def _outcomes(studio: Path) -> Counter[tuple[str, str, str | None]]:
    from sqlalchemy import text

    from ganvas.studio import StudioFolder

    kinds = {0: "hang", 1: "reset", 2: "trickle", 3: "throttle"}
    counts: Counter[tuple[str, str, str | None]] = Counter()
    with StudioFolder.open(studio).catalog.session() as connection:
        for url, state, error in connection.execute(
            text("SELECT url, state, error FROM fetches WHERE kind = 'picture'")
        ):
            which = int(url.rpartition("/")[2].removesuffix(".jpg")) % 100
            counts[kinds.get(which // 5, "page" if which == 20 else "good"), state, error] += 1
    return counts


if __name__ == "__main__":
    main()
