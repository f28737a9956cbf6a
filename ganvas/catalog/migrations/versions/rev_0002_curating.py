"""Curating: what was measured of each image, groups of duplicates, clusterings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Double, Integer, String

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inspections",
        Column("image_id", Integer(), nullable=False),
        Column("version", String(), nullable=False),
        Column("phash", BigInteger(), nullable=True),
        Column("measures", sa.JSON(), nullable=False),
        Column("trim", sa.JSON(), nullable=True),
        Column("inspected_at", DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_inspections_image_id"),
        sa.PrimaryKeyConstraint("image_id", name="pk_inspections"),
    )
    op.create_table(
        "duplicates",
        Column("image_id", Integer(), nullable=False),
        Column("group_id", Integer(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_duplicates_image_id"),
        sa.PrimaryKeyConstraint("image_id", name="pk_duplicates"),
    )
    op.create_index("ix_duplicates_group_id", "duplicates", ["group_id"])
    _clusterings()


def downgrade() -> None:
    for table in ("cluster_members", "clusterings", "duplicates", "inspections"):
        op.drop_table(table)


def _clusterings() -> None:
    op.create_table(
        "clusterings",
        Column("id", Integer(), nullable=False),
        Column("name", String(), nullable=False),
        Column("encoder", String(), nullable=False),
        Column("k", Integer(), nullable=False),
        Column("names", sa.JSON(), nullable=False),
        Column("details", sa.JSON(), nullable=False),
        Column("made_at", DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clusterings"),
        sa.UniqueConstraint("name", name="uq_clusterings_name"),
    )
    op.create_table(
        "cluster_members",
        Column("clustering_id", Integer(), nullable=False),
        Column("image_id", Integer(), nullable=False),
        Column("cluster", Integer(), nullable=False),
        Column("distance", Double(), nullable=False),
        Column("outlier", Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clustering_id"], ["clusterings.id"], name="fk_cluster_members_clustering_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_cluster_members_image_id"),
        sa.PrimaryKeyConstraint("clustering_id", "image_id", name="pk_cluster_members"),
    )
    op.create_index("ix_cluster_members_image_id", "cluster_members", ["image_id"])
