"""Dividing all kept pictures into clusters: `cluster(studio, k=4)` records them and makes a sheet of each.

A clustering has a name, `main` if none is given; making it again replaces it, and what a person called its clusters
stays with those that clearly correspond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.catalog.records import ClusteringRow, ClusterMemberRow
from ganvas.curate.cluster_names import carried_over
from ganvas.curate.cluster_sheets import draw_clusters
from ganvas.curate.features import features_of
from ganvas.curate.kmeans import NEIGHBOUR, Division, Rung, best, choose_k, divide, loneliness
from ganvas.encode import Encoder
from ganvas.errors import InputError
from ganvas.progress import Progress, Silent
from ganvas.scores.neighbours import unit
from ganvas.studio import StudioFolder, checked_name

MAIN = "main"
AUTO = "auto"


@dataclass(frozen=True)
class Cluster:
    """One cluster: its number (0 is the largest), its pictures, their share of all, what it is called, its sheet."""

    number: int
    pictures: int
    share: float
    called: str | None
    sheet: Path


@dataclass(frozen=True)
class Clustered:
    """A clustering that was made. `rungs` are the k that were tried for `auto`, `lost` the names that found no heir."""

    name: str
    encoder: str
    seed: int
    clusters: list[Cluster]
    rungs: list[Rung]
    reason: str
    lost: list[str]
    left_out: int
    overview: Path

    def to_json(self) -> dict[str, Any]:
        """Plain values, the largest cluster first."""
        return {
            "clustering": self.name,
            "encoder": self.encoder,
            "seed": self.seed,
            "k": len(self.clusters),
            "reason": self.reason,
            "tried": [{"k": rung.k, "silhouette": round(rung.silhouette, 4)} for rung in self.rungs],
            "clusters": [
                {
                    "cluster": it.number,
                    "pictures": it.pictures,
                    "share": round(it.share, 4),
                    "name": it.called,
                    "sheet": str(it.sheet),
                }
                for it in self.clusters
            ],
            "names_lost": self.lost,
            "left_out": self.left_out,
            "overview": str(self.overview),
        }


def cluster(
    studio: StudioFolder,
    k: int | str = AUTO,
    *,
    encoder: Encoder,
    name: str = MAIN,
    seed: int = 0,
    progress: Progress | None = None,
) -> Clustered:
    """Divide the kept pictures into k clusters, record them under a name, and draw their sheets.

    `auto` takes the k of the highest mean silhouette. Raises InputError for fewer than 2 pictures, or a k that cannot
    be.
    """
    progress = progress or Silent()
    checked_name("clustering", name)
    kept = [image.sha256 for image in studio.catalog.images()]
    _check(studio, kept, k)
    looked = features_of(studio, kept, encoder, progress)
    features, sha256s = unit(looked.features, out=looked.features), looked.sha256s
    _check(studio, sha256s, k)
    rungs = choose_k(features, seed) if k == AUTO else []
    wanted, reason = _wanted(k, rungs)
    division = divide(features, wanted, seed)
    if len(division.sizes) < wanted:
        reason = f"{len(division.sizes)} clusters, not {wanted}: no more pictures differ"
        progress.note(reason)
    members = _members(sha256s, division, loneliness(features, seed))
    names, lost = carried_over(studio.catalog, name, members)
    details = {"seed": seed, "reason": reason, "pictures": len(members), "outlier": f"{NEIGHBOUR}-th neighbour"}
    row = ClusteringRow(name, f"{encoder.name}-{encoder.version}", len(division.sizes), _as_text(names), details)
    studio.catalog.save_clustering(row, members)
    sheets = draw_clusters(studio, name, members, names, seed, progress)
    clusters = [
        Cluster(number, size, size / len(members), names.get(number), sheets.clusters[number])
        for number, size in enumerate(division.sizes)
    ]
    return Clustered(name, encoder.name, seed, clusters, rungs, reason, lost, len(kept) - len(members), sheets.overview)


def _members(sha256s: Sequence[str], division: Division, outliers: NDArray[np.float32]) -> list[ClusterMemberRow]:
    columns = (sha256s, division.clusters.tolist(), division.distances.tolist(), outliers.tolist())
    return [ClusterMemberRow(*member) for member in zip(*columns, strict=True)]


def _wanted(k: int | str, rungs: Sequence[Rung]) -> tuple[int, str]:
    if k != AUTO:
        return int(k), "as asked"
    if not rungs:
        return 1, "too few pictures, or all alike: there is no second cluster"
    chosen = best(rungs)
    return chosen.k, f"highest mean silhouette, {chosen.silhouette:.3f}"


def _check(studio: StudioFolder, sha256s: Sequence[str], k: int | str) -> None:
    if not sha256s:
        raise InputError(f"no pictures to cluster in {studio.root}: none is kept; `ganvas info` says what was dropped")
    if len(sha256s) < 2:
        raise InputError("one picture cannot be clustered: `ganvas add` more")
    if k == AUTO:
        return
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise InputError(f"-k {k} cannot be: a whole number of clusters from 1, or auto")
    if k > len(sha256s):
        raise InputError(f"-k {k} is more than the {len(sha256s):,} pictures there are: -k auto chooses")


def _as_text(names: dict[int, str]) -> dict[str, str]:
    return {str(number): called for number, called in names.items()}
