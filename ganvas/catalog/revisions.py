"""Bringing a catalog's tables up to date with Alembic, and only importing Alembic when there is something to do.

A new revision is a file in migrations/versions/ and its name in `HEAD`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from ganvas.catalog.database import Database
from ganvas.catalog.schema import Base
from ganvas.errors import CatalogError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"
MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(database: Database) -> None:
    """Make or upgrade the tables, in one transaction. Raises CatalogError for a newer catalog or another's tables."""
    with database.session() as connection:
        if stored_revision(connection) == HEAD:
            return
    if database.is_sqlite:
        _write_ahead(database)
    with database.session(write=True) as connection:
        database.one_at_a_time(connection)
        revision = stored_revision(connection)  # again: another process may have been faster
        if revision != HEAD:
            _check(database, connection, revision)
            _upgrade(connection)


def stored_revision(connection: Connection) -> str | None:
    """The revision that a database says it has, or None."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file: where the migrations are, and the connection to run them on."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _write_ahead(database: Database) -> None:
    # kept in the file's header, so once is enough; readers then never wait for the writer
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _check(database: Database, connection: Connection, revision: str | None) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise CatalogError(
            f"catalog {database} was made by a newer ganvas (revision {revision}): upgrade ganvas to open it"
        )
    if revision is None and (others := set(inspect(connection).get_table_names()) & set(Base.metadata.tables)):
        raise CatalogError(
            f"{database} has tables of another program ({', '.join(sorted(others))}): name another database with --db"
        )


def _upgrade(connection: Connection) -> None:
    from alembic import command

    command.upgrade(alembic_config(connection), "head")
