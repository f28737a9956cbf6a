"""Trials on a real Ray cluster of two nodes: where they run, what comes home, and what a node takes with it."""

from __future__ import annotations

import os
import pickle
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from ganvas.errors import InputError, MissingExtra
from ganvas.search.driver import search
from ganvas.search.ray_cluster import RayCluster
from ganvas.search.ray_engine import RayEngine
from ganvas.search.space import settings_of
from ganvas.search.trial import FAILED, FINISHED, WAITING, Ended, Event, Tick, Trial, TrialSpec
from ganvas.studio import StudioFolder
from ganvas.train.checkpoint import checkpoints, damage, state_of
from ganvas.train.run_folder import RunFolder, read_lines
from ganvas.workers import worker_environment
from tests.search.studios import TINY, space_of, studio_in
from tests.train.conftest import Notes, packed_set

pytest.importorskip("ray", reason="Ray is not installed: pip install 'ganvas[ray]'")

STORE_BYTES = 80 << 20
PATIENCE_S = 60.0
FIRST_SHEET = "sheets/tick-0000.png"
ROOT = Path(__file__).parents[2]
# Python runs it as it starts: a trial says which process has started it and which it is, and stands still once it has
# saved so often.
STANDING = """
import os, sys
if "ganvas.search.trial_process" in sys.orig_argv:
    from pathlib import Path
    from ganvas.train import checkpoint
    from tests.standstill import stops_after
    Path(__file__).with_name("processes").write_text(f"{{os.getppid()}} {{os.getpid()}}")
    stops_after({saved}, checkpoint, "save")
"""


class Nodes:
    """A cluster of one node that stays; others come and go."""

    def __init__(self, folder: str) -> None:
        from ray.cluster_utils import Cluster

        self._settings = {"object_store_memory": STORE_BYTES, "temp_dir": f"{folder}/ray"}
        head = {"num_cpus": 2, "include_dashboard": False, **self._settings}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    @contextmanager
    def with_gpus(self, count: int) -> Iterator[None]:
        """One more node, which says that it has so many."""
        settings = {**self._settings, "temp_dir": None}
        node = self.cluster.add_node(num_cpus=2, num_gpus=count, **settings)
        try:
            yield
        finally:
            self.cluster.remove_node(node)

    @contextmanager
    def doomed(self, folder: Path, saved: int) -> Iterator[DoomedNode]:
        """One more node, whose trials stand still once they have saved so often: they end when it is killed."""
        (folder / "sitecustomize.py").write_text(STANDING.format(saved=saved))
        before = os.environ["PYTHONPATH"]
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT), before])
        try:
            node = self.cluster.add_node(num_cpus=1, **{**self._settings, "temp_dir": None})
        finally:
            os.environ["PYTHONPATH"] = before
        doomed = DoomedNode(self.cluster, node, folder / "processes")
        try:
            yield doomed
        finally:
            doomed.kill()


class DoomedNode:
    """A node that will lose its power, and every process on it: killed alone, Ray's own would leave a worker behind for
    a second, in which a trial may end and say so.
    """

    def __init__(self, cluster: Any, node: Any, processes: Path) -> None:
        self.id = str(node.node_id)
        self._cluster, self._node, self._processes = cluster, node, processes

    def kill(self) -> None:
        if self._node is None:
            return
        if self._processes.exists():
            for process in self._processes.read_text().split():
                with suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
        self._cluster.remove_node(self._node, allow_graceful=False)
        self._node = None


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    folder = tempfile.mkdtemp(prefix="r", dir="/tmp")  # the path of a socket may have 107 letters
    before = dict(os.environ)
    os.environ |= {**worker_environment(), "RAY_USAGE_STATS_ENABLED": "0", "TMPDIR": folder}
    Path(folder, "ray").mkdir()
    nodes = Nodes(folder)
    try:
        yield nodes
    finally:
        nodes.cluster.shutdown()
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


class Recording(RayEngine):
    """Remembers what it was asked and what it told. `then` is done when two checkpoints of the trial on the node `of`
    are here.
    """

    def __init__(self, studio: StudioFolder, *given: Any, of: str, then: Callable[[int], None], **options: Any) -> None:
        super().__init__(studio, *given, **options)
        self.started: list[int] = []
        self.told: list[Event] = []
        self._of, self._then = of, then
        self.first_sheets: dict[str, int] = {}

    def start(self, spec: TrialSpec) -> str:
        self.started.append(spec.number)
        return super().start(spec)

    def wait(self, seconds: float) -> Sequence[Event]:
        events = super().wait(seconds)
        self.told += events
        return events

    def _heard(self, trial: Any) -> Iterator[Event]:
        yield from super()._heard(trial)
        number, folder = trial.spec.number, self._studio.runs / trial.spec.run
        watched = self.nodes.get(number) == self._of and not self.first_sheets
        if watched and len(checkpoints(folder / "checkpoints")) == 2:
            self.first_sheets[trial.spec.run] = (folder / FIRST_SHEET).stat().st_mtime_ns
            self._then(number)


