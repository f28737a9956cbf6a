"""How long `ganvas --help` takes beside a Python that does nothing: whole processes, in turn, medians of eleven."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 11


def main() -> None:
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "ganvas --help": [sys.executable, "-m", "ganvas", "--help"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            begun = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - begun)
    for name, values in seconds.items():
        print(f"{name:16} median {statistics.median(values):.3f} s  min {min(values):.3f}  max {max(values):.3f}")


if __name__ == "__main__":
    main()
