"""Alembic's entry: runs the migrations on the connection, and in the transaction, that the caller has open."""

from __future__ import annotations

from alembic import context

from ganvas.catalog.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
