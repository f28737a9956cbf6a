from __future__ import annotations

import os
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from ganvas.catalog import Catalog, FoundPicture
from ganvas.catalog.revisions import HEAD, MIGRATIONS, alembic_config, bring_up_to_date, stored_revision
from ganvas.catalog.schema import Base
from ganvas.errors import CatalogError, MissingExtra

OpenCatalog = Callable[..., Catalog]


def one_line(error: pytest.ExceptionInfo[Exception]) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


def test_migrations_make_the_tables_that_the_models_describe(catalog: Catalog) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with catalog.session() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        assert stored_revision(connection) == HEAD
    assert differences == []


def test_migrations_end_with_the_tables_that_a_new_catalog_has(catalog: Catalog) -> None:
    from alembic import command

    with catalog.session(write=True) as connection:
        made = tables(connection)
        command.downgrade(alembic_config(connection), "base")
        assert set(tables(connection)) == {"alembic_version"}
        command.upgrade(alembic_config(connection), "head")
        assert tables(connection) == made
        command.downgrade(alembic_config(connection), "base")
    bring_up_to_date(catalog)
    assert catalog.count_images() == 0


def tables(connection: Connection) -> dict[str, dict[str, list[str]]]:
    """All that can be asked of them, in any order: migrations add columns at the end."""
    found = inspect(connection)
    asked = {
        "columns": found.get_columns,
        "indexes": found.get_indexes,
        "unique": found.get_unique_constraints,
        "foreign": found.get_foreign_keys,
        "checks": found.get_check_constraints,
        "primary": lambda table: [found.get_pk_constraint(table)],
    }
    return {
        table: {name: sorted(map(str, ask(table))) for name, ask in asked.items()} for table in found.get_table_names()
    }


def test_the_known_head_is_the_newest_migration() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD
    assert MIGRATIONS.is_dir()


