"""The queue of fetches with a million rows: `python -m benchmarks.collect_queue [--count N] [--postgres ADDRESS]`.

Items with a picture each are wanted (`--wanted` of them through `catalog.want`, whose rate is the first figure; the
rest copied from these in SQL). Then 1 %, 50 % and 99 % are set to done in one statement, and each time 500 are leased
and finished, ten times over, one in fifty failing; last, `collect status` is asked. PostgreSQL is not vacuumed in
between, so what the statement left behind is in the way. Limits: status under 1 s; leasing as fast at 99 % as at 1 %.

Without an address a PostgreSQL of its own is started, as the tests do (fsync off).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import text

from ganvas.catalog import Catalog
from ganvas.catalog.fetch_records import DONE, FAILED, Finished, Leased, StoredImage
from ganvas.catalog.wanted import KINDS, Item, Picture
from ganvas.collect.status import status_of
from tests.private_postgres import installed, private_cluster

CALL = 5000  # items a want()
BATCH = 500  # fetches a lease
ROUNDS = 10
NOW, UNTIL = 1e9, 2e9
HOSTS = 997


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--wanted", type=int, default=100_000)
    parser.add_argument("--postgres", help="address of an empty database; a private server where it is not given")
    chosen = parser.parse_args()
    print(
        "| catalog | rows | done | wanted/s | lease 500, s | finish 500, s | status, s |\n|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        _measure("sqlite", f"sqlite:///{Path(folder) / 'catalog.db'}", chosen.count, chosen.wanted)
    with _postgres(chosen.postgres) as address:
        if address:
            _measure("postgresql", address, chosen.count, chosen.wanted)


def _measure(name: str, address: str, count: int, wanted: int) -> None:
    with Catalog.open(address) as catalog:
        collection = catalog.begin_collection("benchmark", {}, None, None).id
        rate = _want(catalog, collection, min(count, wanted))
        _copy(catalog, count)
        for share in (0.01, 0.5, 0.99):
            _set_done(catalog, round(count * share))
            lease, finish = _rounds(catalog, collection)
            begun = time.perf_counter()
            status_of(catalog)
            status = time.perf_counter() - begun
            print(
                f"| {name} | {count:,} | {share:.0%} | {rate:,.0f} | {lease:.3f} | {finish:.3f} | {status:.2f} |",
                flush=True,
            )


def _want(catalog: Catalog, collection: int, count: int) -> float:
    """Items a second."""
    spent = 0.0
    for start in range(0, count, CALL):
        items = [_item(number) for number in range(start, min(start + CALL, count))]
        begun = time.perf_counter()
        catalog.want(collection, "benchmark", items)
        spent += time.perf_counter() - begun
    return count / spent


def _item(number: int) -> Item:
    host = f"images.host{number % HOSTS}.example"
    details = {"objectID": number, "title": f"Vase {number}", "artistDisplayName": "somebody", "medium": "Terracotta"}
    picture = Picture(f"https://{host}/collection/api/{number:08d}/main-image.jpg")
    return Item(str(number), (picture,), title=f"Vase {number}", artist="somebody", details=details)


def _copy(catalog: Catalog, count: int) -> None:
    """More rows like those that are there, until they are so many."""
    digest = "lower(hex(randomblob(16)))" if catalog.is_sqlite else "md5(CAST(id + :here AS text))"
    fetch = "collection_id, kind, url, host, what, note, attempts, state"
    with catalog.session(write=True) as connection:
        here = connection.scalar(text("SELECT count(*) FROM fetches")) or 0
        while here < count:
            said = {"here": here, "more": min(here, count - here)}
            connection.execute(
                text(
                    "INSERT INTO items (id, source, key, title, details, added_at) SELECT id + :here, source, "
                    "CAST(id + :here AS text), title, details, added_at FROM items WHERE id <= :more"
                ),
                said,
            )
            connection.execute(
                text(
                    f"INSERT INTO fetches (id, digest, next_try, {fetch}) SELECT id + :here, {digest}, "
                    f"(id + :here) * 1e-10, {fetch} FROM fetches WHERE id <= :more"
                ),
                said,
            )
            links = "SELECT item_id + :here, fetch_id + :here, position FROM item_fetches WHERE fetch_id <= :more"
            connection.execute(text(f"INSERT INTO item_fetches (item_id, fetch_id, position) {links}"), said)
            here += said["more"]


def _set_done(catalog: Catalog, most: int) -> None:
    done = "UPDATE fetches SET state = 'done', bytes = 250000, status = 200 WHERE state = 'waiting' AND id <= :most"
    with catalog.session(write=True) as connection:
        connection.execute(text(done), {"most": most})


def _rounds(catalog: Catalog, collection: int) -> tuple[float, float]:
    """Median seconds of a lease and of a finish."""
    leases, finishes = [], []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        taken = catalog.lease(collection, "me", BATCH, KINDS, NOW, UNTIL)
        leased = time.perf_counter()
        catalog.finish(collection, "benchmark", "me", _outcomes(taken))
        finishes.append(time.perf_counter() - leased)
        leases.append(leased - begun)
    return statistics.median(leases), statistics.median(finishes)


def _outcomes(taken: Sequence[Leased]) -> list[Finished]:
    return [
        Finished(one.id, FAILED, error="gone", reason="404 Not Found", status=404)
        if one.id % 50 == 0
        else Finished(
            one.id, DONE, status=200, image=StoredImage(f"{one.id:064x}", 250_000, "JPEG", 600, 400, "RGB", 1)
        )
        for one in taken
    ]


@contextmanager
def _postgres(given: str | None) -> Iterator[str | None]:
    programs = installed()
    if given or programs is None:
        yield given
        return
    with closing(private_cluster(programs)) as server:
        yield next(server)


if __name__ == "__main__":
    main()
