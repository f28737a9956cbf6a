"""Trials on a real Ray cluster of two nodes: where they run, what comes home, and what a node takes with it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ganvas.errors import InputError, MissingExtra
from ganvas.search.ray_cluster import RayCluster
from ganvas.search.ray_engine import RayEngine
from ganvas.search.trial import FAILED, FINISHED, WAITING, Ended, Event, Tick, TrialSpec
from ganvas.studio import StudioFolder
from ganvas.train.checkpoint import checkpoints, damage, state_of
from ganvas.train.run_folder import RunFolder, read_lines
from ganvas.workers import worker_environment
from tests.train.conftest import TINY, packed_set

pytest.importorskip("ray", reason="Ray is not installed: pip install 'ganvas[ray]'")

STORE_BYTES = 80 << 20
PATIENCE_S = 60.0
LONG = {**TINY, "budget": "4800-images", "ticks": 12, "light_judge": 32, "precision": "fp32", "mirror": False}


class Nodes:
    """A cluster whose first node stays, and whose second comes and goes."""

    def __init__(self, folder: str) -> None:
        from ray.cluster_utils import Cluster

        self._settings = {"object_store_memory": STORE_BYTES, "temp_dir": folder}
        head = {"num_cpus": 2, "include_dashboard": False, **self._settings}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self._second: Any = None

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def second(self) -> str:
        """The second node's id, started unless it runs."""
        if self._second is None:
            settings = {**self._settings, "temp_dir": None}
            self._second = self.cluster.add_node(num_cpus=1, **settings)
        return str(self._second.node_id)

    def kill_second(self) -> None:
        """As a machine that loses its power."""
        self.cluster.remove_node(self._second, allow_graceful=False)
        self._second = None


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    folder = tempfile.mkdtemp(prefix="r", dir="/tmp")  # the path of a socket may have 107 letters
    before = dict(os.environ)
    os.environ |= {**worker_environment(), "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    nodes = Nodes(folder)
    try:
        yield nodes
    finally:
        nodes.cluster.shutdown()
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def studio(tmp_path: Path) -> StudioFolder:
    studio = StudioFolder.create(tmp_path / "studio")
    packed_set(studio, "halves", size=(8, 8))
    return studio


def spec(number: int, settings: dict[str, Any] = LONG) -> TrialSpec:
    network = {**TINY["network"], "conv_layers": None}
    given = {**settings, "network": network, "seed": number}
    return TrialSpec(number, f"try-{number:03d}", "halves", given, judge_n=20, threads=1)


def heard(engine: RayEngine, enough: Any) -> list[Event]:
    """All events until `enough(events)`."""
    events: list[Event] = []
    end = time.monotonic() + PATIENCE_S
    while not enough(events):
        assert time.monotonic() < end, events
        events += engine.wait(1.0)
        assert not [event for event in ended(events) if event.state == FAILED], events
    return events


def ended(events: list[Event]) -> list[Ended]:
    return [event for event in events if isinstance(event, Ended)]


@pytest.mark.parametrize("reach", ["auto", "shipped"])
def test_a_killed_node_costs_only_its_own_trial(nodes: Nodes, studio: StudioFolder, reach: Any) -> None:
    second = nodes.second()
    engine = RayEngine(studio, "halves", nodes.address, reach=reach)
    try:
        assert engine.slots == 3
        specs = {number: spec(number) for number in range(2)}
        for one in specs.values():
            engine.start(one)

        def under_way(events: list[Event]) -> bool:
            saved = [checkpoints(studio.runs / one.run / "checkpoints")[1:] for one in specs.values()]
            return all(saved) and len({event.number for event in events}) == 2

        before = heard(engine, under_way)
        assert not ended(before)
        lost = next(number for number, node in engine.nodes.items() if node == second)
        other = 1 - lost
        nodes.kill_second()
        between = heard(engine, lambda events: any(e.number == lost for e in ended(events)))
        end = next(e for e in ended(between) if e.number == lost)
        assert end.state == WAITING
        assert "lost" in (end.reason or "")
        folder = RunFolder(studio.runs / specs[lost].run)
        from_here = checkpoints(folder.checkpoints)[-1]
        assert damage(from_here) is None
        first_sheet = (folder.sheets / "tick-0000.png").stat().st_mtime_ns
        engine.start(specs[lost])
        after = heard(engine, lambda events: len(ended(between) + ended(events)) == 3)
        results = {e.number: e for e in ended(between + after) if e is not end}
        assert {e.state for e in results.values()} == {FINISHED}
        ticks = [e.images for e in before + between + after if isinstance(e, Tick) and e.number == other]
        assert ticks == sorted(set(ticks))
        assert (folder.sheets / "tick-0000.png").stat().st_mtime_ns == first_sheet
        for number, one in specs.items():
            check_home(studio, one, results[number])
    finally:
        engine.close()


def check_home(studio: StudioFolder, one: TrialSpec, end: Ended) -> None:
    """Everything of a run is here as if it had been trained here."""
    folder = RunFolder(studio.runs / one.run)
    row = studio.catalog.existing_run(one.run)
    assert (row.state, row.images_seen) == ("finished", 4800)
    assert end.images == 4800
    assert state_of(checkpoints(folder.checkpoints)[-1])["images"] == 4800
    assert all(damage(path) is None for path in folder.checkpoints.iterdir())
    assert [tick.tick for tick in studio.catalog.ticks(one.run)] == list(range(13))
    assert [line["tick"] for line in read_lines(folder.ticks_file)] == list(range(13))
    assert len(list(folder.sheets.glob("tick-*.png"))) == 13
    kept = {score.name: score.value for score in studio.catalog.scores(one.run)}
    assert kept["kid"] == end.scores["kid"]
    assert json.loads((folder.path / "scores.json").read_text())
    assert not [path for path in folder.path.rglob(".*") if path.name != ".lock"]