def test_where_the_folder_is_seen_trials_work_in_it(nodes: Nodes, tmp_path: Path) -> None:
    made = studio_in(tmp_path)
    made.catalog.close()
    (made.root / "catalog.db").rename(tmp_path / "elsewhere.db")  # only who is told the address finds it
    studio = StudioFolder.open(made.root, f"sqlite:///{tmp_path}/elsewhere.db")
    notes = Notes()
    engine = RayEngine(studio, nodes.address, threads=2, progress=notes)
    given: dict[str, Any] = {"judge_n": 20, "name": "seen"}
    folder = search(studio, "halves", space_of(warmup=[0.03]), budget="320-images", engine=engine, **given)
    assert [(trial.state, trial.worker) for trial in folder.trials()] == [(FINISHED, platform.node())]
    assert studio.catalog.existing_run(folder.trials()[0].run).state == "finished"
    assert not [line for line in notes.lines if "is sent to the cluster" in line]
    said = folder.read_asked()["engine"]
    assert (said["name"], said["jobs"], said["threads"], said["gpus"]) == ("ray", None, 2, 0.0)
    assert said["room"] >= 1
    assert re.fullmatch(r"a Ray cluster of (1 node|\d+ nodes) shares them out, one to 2 CPU", said["reason"])


@pytest.mark.parametrize("catalog_url", ["postgresql"], indirect=True)
def test_a_catalog_on_a_server_is_shared_and_its_password_is_written_nowhere(
    nodes: Nodes, tmp_path: Path, catalog_url: str
) -> None:
    url = make_url(catalog_url)
    password = str(url.password or "not-to-be-told")
    studio = StudioFolder.create(tmp_path / "studio")
    studio.settings.catalog.url = url.set(password=password).render_as_string(hide_password=False)
    packed_set(studio, "halves", count=240, size=(8, 8))
    engine = RayEngine(studio, nodes.address)
    order = engine._order(TrialSpec(0, "served-000", "halves", {}, judge_n=20, threads=1), None)
    assert order.machine is None  # every node that sees the folder may use it
    assert password.encode() not in pickle.dumps(order)
    given: dict[str, Any] = {"budget": "320-images", "judge_n": 20, "name": "served"}
    folder = search(studio, "halves", space_of(warmup=[0.03, 0.05]), engine=engine, **given)
    for trial in folder.trials():
        assert (trial.state, studio.catalog.existing_run(trial.run).state) == (FINISHED, "finished"), trial.reason
        kept = {score.name: score.value for score in studio.catalog.scores(trial.run)}
        assert kept["kid"] == trial.scores["kid"]
    assert len(folder.trials()) == 2
    studio.catalog.close()
    assert not (studio.root / "catalog.db").exists()
    files = [path for path in studio.root.rglob("*") if path.is_file()]
    assert not [path for path in files if password.encode() in path.read_bytes()]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="what a process was started with is seen in /proc")
def test_each_trial_has_a_gpu_of_its_own(nodes: Nodes, tmp_path: Path) -> None:
    studio = studio_in(tmp_path)
    long = {**settings_of(TINY), "budget": "2000000-images", "ticks": 1000, "device": "cpu"}
    with nodes.with_gpus(2):
        halves = RayCluster(nodes.address, gpus=0.5)
        assert halves.slots == 2  # four by its GPUs, two by its processors
        halves.close()
        engine = RayEngine(studio, nodes.address)
        try:
            assert (engine.slots, engine.record["gpus"]) == (2, 1.0)
            for number in range(2):
                engine.start(TrialSpec(number, f"long-{number}", "halves", long, judge_n=20, threads=1))
            end = time.monotonic() + PATIENCE_S
            while len(gpus := gpus_of_trials(studio)) < 2:
                assert not [event for event in engine.wait(0.1) if isinstance(event, Ended)]
                assert time.monotonic() < end, f"two trials have not begun in {PATIENCE_S} s"
        finally:
            engine.close()
    assert sorted(gpus) == ["0", "1"]


