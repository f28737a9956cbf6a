"""What every test may ask for: a catalog's address on each database, and a private PostgreSQL to have them on."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from ganvas.catalog import Catalog
from ganvas.cli import main
from tests.collect.museum import Museum
from tests.private_postgres import installed, private_cluster

# Two threads on networks this small only wait for each other; processes that tests start hear it, too.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL to fill: GANVAS_TEST_POSTGRES where set, else a private cluster that lives as long as the tests."""
    given = os.environ.get("GANVAS_TEST_POSTGRES")
    if given:
        yield given
        return
    programs = installed()
    if programs is None:
        pytest.skip("PostgreSQL is not installed, and GANVAS_TEST_POSTGRES names no server")
    yield from private_cluster(programs)


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that holds nothing yet, one of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'catalog.db'}"
        return
    url = make_url(request.getfixturevalue("postgres_url"))
    schema = f"test_{uuid.uuid4().hex}"
    engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        search_path = url.update_query_dict({"options": f"-csearch_path={schema}"})
        yield search_path.render_as_string(hide_password=False)
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture
def open_catalog(catalog_url: str) -> Iterator[Callable[..., Catalog]]:
    """Opens the same catalog as often as asked, and closes every one."""
    opened: list[Catalog] = []

    def open_one(**options: float) -> Catalog:
        opened.append(Catalog.open(catalog_url, **options))
        return opened[-1]

    yield open_one
    for catalog in opened:
        catalog.close()


@pytest.fixture
def catalog(open_catalog: Callable[..., Catalog]) -> Catalog:
    """An empty catalog, on each database."""
    return open_catalog()


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run the command line, with what is typed as text: (exit code, stdout, stderr)."""
    opened: list[Catalog] = []
    open_one = Catalog.open

    def remembered(*given: Any, **options: Any) -> Catalog:
        opened.append(open_one(*given, **options))
        return opened[-1]

    def run(*arguments: object, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = 0
        with monkeypatch.context() as within:
            within.setattr(Catalog, "open", remembered)
            try:
                main([str(argument) for argument in arguments])
            except SystemExit as ending:
                code = int(ending.code or 0)
        while opened:  # as the end of a process does
            opened.pop().close()
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def museum() -> Iterator[Museum]:
    """A replica of the Met's service on loopback, without objects yet."""
    with Museum() as replica:
        yield replica
