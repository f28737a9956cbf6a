from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ganvas.catalog import Catalog
from ganvas.catalog.fetch_records import DONE, LEASED
from ganvas.catalog.wanted import PICTURE, Item, Picture
from ganvas.collect.leases import dead_workers, worker_name

ROWS, HELD = 600, 30
NOW, UNTIL = 1000.0, 1060.0


class Collector:
    """One process of tests/catalog/one_collector.py."""

    def __init__(self, address: str, collection: int, name: str) -> None:
        command = [sys.executable, "-m", "tests.catalog.one_collector", address, str(collection), name]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, verb: str, n: int, now: float) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{verb} {n} {now} {now + UNTIL - NOW}\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


@contextmanager
def two_collectors(address: str, collection: int) -> Iterator[tuple[Collector, Collector]]:
    both = Collector(address, collection, "one"), Collector(address, collection, "two")
    try:
        for collector in both:
            assert collector.answer() == {"ready": True}
        yield both
    finally:
        for collector in both:
            collector.process.kill()
            collector.process.communicate()


def test_two_processes_share_the_work_and_the_survivor_does_what_the_killed_one_held(
    catalog: Catalog, catalog_url: str
) -> None:
    collection = catalog.begin_collection("test", {}, None, None).id
    pictures = [Item(str(n), (Picture(f"http://pictures.example/{n}.jpg"),)) for n in range(ROWS)]
    catalog.want(collection, "test", pictures)
    with two_collectors(catalog_url, collection) as (one, two):
        one.ask("work", ROWS // 2, NOW)
        two.ask("work", ROWS // 2 - HELD, NOW)
        by_one, by_two = one.answer(), two.answer()
        one.ask("hold", HELD, NOW)
        held = one.answer()
        one.process.send_signal(signal.SIGKILL)
        one.process.wait()
        two.ask("work", ROWS, UNTIL - 1)
        assert two.answer() == []
        assert catalog.fetch_counts(collection) == {collection: {PICTURE: {DONE: ROWS - HELD, LEASED: HELD}}}
        two.ask("work", ROWS, UNTIL)
        late = two.answer()
    assert sorted(late) == sorted(held)
    assert (len(by_one), len(by_two), len(late)) == (ROWS // 2, ROWS // 2 - HELD, HELD)
    assert len({*by_one, *by_two, *late}) == ROWS
    assert catalog.fetch_counts(collection) == {collection: {PICTURE: {DONE: ROWS}}}
    assert catalog.count_images() == ROWS


def test_what_a_dead_process_of_this_machine_leased_is_known_by_its_name() -> None:
    code = "from ganvas.collect.leases import worker_name; print(worker_name())"
    gone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    elsewhere = f"another-machine:{gone.split(':', 1)[1]}"
    mine = worker_name()
    assert mine != worker_name()
    assert mine.split(":")[1] == str(os.getpid())
    assert dead_workers({mine, gone, elsewhere, "", "x:y:z", f"{mine.split(':')[0]}:99999999999999999999:ab"}) == {gone}
