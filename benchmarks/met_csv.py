"""How quickly MetObjects.csv is filtered, and in how much memory: `python -m benchmarks.met_csv [FILE]`.

Without a file one of 500,000 rows and the real one's size (300 MB) is made up. Each filter beside the same reading with
Python's csv module and nothing else.
"""

from __future__ import annotations

import csv
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ganvas.collect.sources.met_csv import MetObjects
from ganvas.collect.sources.met_options import MetOptions

ROWS = 500_000
OTHERS = 46  # columns that are not asked about; a third of them hold something
COLUMNS = ["Object ID", "Is Highlight", "Is Public Domain", "Department", "Object Name", "Title", "Classification"]
FILTERS: dict[str, dict[str, object]] = {
    "no filter": {},
    "--where": {"where": "\"Object Name\" ilike '%vase%'"},
    "all": {
        "where": "Medium like 'Terracotta%' and \"Object ID\" > 0",
        "name_like": "%vase%",
        "not_": ["fragment"],
        "public_domain": True,
    },
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else made_up(Path(folder) / "MetObjects.csv")
        print(f"{path.stat().st_size / 2**20:,.0f} MiB")
        told("csv module alone", lambda: plain(path))
        for name, given in FILTERS.items():
            told(name, lambda given=given: filtered(path, given))  # type: ignore[misc]


def told(name: str, read: Callable[[], tuple[int, int]]) -> None:
    begun = time.perf_counter()
    rows, chosen = read()
    seconds = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:18} {rows / seconds:>9,.0f} rows/s  {seconds:5.2f} s  {chosen:>7,} chosen  at most {memory:,.0f} MiB")


def plain(path: Path) -> tuple[int, int]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = sum(1 for _ in csv.reader(file)) - 1
    return rows, rows


def filtered(path: Path, given: dict[str, object]) -> tuple[int, int]:
    notes: list[str] = []
    options = MetOptions.model_validate({"csv": str(path), **given})
    chosen = sum(1 for _ in MetObjects(str(path)).chosen(options, notes.append))
    return int(notes[0].split(" of ")[1].split()[0].replace(",", "")), chosen


def made_up(path: Path) -> Path:
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, "Medium", *(f"Other {n}" for n in range(OTHERS))])
        others = ["Rogers Fund, 1919, and others" if n % 3 == 0 else "" for n in range(OTHERS)]
        for number in range(1, ROWS + 1):
            name = "Vase" if number % 7 == 0 else "Krater"
            title = f'Terracotta "{name}" {number}'
            first = [number, "False", "True", "Greek and Roman Art", name, title, "Vases"]
            writer.writerow([*first, "Terracotta;\nblack-figure", *others])
    return path


if __name__ == "__main__":
    main()
