from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ganvas.catalog import Catalog
from ganvas.catalog.fetch_records import DONE, LEASED
from ganvas.catalog.wanted import PICTURE, Item, Picture
from ganvas.collect import leases
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


def test_machines_of_one_name_take_nothing_from_one_another(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = catalog.begin_collection("test", {}, None, None).id
    catalog.want(collection, "test", [Item("1", (Picture("http://pictures.example/1.jpg"),))])
    here = worker_name()
    monkeypatch.setattr(leases, "BOOT_ID", tmp_path / "boot_id")
    (tmp_path / "boot_id").write_text("6b1d6a4e-0c3f-4d5c-8a57-2f1f0e8f9a10\n")
    another = worker_name()
    assert another.partition("/")[0] == here.partition("/")[0]
    not_here = f"{another.split(':')[0]}:{2**22}:ab"  # more than any process's number
    catalog.lease(collection, not_here, 1, (PICTURE,), NOW, UNTIL)
    assert dead_workers(catalog.workers()) == {not_here}
    monkeypatch.undo()
    assert dead_workers(catalog.workers()) == set()


def test_where_nothing_tells_when_a_machine_started_its_hardware_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "BOOT_ID", tmp_path / "nothing")
    host = worker_name().split(":")[0]
    assert worker_name().split(":")[0] == host
    assert host.count("/") == 1
    assert dead_workers({f"{host}:{2**22}:ab"}) == {f"{host}:{2**22}:ab"}