def gpus_of_trials(studio: StudioFolder) -> list[str]:
    """What the processes of this studio's trials were told of GPUs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            command = (process / "cmdline").read_bytes().split(b"\0")
            if b"ganvas.search.trial_process" in command and str(studio.root).encode() in command:
                told = (process / "environ").read_bytes().split(b"\0")
                found += [one.partition(b"=")[2].decode() for one in told if one.startswith(b"CUDA_VISIBLE_DEVICES=")]
    return found


def test_what_a_trial_is_to_have_reaches_the_cluster_from_the_command_line(
    nodes: Nodes, tmp_path: Path, call: Callable[..., tuple[int, str, str]]
) -> None:
    studio = studio_in(tmp_path)
    (tmp_path / "space.toml").write_text("batch = [8, 16]\n")
    command = ["-C", studio.root, "search", "halves", tmp_path / "space.toml", "--ray", nodes.address]
    for shares, said in (
        (["--gpus", 3, "--threads", 2], "it wants 2 processors and 3 GPUs, the largest of"),
        (["--gpus", 1.5], "--gpus 1.5: give a share of one GPU"),
    ):
        code, _, error = call(*command, *shares)
        assert (code, error.count("\n")) == (1, 1)
        assert said in error


def test_a_killed_node_costs_only_its_own_trial(nodes: Nodes, tmp_path: Path) -> None:
    studio, lost = studio_in(tmp_path), list[int]()
    with nodes.doomed(tmp_path, saved=2) as doomed:

        def kill(number: int) -> None:
            lost.append(number)
            doomed.kill()

        engine = Recording(studio, nodes.address, reach="shipped", of=doomed.id, then=kill)
        assert engine.slots == 3
        space = space_of(warmup=[0.03, 0.05], ticks=12)
        folder = search(studio, "halves", space, budget="3840-images", judge_n=20, engine=engine, prune=False)

    assert len(lost) == 1
    assert sorted(engine.started) == sorted([0, 1, *lost])
    ends = [event for event in engine.told if isinstance(event, Ended)]
    states = sorted((event.number, event.state) for event in ends)
    assert states == sorted([(0, FINISHED), (1, FINISHED), (lost[0], WAITING)]), [end.reason for end in ends]
    other = [event.images for event in engine.told if isinstance(event, Tick) and event.number != lost[0]]
    assert other == sorted(set(other))
    trials = folder.trials()
    assert [trial.state for trial in trials] == [FINISHED, FINISHED]
    assert {trial.worker for trial in trials} == {platform.node()}
    for trial in trials:
        check_home(studio, trial)
    ((run, first_sheet),) = engine.first_sheets.items()
    assert run == trials[lost[0]].run
    # it went on from a checkpoint: what came before was not made again
    assert (studio.runs / run / FIRST_SHEET).stat().st_mtime_ns == first_sheet


def check_home(studio: StudioFolder, trial: Trial) -> None:
    """Everything of a run is here as if it had been trained here."""
    folder = RunFolder(studio.runs / trial.run)
    row = studio.catalog.existing_run(trial.run)
    assert (row.state, row.images_seen, trial.images) == ("finished", 3840, 3840)
    found = checkpoints(folder.checkpoints)
    assert len(found) == 2
    assert state_of(found[-1])["images"] == 3840
    assert [damage(path) for path in found] == [None, None]
    assert [tick.tick for tick in studio.catalog.ticks(trial.run)] == list(range(13))
    assert [line["tick"] for line in read_lines(folder.ticks_file)] == list(range(13))
    assert len(list(folder.sheets.glob("tick-*.png"))) == 13
    kept = {score.name: score.value for score in studio.catalog.scores(trial.run)}
    assert kept["kid"] == trial.scores["kid"]
    assert (folder.path / "scorecard.html").exists()
    assert [path.name for path in folder.path.rglob(".*")] == [".lock"]


def test_what_is_stopped_sends_home_what_it_saved(nodes: Nodes, tmp_path: Path) -> None:
    studio = studio_in(tmp_path)
    long = {**settings_of(TINY), "budget": "2000000-images", "ticks": 1000}
    specs = [TrialSpec(number, f"long-{number}", "halves", long, judge_n=20, threads=1) for number in range(2)]
    engine = RayEngine(studio, nodes.address, reach="shipped")
    try:
        for spec in specs:
            engine.start(spec)
        for spec in specs:
            heard(engine, lambda event, number=spec.number: event.number == number and event.images > 0)
        engine.stop(0)
        end = heard(engine, lambda event: isinstance(event, Ended))
        assert isinstance(end, Ended)
        assert (end.number, end.state, end.worker) == (0, WAITING, platform.node())
    finally:
        engine.close()  # as politely, of what still runs
    for spec in specs:
        with RunFolder(studio.runs / spec.run).lock():
            row = studio.catalog.existing_run(spec.run)
        assert row.state == "interrupted"
        assert row.images_seen == saved_images(studio, spec.run) > 0


def test_a_trial_that_cannot_go_on_makes_room_for_the_next(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room for one: each is only heard of when the one before has let go of its processors."""
    studio = studio_in(tmp_path)
    long = {**settings_of(TINY), "budget": "2000000-images", "ticks": 1000}
    one, waits, locked, last = (
        TrialSpec(number, f"long-{number}", "halves", long, judge_n=20, threads=2) for number in range(4)
    )
    engine = RayEngine(studio, nodes.address, threads=2, reach="shipped")
    assert engine.slots == 1
    try:
        engine.start(one)
        placed(engine, 0)

        engine.start(waits)  # for room: it cannot hear that it shall stop
        engine.stop(1)
        ends = [event for event in engine.wait(0.0) if isinstance(event, Ended)]
        assert [(end.number, end.state) for end in ends] == [(1, WAITING)]

        with monkeypatch.context() as away:
            away.setattr(engine._ray, "get", never_arrives)
            end = heard(engine, lambda event: isinstance(event, Ended))
        assert isinstance(end, Ended)
        assert (end.number, end.state) == (0, WAITING)
        assert "GetTimeoutError" in str(end.reason)

        with RunFolder(studio.runs / locked.run).lock():
            engine.start(locked)
            end = heard(engine, lambda event: isinstance(event, Ended))
        assert isinstance(end, Ended)
        assert (end.number, end.state) == (2, FAILED)
        assert locked.run in str(end.reason)

        engine.start(last)
        placed(engine, 3)

        engine._studio.settings.catalog.url = "postgresql://me:secret@here/studio"
        order = engine._order(last, engine._cargo(last))
        assert b"secret" not in pickle.dumps(order)  # whoever is sent the set needs no password
    finally:
        engine.close()