def test_a_catalog_is_made_and_opened_without_alembic(catalog_url: str) -> None:
    code = (
        f"import sys; from ganvas.catalog import Catalog; url = {catalog_url!r}; Catalog.open(url).close(); "
        "Catalog.open(url).close(); print('alembic' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_importing_the_catalog_does_not_import_a_database() -> None:
    code = "import sys, ganvas.catalog; print('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_newer_catalog_asks_for_a_newer_ganvas(open_catalog: OpenCatalog) -> None:
    with open_catalog().session(write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CatalogError) as error:
        open_catalog()
    assert "made by a newer ganvas (revision 9999): upgrade ganvas" in one_line(error)


def test_a_locked_catalog_says_so_and_works_again_afterwards(open_catalog: OpenCatalog) -> None:
    holder = open_catalog()
    picture = FoundPicture("a" * 64, 1, "PNG", 8, 8, "L", 1, None, "folder", "a")
    waiting = open_catalog(patience_s=0.1)
    with holder.session(write=True) as connection:
        holder.one_at_a_time(connection)
        with pytest.raises(CatalogError) as error:
            waiting.add_found([picture])
        assert "is locked by another process" in one_line(error)
        assert waiting.images() == []  # reading never waits
    assert waiting.add_found([picture]) == 1


def test_a_catalog_locked_by_another_process_says_so(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    Catalog.open(path).close()
    code = (
        f"import sqlite3; c = sqlite3.connect({str(path)!r}, isolation_level=None); "
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(CatalogError, match="locked by another process"), Catalog.open(path, patience_s=0.1) as one:
            one.add_found([FoundPicture("a" * 64, 1, "PNG", 8, 8, "L", 1, None, "folder", "a")])
        holder.communicate(b"\n")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_text("these are my notes, not a database\n" * 100)
    with pytest.raises(CatalogError) as error:
        Catalog.open(path)
    assert f"catalog {path} is not a database" in one_line(error)
    assert path.read_text().startswith("these are my notes")


def test_a_damaged_catalog_says_so(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with Catalog.open(path) as catalog:
        catalog.add_found([FoundPicture(f"{n:064x}", 1, "PNG", 8, 8, "L", 1, None, "f", str(n)) for n in range(500)])
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(CatalogError) as error, Catalog.open(path) as catalog:
        catalog.images()
    assert "is damaged" in one_line(error)


def test_another_programs_tables_are_not_touched(open_catalog: OpenCatalog, tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE images (name TEXT)")
    other.close()
    with pytest.raises(CatalogError, match=r"tables of another program \(images\)"):
        Catalog.open(path)


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as error:
        Catalog.open(tmp_path / "nowhere" / "catalog.db")
    assert "see that its folder exists and may be written to" in one_line(error)


def test_a_folder_that_may_not_be_written_to_says_so() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IROTH | stat.S_IXOTH)
        user = os.geteuid()
        try:
            if user == 0:  # root may write anywhere
                os.seteuid(65534)
            with pytest.raises(CatalogError) as error:
                Catalog.open(Path(folder) / "catalog.db")
        finally:
            os.seteuid(user)
            Path(folder).chmod(stat.S_IRWXU)
    assert "see that its folder exists and may be written to" in one_line(error)


def test_a_server_out_of_reach_says_so_and_keeps_the_password_to_itself() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(CatalogError) as error:
            Catalog.open(f"postgresql://ganvas:secret@127.0.0.1:{port}/houses")
    message = one_line(error)
    assert "cannot be reached" in message
    assert "secret" not in message


@pytest.mark.parametrize(
    "address", ["catalog.db", "", "mysql://host/db", "postgresql+nosuch://host/db", "sqlite://x:y"]
)
def test_an_address_of_no_usable_database_says_what_one_looks_like(address: str) -> None:
    with pytest.raises((CatalogError, MissingExtra)) as error:
        Catalog.open(address)
    one_line(error)


def test_a_path_with_any_character_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "what? 100% #1.db"
    with Catalog.open(path) as catalog:
        assert catalog.images() == []
    assert path.is_file()


def test_two_processes_can_make_and_fill_one_catalog_at_once(catalog_url: str) -> None:
    code = """
import sys
from ganvas.catalog import Catalog, FoundPicture
sys.stdin.readline()
catalog = Catalog.open(sys.argv[1])
pictures = [FoundPicture(f"{n:064x}", 1, "PNG", 8, 8, "L", 1, None, "folder", str(n)) for n in range(600)]
if sys.argv[2] == "1":
    pictures.reverse()
print(sum(catalog.add_found(pictures[start:start + 50]) for start in range(0, 600, 50)))
"""
    start = [sys.executable, "-c", code, catalog_url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([*start, str(n)], **pipes) for n in (0, 1)]
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    counts = [int(writer.communicate()[0]) for writer in writers]
    with Catalog.open(catalog_url) as catalog:
        assert sum(counts) == catalog.count_images() == 600
        assert len(catalog.known_keys("folder")) == 600


def test_a_patient_catalog_waits_longer_and_then_no_more(open_catalog: Callable[..., Catalog]) -> None:
    waiting, other = open_catalog(patience_s=0.05), open_catalog()
    holding, end = threading.Event(), threading.Event()

    def hold() -> None:
        with other.session(write=True) as connection:
            other.one_at_a_time(connection)
            holding.set()
            end.wait(20)

    def write() -> None:
        waiting.cool_host("a.example", 1.0, "429")

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert holding.wait(20)
        with pytest.raises(CatalogError, match="locked by another process"):
            write()
        with waiting.patient(20):
            threading.Timer(0.5, end.set).start()
            write()
        assert waiting.patience_s == 0.05
        assert waiting.cool_hosts(0.0) == {"a.example": 1.0}
    finally:
        end.set()
        holder.join()


def test_a_patient_catalog_keeps_its_file_open_and_then_no_more(tmp_path: Path) -> None:
    open_file = tmp_path / "catalog.db-wal"  # it is there as long as somebody has the catalog open
    with Catalog.open(tmp_path / "catalog.db") as catalog:
        with catalog.patient(20):
            catalog.cool_host("a.example", 1.0, "429")
            assert open_file.exists()
        assert not open_file.exists()
        assert catalog.cool_hosts(0.0) == {"a.example": 1.0}


def test_a_session_that_outlives_patience_leaves_no_file_open(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "catalog.db") as catalog:
        with catalog.patient(20):
            session = catalog.session()
            session.__enter__().execute(text("SELECT * FROM hosts"))
        session.__exit__(None, None, None)
        assert not (tmp_path / "catalog.db-wal").exists()


@pytest.mark.parametrize("how", ["removed", "replaced by another file"])
def test_nothing_more_is_written_to_a_catalog_that_is_gone(tmp_path: Path, how: str) -> None:
    place, other = tmp_path / "catalog.db", tmp_path / "other.db"
    Catalog.open(other).close()
    with Catalog.open(place) as catalog, catalog.patient(20):
        catalog.cool_host("a.example", 1.0, "429")
        for file in tmp_path.glob("catalog.db*"):
            file.unlink()
        if how != "removed":
            other.rename(place)
        for _ in range(2):  # nor by whoever asks next
            with pytest.raises(CatalogError, match=f"was {how} while it was in use: ") as error:
                catalog.cool_host("b.example", 1.0, "429")
            one_line(error)
        assert place.exists() == (how != "removed")
    if place.exists():
        with Catalog.open(place) as catalog:
            assert catalog.cool_hosts(0.0) == {}
