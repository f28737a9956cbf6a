"""An open database: its connections, their transactions, and every failure as one line.

`with database.session(write=True) as connection:` is one transaction; it commits unless something is raised.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, exc, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import NullPool

from ganvas.catalog.columns import to_json
from ganvas.catalog.functions import add_functions
from ganvas.errors import CatalogBusy, CatalogError, MissingExtra

CHUNK = 500  # rows a statement: SQLite builds may allow as few as 999 parameters
PASSING = ("is locked by another process", "cannot be reached")
ADVISORY_LOCK = 0x67616E766173  # "ganvas"
LEASE_LOCK = ADVISORY_LOCK + 1


class Database:
    """SQLite or PostgreSQL behind one address. Connecting is put off until the first session."""

    def __init__(self, where: str | Path, *, patience_s: float = 10.0) -> None:
        self.url = _address(where)
        self.patience_s = patience_s
        self.engine = _engine(self.url, patience_s)
        self._kept_open: _File | None = None

    @contextmanager
    def session(self, *, write: bool = False) -> Iterator[Connection]:
        """One transaction. Raises CatalogError, in one line, for whatever the database refuses."""
        if self._kept_open is not None:
            self._check_it_is_there(self._kept_open)
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(ganvas_write=write)
                with connection.begin():
                    yield connection
        except (exc.DBAPIError, exc.TimeoutError) as error:
            explained = _explained(error, self)
            passes = any(sign in explained for sign in PASSING)
            raise (CatalogBusy if passes else CatalogError)(explained) from error

    @contextmanager
    def patient(self, patience_s: float) -> Iterator[None]:
        """Within, other processes' locks are waited for so long, and connections are kept open.

        A session that is open at either end goes on as it began.
        """
        before = self.patience_s
        self._wait(patience_s, keeping=True)
        if self.is_sqlite and self.url.database:
            with suppress(OSError):
                self._kept_open = _File.at(os.path.abspath(self.url.database))
        try:
            yield
        finally:
            self._kept_open = None
            self._wait(before)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __str__(self) -> str:
        return self.url.database or "" if self.is_sqlite else self.url.render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def insert(self, table: type[Any]) -> Any:
        """This database's INSERT for a mapped table, with its ON CONFLICT clauses."""
        core: Table = table.__table__
        return sqlite.insert(core) if self.is_sqlite else postgresql.insert(core)

    def one_at_a_time(self, connection: Connection, lock: int = ADVISORY_LOCK) -> None:
        """Wait until no other process is between this call and its commit. (SQLite's writers queue up anyway.)"""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock})

    def look_up_by_index(self, connection: Connection) -> None:
        """Until the end of the transaction. Of tables that grew faster than PostgreSQL's statistics of them, it reads a
        million rows to find 500.
        """
        if not self.is_sqlite:
            slow_ways = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
            off = ", ".join(f"set_config('{way}', 'off', true)" for way in slow_ways)
            connection.execute(text(f"SELECT {off}"))

    def _check_it_is_there(self, kept: _File) -> None:
        """A file that is gone takes whatever is written as long as it is open, and nobody finds it there."""
        try:
            found = _File.at(kept.path)
        except OSError:  # whether it is there cannot be asked now
            return
        if found is None:
            raise CatalogError(
                f"catalog {self} was removed while it was in use: bring it back, or begin a new one by the same command"
            )
        if found != kept and found.number and kept.number:  # some file systems of Windows give no numbers
            raise CatalogError(
                f"catalog {self} was replaced by another file while it was in use: "
                "the same command again goes on with that one"
            )

    def _wait(self, patience_s: float, keeping: bool = False) -> None:
        event.listen(self.engine.pool, "checkin", lambda _, record: record.invalidate())  # what is in use now
        self.engine.dispose()
        self.patience_s = patience_s
        self.engine = _engine(self.url, patience_s, keeping)


def _address(where: str | Path) -> URL:
    if isinstance(where, Path):
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except (exc.ArgumentError, ValueError) as error:
        raise CatalogError(
            f"{where!r} is not the address of a database: write sqlite:////FOLDER/catalog.db "
            "or postgresql://USER@HOST/DATABASE"
        ) from error
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise CatalogError(f"a catalog cannot be kept in {url.get_backend_name()}: use sqlite or postgresql")
    return url


class _File(NamedTuple):
    """Which file it is, wherever this process goes meanwhile."""

    path: str
    device: int
    number: int

    @classmethod
    def at(cls, path: str) -> _File | None:
        """None where there is none, nor one in memory."""
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return cls(path, status.st_dev, status.st_ino)


def _engine(url: URL, patience_s: float, keeping: bool = False) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    waits = {"timeout": patience_s} if is_sqlite else {"connect_timeout": max(2, round(min(patience_s, 10)))}
    try:
        # Opening and closing a file takes 0.2 ms at least and on a disk, where the last to close it tidies up, many
        # times that: one that is asked again and again is kept open. A connection to a server may have gone stale.
        pool: dict[str, Any] = {} if keeping else {"poolclass": NullPool}
        pool = pool if is_sqlite else {"pool_pre_ping": True}
        engine = create_engine(url, json_serializer=to_json, connect_args=waits, **pool)
    except ModuleNotFoundError as error:
        raise MissingExtra("a catalog in PostgreSQL", "postgres") from error
    except exc.NoSuchModuleError as error:
        raise CatalogError(f"{url.drivername} is not a driver that ganvas knows: use postgresql+psycopg") from error

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        if is_sqlite:
            connection.isolation_level = None  # `begin` below opens the transactions
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA synchronous = NORMAL")
            add_functions(connection)
        else:
            cursor.execute(f"SET lock_timeout = {round(patience_s * 1000)}")
            connection.commit()
        cursor.close()

    if is_sqlite:

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # a reader that turns into a writer fails at once instead of waiting its turn, so writers say so first
            write = connection.get_execution_options().get("ganvas_write", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _explained(error: exc.SQLAlchemyError, database: Database) -> str:
    cause = str(getattr(error, "orig", None) or error).strip()
    line = cause.splitlines()[0] if cause else type(error).__name__
    said = cause.lower()
    where = f"catalog {database}"
    if "is locked" in said or "lock timeout" in said or "table is locked" in said:
        return f"{where} is locked by another process: end that one, or try again when it has finished"
    if "not a database" in said:
        return f"{where} is not a database: move that file away, or name another with --db"
    if "unable to open" in said:
        return f"{where} cannot be opened: see that its folder exists and may be written to"
    if "readonly" in said or "read-only" in said:
        return f"{where} cannot be written to: see who owns the file and its folder"
    if "is full" in said or "no space left" in said:
        return f"{where} cannot grow, the disk is full: free some space and run the same command again"
    if "malformed" in said or "disk i/o error" in said:
        return f"{where} is damaged ({line}): bring back a copy, or `ganvas add` the pictures to a new studio"
    if isinstance(error, exc.IntegrityError):
        return f"{where} holds something else already ({line}): another process may have written it; try again"
    if not database.is_sqlite and isinstance(error, exc.OperationalError):
        return f"{where} cannot be reached ({line}): see that the server runs and the address is right"
    return f"{where} refused: {line}"
