"""Making a catalog's tables, and bringing an older one's up to date with Alembic, which nothing else imports.

A new revision is a file in migrations/versions/ and its name in `HEAD`. New catalogs are made of the models at once: a
test sees that both ways end alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect

from ganvas.catalog.database import Database
from ganvas.catalog.schema import Base
from ganvas.errors import CatalogError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"
MIGRATIONS = Path(__file__).parent / "migrations"
VERSION = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


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
        if revision is None:
            _check_that_nobody_is_there(database, connection)
            _make(connection)
        elif revision != HEAD:
            _check_that_it_is_known(database, revision)
            _upgrade(connection)


def stored_revision(connection: Connection) -> str | None:
    """The revision that a database says it has, or None."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(VERSION.select())


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


def _check_that_nobody_is_there(database: Database, connection: Connection) -> None:
    if others := set(inspect(connection).get_table_names()) & set(Base.metadata.tables):
        raise CatalogError(
            f"{database} has tables of another program ({', '.join(sorted(others))}): name another database with --db"
        )


def _make(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    VERSION.create(connection, checkfirst=True)
    connection.execute(VERSION.insert().values(version_num=HEAD))


def _check_that_it_is_known(database: Database, revision: str) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if revision not in known:
        raise CatalogError(
            f"catalog {database} was made by a newer ganvas (revision {revision}): upgrade ganvas to open it"
        )


def _upgrade(connection: Connection) -> None:
    from alembic import command

    command.upgrade(alembic_config(connection), "head")