def placed(engine: RayEngine, number: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while number not in engine.hosts:
        assert not [event for event in engine.wait(0.1) if isinstance(event, Ended)]
        assert time.monotonic() < end, f"trial {number} has begun nowhere in {PATIENCE_S} s"


def never_arrives(*_: Any, **__: Any) -> Any:
    from ray.exceptions import GetTimeoutError

    raise GetTimeoutError("it took too long")


def test_who_has_no_token_is_told_how_to_give_it(nodes: Nodes, tmp_path: Path) -> None:
    program = "import sys; from ganvas.search.ray_cluster import RayCluster; RayCluster(sys.argv[1])"
    given = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
    without = {name: value for name, value in os.environ.items() if name not in given}
    without |= {"RAY_AUTH_MODE": "token", "HOME": str(tmp_path)}
    command = [sys.executable, "-c", program, nodes.address]
    told = subprocess.run(command, env=without, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    last = told.stderr.splitlines()[-1]
    assert last.startswith("ganvas.errors.InputError: no Ray cluster could be used at")
    assert "`ray get-auth-token` says there" in last


def test_a_cluster_that_cannot_be_used_is_told_in_a_line(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = probe.getsockname()[1]
        for address, said in (
            (f"127.0.0.1:{nobody}", "no Ray cluster answers at"),
            ("ray://127.0.0.1:10001", "Ray Client cannot bring trials home"),
            ("somewhere", "write auto, local, or the address of a cluster as HOST:PORT"),
        ):
            with pytest.raises(InputError, match=said):
                RayCluster(address)
    with pytest.raises(InputError, match=r"no node of the Ray cluster has room for a trial: it wants 64 processors"):
        RayCluster(nodes.address, threads=64)
    for share, said in (
        ({"threads": 0}, "give 1 or more with --threads"),
        ({"gpus": 1.5}, r"a share of one GPU \(0.5\)"),
    ):
        with pytest.raises(InputError, match=said):
            RayCluster(nodes.address, **share)
    monkeypatch.setattr("ray.__version__", "1.0.0")
    with pytest.raises(InputError, match=r"Version mismatch.*both must have the same Ray and the same Python") as told:
        RayCluster(nodes.address)
    assert "\n" not in str(told.value)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'ganvas\[ray\]'"):
        RayCluster(nodes.address)


def saved_images(studio: StudioFolder, run: str) -> int:
    newest = checkpoints(studio.runs / run / "checkpoints")[-1]
    assert damage(newest) is None
    return int(state_of(newest)["images"])


def heard(engine: RayEngine, wanted: Callable[[Event], bool]) -> Event:
    """The first event that is wanted; an end that is not is a failure."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        for event in engine.wait(1.0):
            if wanted(event):
                return event
            assert isinstance(event, Tick), event
    raise AssertionError(f"nothing of the kind in {PATIENCE_S} s")
