"""Sheets of a clustering in clusters/NAME/: one a cluster in three bands, and an overview with a row each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.catalog.records import ClusterMemberRow
from ganvas.curate.showing import PAPER_GRAY, SHOWN_PX, shown
from ganvas.pictures.bands import Band, banded, ends_and_between
from ganvas.pictures.rows import named_rows
from ganvas.pictures.sheet import save_png, sheet
from ganvas.progress import Progress
from ganvas.studio import StudioFolder

COLUMNS = 10
A_BAND = 2 * COLUMNS
Members = Sequence[ClusterMemberRow]


@dataclass(frozen=True)
class Sheets:
    """Where they are: a file a cluster, and the overview."""

    clusters: dict[int, Path]
    overview: Path


def draw_clusters(
    studio: StudioFolder, name: str, members: Members, names: Mapping[int, str], seed: int, progress: Progress
) -> Sheets:
    """Write all sheets of a clustering, and remove those of clusters that it no longer has."""
    folder = studio.clusters / name
    groups: dict[int, list[ClusterMemberRow]] = defaultdict(list)
    for member in sorted(members, key=lambda m: (m.cluster, m.distance, m.sha256)):
        groups[member.cluster].append(member)
    paths = {number: folder / f"{number}.png" for number in groups}
    with progress.task("drawing clusters", len(groups), "sheets") as task:
        for number, group in groups.items():
            title = f"cluster {_title(number, names)}: {len(group):,} pictures, {len(group) / len(members):.1%}"
            save_png(paths[number], _cluster_sheet(studio, title, group, seed))
            task.advance(1)
    overview = save_png(folder / "overview.png", _overview(studio, groups, names))
    for file in folder.glob("*.png"):
        if file.stem.isdecimal() and int(file.stem) not in paths:
            file.unlink()
    return Sheets(paths, overview)


def _cluster_sheet(studio: StudioFolder, title: str, group: Members, seed: int) -> Image.Image:
    """Nearest to the centre, drawn by the seed, farthest from it, each once; all in one where they are few.

    Captions: distance.
    """
    if len(group) <= A_BAND:
        bands = [("all, most central first", list(group))]
    else:
        central, outer, between = ends_and_between(len(group), A_BAND, seed)
        bands = [
            ("most central", [group[i] for i in central]),
            ("others at random", [group[i] for i in between]),
            ("outermost, farthest first", [group[i] for i in outer]),
        ]
    return banded(title, [_band(studio, label, chosen) for label, chosen in bands if chosen], COLUMNS)


def _band(studio: StudioFolder, label: str, chosen: Members) -> Band:
    pictures = shown(studio, [member.sha256 for member in chosen])
    return Band(label, pictures, [f"{member.distance:.2f} {member.sha256[:8]}" for member in chosen])


def _overview(studio: StudioFolder, groups: Mapping[int, Members], names: Mapping[int, str]) -> Image.Image:
    """A row a cluster: its most central pictures."""
    total = sum(len(group) for group in groups.values())
    pictures = np.full((len(groups), COLUMNS, 3, SHOWN_PX, SHOWN_PX), PAPER_GRAY, np.uint8)
    for row, group in enumerate(groups.values()):
        central = [member.sha256 for member in group[:COLUMNS]]
        pictures[row, : len(central)] = shown(studio, central)
    labels = [f"{_title(n, names)}\n{len(g):,} pictures\n{len(g) / total:.1%}" for n, g in groups.items()]
    return named_rows(sheet(pictures.reshape(-1, *pictures.shape[2:]), columns=COLUMNS), labels)


def _title(number: int, names: Mapping[int, str]) -> str:
    return f"{number} {names[number]}" if number in names else str(number)
