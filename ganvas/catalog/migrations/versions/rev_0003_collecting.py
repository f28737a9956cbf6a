"""Collecting: what was asked of a source, every address and what became of it, what museums say of their objects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Double, Integer, String

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ITEM_TEXTS = (
    "link",
    "artist",
    "object_name",
    "department",
    "culture",
    "period",
    "date",
    "medium",
    "classification",
)
ITEM_YEARS = ("begin_date", "end_date")


def upgrade() -> None:
    for name in ITEM_TEXTS:
        op.add_column("items", Column(name, String(), nullable=True))
    for name in ITEM_YEARS:
        op.add_column("items", Column(name, Integer(), nullable=True))
    op.add_column("items", Column("tags", sa.JSON(), nullable=True))
    _collections()
    _fetches()
    _beside_fetches()


def downgrade() -> None:
    for table in ("hosts", "item_fetches", "bodies", "fetches", "collections"):
        op.drop_table(table)
    with op.batch_alter_table("items") as items:
        for name in (*ITEM_TEXTS, *ITEM_YEARS, "tags"):
            items.drop_column(name)


def _collections() -> None:
    op.create_table(
        "collections",
        Column("id", Integer(), nullable=False),
        Column("source", String(), nullable=False),
        Column("options", sa.JSON(), nullable=False),
        Column("label", String(), nullable=True),
        Column("most", Integer(), nullable=True),
        Column("fingerprint", String(), nullable=False),
        Column("state", String(), nullable=False),
        Column("made_at", DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
        sa.UniqueConstraint("fingerprint", name="uq_collections_fingerprint"),
    )


def _fetches() -> None:
    op.create_table(
        "fetches",
        Column("id", Integer(), nullable=False),
        Column("collection_id", Integer(), nullable=False),
        Column("digest", String(), nullable=False),
        Column("kind", String(), nullable=False),
        Column("url", String(), nullable=False),
        Column("host", String(), nullable=False),
        Column("what", String(), nullable=False),
        Column("note", sa.JSON(), nullable=False),
        Column("max_age_s", Double(), nullable=True),
        Column("stand_in_for", Integer(), nullable=True),
        Column("state", String(), nullable=False),
        Column("next_try", Double(), nullable=False),
        Column("leased_by", String(), nullable=True),
        Column("leased_until", Double(), nullable=True),
        Column("attempts", Integer(), nullable=False),
        Column("status", Integer(), nullable=True),
        Column("error", String(), nullable=True),
        Column("reason", String(), nullable=True),
        Column("bytes", BigInteger(), nullable=True),
        Column("sha256", String(), nullable=True),
        Column("content_type", String(), nullable=True),
        Column("etag", String(), nullable=True),
        Column("modified", String(), nullable=True),
        Column("final_url", String(), nullable=True),
        Column("seconds", Double(), nullable=True),
        Column("fetched_at", DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name="fk_fetches_collection_id"),
        sa.ForeignKeyConstraint(["stand_in_for"], ["fetches.id"], name="fk_fetches_stand_in_for"),
        sa.PrimaryKeyConstraint("id", name="pk_fetches"),
        sa.UniqueConstraint("digest", "collection_id", name="uq_fetches_digest_collection_id"),
    )
    op.create_index(
        "ix_fetches_collection_id_kind_state_next_try", "fetches", ["collection_id", "kind", "state", "next_try"]
    )
    op.create_index("ix_fetches_stand_in_for", "fetches", ["stand_in_for"])


def _beside_fetches() -> None:
    op.create_table(
        "bodies",
        Column("fetch_id", Integer(), nullable=False),
        Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["fetch_id"], ["fetches.id"], name="fk_bodies_fetch_id"),
        sa.PrimaryKeyConstraint("fetch_id", name="pk_bodies"),
    )
    op.create_table(
        "item_fetches",
        Column("item_id", Integer(), nullable=False),
        Column("fetch_id", Integer(), nullable=False),
        Column("position", Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_item_fetches_item_id"),
        sa.ForeignKeyConstraint(["fetch_id"], ["fetches.id"], name="fk_item_fetches_fetch_id"),
        sa.PrimaryKeyConstraint("item_id", "fetch_id", name="pk_item_fetches"),
    )
    op.create_index("ix_item_fetches_fetch_id", "item_fetches", ["fetch_id"])
    op.create_table(
        "hosts",
        Column("host", String(), nullable=False),
        Column("cool_until", Double(), nullable=False),
        Column("reason", String(), nullable=True),
        sa.PrimaryKeyConstraint("host", name="pk_hosts"),
    )
