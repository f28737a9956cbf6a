"""Clusters and lessons on real mixed pictures: `python -m benchmarks.stamps [/usr/share/tuxpaint/stamps]`.

The stamps of Tux Paint (Debian: tuxpaint-stamps-default) are photographs, drawings and letters of all sizes, many with
transparency. `cluster -k 6` is asked whether letters (the folder symbols/alphabets) and photographs come apart; a
lesson of 20 photographs and 20 drawings whether it sorts 100 others. Both lists are in reference/stamps.csv: of all
stamps outside symbols/ that are no mirror images, shuffled by Python's random.Random(0), the first 100 are the test,
and the examples the next ones of either kind that are clear and no second view of a test picture. Each was looked at
and called a photograph or a drawing; three that were edited until one may doubt it are marked as not clear, and counted
as what they seem to have been. Which levels the lesson looks through was chosen on 59 further stamps.
"""

from __future__ import annotations

import csv
import hashlib
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ganvas.api import Studio

STAMPS = Path("/usr/share/tuxpaint/stamps")
CHECKED = Path(__file__).parent / "reference" / "stamps.csv"
ENCODERS = ("effnet-lite0-levels", "effnet-lite0")
SEEDS = (0, 1, 2)
Row = dict[str, str]


def main() -> None:
    stamps = Path(sys.argv[1]) if len(sys.argv) > 1 else STAMPS
    checked = list(csv.DictReader(CHECKED.open(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder) / "studio")
        print(f"{studio.add(stamps).new} stamps\n")
        for seed in SEEDS:
            report_clusters(studio, stamps, checked, seed)
        for encoder in ENCODERS:
            report_lesson(studio, stamps, checked, encoder)


def report_clusters(studio: Studio, stamps: Path, checked: list[Row], seed: int) -> None:
    """How many letters and photographs are in a cluster that is mostly theirs, each kind by its share."""
    studio.cluster(6, seed=seed)
    clusters = {member.sha256: member.cluster for member in studio.folder.catalog.cluster_members("main")}
    letters = list((stamps / "symbols" / "alphabets").rglob("*.png"))
    kinds = {"letters": letters} | {
        f"{label}s": [stamps / row["file"] for row in checked if row["label"] == label]
        for label in ("photograph", "drawing")
    }
    counts = {kind: Counter(clusters[digest(path)] for path in paths) for kind, paths in kinds.items()}
    print(f"cluster -k 6 --seed {seed}\n| cluster | {' | '.join(kinds)} |\n|---|{'---|' * len(kinds)}")
    for cluster in range(6):
        print(f"| {cluster} | {' | '.join(str(counts[kind][cluster]) for kind in kinds)} |")
    right = sum(max(counts["letters"][cluster], counts["photographs"][cluster]) for cluster in range(6))
    total = len(letters) + len(kinds["photographs"])
    print(f"letters and photographs apart: {right} of {total}, {right / total:.1%}\n")


def report_lesson(studio: Studio, stamps: Path, checked: list[Row], encoder: str) -> None:
    """Balanced accuracy on the checked test pictures, and each that was sorted wrongly."""
    examples = {
        label: [stamps / row["file"] for row in checked if (row["role"], row["label"]) == ("example", label)]
        for label in ("photograph", "drawing")
    }
    taught = studio.teach("photographs", *examples.values(), encoder=encoder, afresh=True, score_only=True)
    answers = []
    for row in (row for row in checked if row["role"] == "test"):
        decisions = studio.folder.catalog.decisions(digest(stamps / row["file"]))
        chance = next(it.score for it in decisions if it.rule == "photographs") or 0.0
        answers.append((row, chance, (chance >= 0.5) == (row["label"] == "photograph")))
    print(f"teach from 20 + 20, seen through {encoder}: {taught.headline}")
    clear = [answer for answer in answers if answer[0]["clear"] == "yes"]
    print(f"100 others: balanced accuracy {balanced(answers):.1%}; {len(clear)} clear ones {balanced(clear):.1%}")
    for row, chance, right in answers:
        if not right:
            print(f"  {row['label']} ({'clear' if row['clear'] == 'yes' else 'unclear'}) {row['file']}: {chance:.2f}")
    print()


def balanced(answers: list[tuple[Row, float, bool]]) -> float:
    sides = [[right for row, _, right in answers if row["label"] == label] for label in ("photograph", "drawing")]
    return sum(sum(side) / len(side) for side in sides) / 2


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
