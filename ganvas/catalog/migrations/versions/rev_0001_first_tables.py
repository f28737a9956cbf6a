"""The first tables: images and items, decisions, sets, runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Double, Integer, String

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _images_and_items()
    _decisions()
    _sets()
    _runs()


def downgrade() -> None:
    for table in ("scores", "ticks", "runs", "memberships", "sets", "decisions", "item_images", "images", "items"):
        op.drop_table(table)


def _images_and_items() -> None:
    op.create_table(
        "items",
        Column("id", Integer(), nullable=False),
        Column("source", String(), nullable=False),
        Column("key", String(), nullable=False),
        Column("label", String(), nullable=True),
        Column("split", String(), nullable=True),
        Column("title", String(), nullable=True),
        Column("licence", String(), nullable=True),
        Column("attribution", String(), nullable=True),
        Column("details", sa.JSON(), nullable=False),
        Column("added_at", DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.UniqueConstraint("source", "key", name="uq_items_source_key"),
    )
    op.create_table(
        "images",
        Column("id", Integer(), nullable=False),
        Column("sha256", String(), nullable=False),
        Column("bytes", BigInteger(), nullable=False),
        Column("format", String(), nullable=True),
        Column("width", Integer(), nullable=True),
        Column("height", Integer(), nullable=True),
        Column("mode", String(), nullable=True),
        Column("frames", Integer(), nullable=True),
        Column("added_at", DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
        sa.UniqueConstraint("sha256", name="uq_images_sha256"),
    )
    op.create_table(
        "item_images",
        Column("item_id", Integer(), nullable=False),
        Column("image_id", Integer(), nullable=False),
        Column("position", Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_item_images_item_id"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_item_images_image_id"),
        sa.PrimaryKeyConstraint("item_id", "image_id", name="pk_item_images"),
    )
    op.create_index("ix_item_images_image_id", "item_images", ["image_id"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        Column("id", Integer(), nullable=False),
        Column("image_id", Integer(), nullable=False),
        Column("stage", String(), nullable=False),
        Column("rule", String(), nullable=False),
        Column("score", Double(), nullable=True),
        Column("keep", Boolean(), nullable=False),
        Column("reason", String(), nullable=True),
        Column("undone", Boolean(), server_default=sa.false(), nullable=False),
        Column("decided_at", DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_decisions_image_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.UniqueConstraint("image_id", "stage", "rule", name="uq_decisions_image_id_stage_rule"),
    )
    op.create_index("ix_decisions_stage_rule", "decisions", ["stage", "rule"])


def _sets() -> None:
    op.create_table(
        "sets",
        Column("id", Integer(), nullable=False),
        Column("name", String(), nullable=False),
        Column("height", Integer(), nullable=False),
        Column("width", Integer(), nullable=False),
        Column("channels", Integer(), nullable=False),
        Column("count", Integer(), nullable=False),
        Column("labels", sa.JSON(), nullable=False),
        Column("recipe", sa.JSON(), nullable=False),
        Column("fingerprint", String(), nullable=False),
        Column("made_at", DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sets"),
        sa.UniqueConstraint("name", name="uq_sets_name"),
    )
    op.create_table(
        "memberships",
        Column("set_id", Integer(), nullable=False),
        Column("position", Integer(), nullable=False),
        Column("image_id", Integer(), nullable=False),
        Column("label", String(), nullable=True),
        Column("split", String(), nullable=False),
        sa.ForeignKeyConstraint(["set_id"], ["sets.id"], name="fk_memberships_set_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_memberships_image_id"),
        sa.PrimaryKeyConstraint("set_id", "position", name="pk_memberships"),
    )
    op.create_index("ix_memberships_image_id", "memberships", ["image_id"])


def _runs() -> None:
    op.create_table(
        "runs",
        Column("id", Integer(), nullable=False),
        Column("name", String(), nullable=False),
        Column("set_name", String(), nullable=False),
        Column("set_fingerprint", String(), nullable=False),
        Column("state", String(), nullable=False),
        Column("reason", String(), nullable=True),
        Column("settings", sa.JSON(), nullable=False),
        Column("images_seen", BigInteger(), nullable=False),
        Column("train_seconds", Double(), nullable=False),
        Column("made_at", DateTime(), nullable=False),
        Column("finished_at", DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("name", name="uq_runs_name"),
    )
    op.create_table(
        "ticks",
        Column("run_id", Integer(), nullable=False),
        Column("tick", Integer(), nullable=False),
        Column("images_seen", BigInteger(), nullable=False),
        Column("train_seconds", Double(), nullable=False),
        Column("metrics", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_ticks_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "tick", name="pk_ticks"),
    )
    op.create_table(
        "scores",
        Column("id", Integer(), nullable=False),
        Column("run_id", Integer(), nullable=False),
        Column("checkpoint", String(), nullable=False),
        Column("encoder", String(), nullable=False),
        Column("n", Integer(), nullable=False),
        Column("name", String(), nullable=False),
        Column("value", Double(), nullable=True),
        Column("sd", Double(), nullable=True),
        Column("baseline", Double(), nullable=True),
        Column("judged_at", DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_scores_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_scores"),
        sa.UniqueConstraint(
            "run_id", "checkpoint", "encoder", "n", "name", name="uq_scores_run_id_checkpoint_encoder_n_name"
        ),
    )
