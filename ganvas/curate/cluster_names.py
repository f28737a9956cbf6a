"""What a person calls clusters: `name_cluster(studio, 2, "exteriors")`, and which pictures a name means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ganvas.catalog.records import ClusteringRow, ClusterMemberRow
from ganvas.errors import InputError, did_you_mean
from ganvas.studio import StudioFolder, checked_name

if TYPE_CHECKING:
    from ganvas.catalog import Catalog

ALIKE = 0.5  # of the pictures of both that both hold: above a half, no two clusters can claim the same name


def name_cluster(studio: StudioFolder, cluster: int | str, called: str, clustering: str) -> int:
    """Call a cluster, given by its number or its present name, something. Returns its number.

    Raises InputError for a cluster or clustering that does not exist, or a name that another one has.
    """
    row = existing_clustering(studio, clustering)
    checked_name("cluster", called)
    if called.isdecimal():
        raise InputError(f"cluster name {called!r} cannot be used: a number means the cluster of that number")
    number = _number(row, str(cluster))
    names = _names(row)
    if called in (other for key, other in names.items() if key != number):
        raise InputError(f"another cluster of {clustering} is called {called} already: choose another name")
    studio.catalog.name_clusters(clustering, names | {number: called})
    return number


def members_of(studio: StudioFolder, cluster: str, clustering: str) -> list[str]:
    """The hashes of a cluster's pictures, by its number or name, most central first. Raises as `name_cluster`."""
    row = existing_clustering(studio, clustering)
    return [member.sha256 for member in studio.catalog.cluster_members(clustering, _number(row, cluster))]


def existing_clustering(studio: StudioFolder, name: str) -> ClusteringRow:
    """The row of a clustering. Raises InputError with the nearest name where there is none."""
    row = studio.catalog.clustering_named(name)
    if row is None:
        known = [row.name for row in studio.catalog.clusterings()]
        more = did_you_mean(name, known) if known else " Make one with `ganvas cluster`."
        raise InputError(f"no clustering called {name!r}.{more}")
    return row


def carried_over(catalog: Catalog, name: str, members: Sequence[ClusterMemberRow]) -> tuple[dict[int, str], list[str]]:
    """Which names of the earlier clustering of this name the new clusters inherit, and which are lost.

    A new cluster corresponds to an old one where, of the pictures that either holds, both hold more than half.
    """
    earlier = catalog.clustering_named(name)
    if earlier is None or not earlier.names:
        return {}, []
    new = {member.sha256: member.cluster for member in members}
    old = {m.sha256: m.cluster for m in catalog.cluster_members(name) if m.sha256 in new}
    both = Counter((cluster, new[sha256]) for sha256, cluster in old.items())
    old_sizes, new_sizes = Counter(old.values()), Counter(new[sha256] for sha256 in old)
    heirs = {a: b for (a, b), shared in both.items() if shared > ALIKE * (old_sizes[a] + new_sizes[b] - shared)}
    names = _names(earlier)
    kept = {heirs[cluster]: called for cluster, called in names.items() if cluster in heirs}
    return kept, sorted(called for cluster, called in names.items() if cluster not in heirs)


def _names(row: ClusteringRow) -> dict[int, str]:
    return {int(number): str(called) for number, called in row.names.items()}


def _number(row: ClusteringRow, cluster: str) -> int:
    names = {called: number for number, called in _names(row).items()}
    if cluster in names:
        return names[cluster]
    if cluster.isdecimal() and int(cluster) < row.k:
        return int(cluster)
    more = did_you_mean(cluster, names) if names else ""
    raise InputError(f"clustering {row.name} has no cluster {cluster!r}: it has 0 to {row.k - 1}.{more}")
