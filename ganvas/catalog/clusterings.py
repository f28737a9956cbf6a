"""Clusterings: divisions of images into clusters, which a person may name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, delete, insert, select, update

from ganvas.catalog.database import Database
from ganvas.catalog.images import chunks, image_ids
from ganvas.catalog.records import ClusteringRow, ClusterMemberRow
from ganvas.catalog.schema import Clustering, ClusterMember, Image
from ganvas.errors import CatalogError

FIELDS = ("name", "encoder", "k", "names", "details", "made_at")


class ClusteringQueries(Database):
    """What of a Catalog concerns clusterings."""

    def save_clustering(self, row: ClusteringRow, members: Sequence[ClusterMemberRow]) -> None:
        """Record a clustering with its members, all or nothing, in place of the one with the same name."""
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            connection.execute(delete(Clustering).where(Clustering.name == row.name))
            values = {name: getattr(row, name) for name in FIELDS}
            clustering_id = connection.scalar(insert(Clustering).values(values).returning(Clustering.id))
            ids = image_ids(connection, dict.fromkeys(member.sha256 for member in members))
            for chunk in chunks(members):
                rows = [
                    {
                        "clustering_id": clustering_id,
                        "image_id": ids[member.sha256],
                        "cluster": int(member.cluster),
                        "distance": float(member.distance),
                        "outlier": float(member.outlier),
                    }
                    for member in chunk
                ]
                connection.execute(insert(ClusterMember), rows)

    def clusterings(self) -> list[ClusteringRow]:
        """Every clustering, oldest first."""
        with self.session() as connection:
            return [ClusteringRow(*row) for row in connection.execute(_clusterings().order_by(Clustering.id))]

    def clustering_named(self, name: str) -> ClusteringRow | None:
        """The clustering with this name, or None."""
        with self.session() as connection:
            row = connection.execute(_clusterings().where(Clustering.name == name)).one_or_none()
            return None if row is None else ClusteringRow(*row)

    def cluster_members(self, name: str, cluster: int | None = None) -> list[ClusterMemberRow]:
        """A clustering's members, or those of one cluster, nearest to their centre first."""
        query = (
            select(Image.sha256, ClusterMember.cluster, ClusterMember.distance, ClusterMember.outlier)
            .join(Image, Image.id == ClusterMember.image_id)
            .join(Clustering, Clustering.id == ClusterMember.clustering_id)
            .where(Clustering.name == name)
            .order_by(ClusterMember.cluster, ClusterMember.distance, Image.id)
        )
        if cluster is not None:
            query = query.where(ClusterMember.cluster == cluster)
        with self.session() as connection:
            return [ClusterMemberRow(*row) for row in connection.execute(query)]

    def name_clusters(self, name: str, names: Mapping[int, str]) -> None:
        """Replace what the clusters of a clustering are called. Raises CatalogError where there is no such one."""
        stored = {str(cluster): called for cluster, called in names.items()}
        renamed = update(Clustering).where(Clustering.name == name).values(names=stored).returning(Clustering.id)
        with self.session(write=True) as connection:
            if connection.scalar(renamed) is None:
                raise CatalogError(f"catalog {self} has no clustering {name}: `ganvas cluster --name {name}` makes it")


def _clusterings() -> Select[Any]:
    return select(*(getattr(Clustering, name) for name in FIELDS))
