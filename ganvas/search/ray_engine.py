"""Trials as tasks of a Ray cluster: `RayEngine(studio, "auto", threads=4)`.

Ray is asked for processors and GPUs, and never to try again: what was lost with a node is told as WAITING, and whoever
drives the search starts it anew. Nothing here decides about another trial.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Literal

from ganvas.counted import counted
from ganvas.errors import InputError
from ganvas.progress import Progress, Silent
from ganvas.search.ray_cluster import AUTO, RayCluster
from ganvas.search.ray_trial import TOKEN_FILE, Message, Order, Placed, Stops, Unreachable, run_trial, this_machine
from ganvas.search.receiving import Receiver
from ganvas.search.shipping import Cargo, ShippedSet, ship_run, ship_set
from ganvas.search.trial import FAILED, WAITING, Ended, Event, Tick, TrialSpec
from ganvas.studio import StudioFolder
from ganvas.whole import write_whole

Reach = Literal["auto", "shipped"]
AHEAD = 8  # messages a task may be ahead of who reads them: its checkpoints wait there, not in memory here
GRACE_S = 150.0  # a little longer than a node gives a trial for saving
FETCH_S = 120.0
MOST_TRIALS = 10_000


@dataclass
class _Running:
    spec: TrialSpec
    attempt: int
    messages: Any  # ray.ObjectRefGenerator
    cargo: Cargo | None  # held: what nobody refers to is dropped from the object store
    placed: bool = False  # a task that has not begun hears nothing: it is cancelled, not asked to stop
    receiver: Receiver | None = None
    last: Tick | None = None
    begun: float = field(default_factory=time.monotonic)


class RayEngine:
    """Runs as many trials at a time as the cluster has room for, `threads` processors and `gpus` (a share) each.

    `reach`: auto lets trials work in the studio's folder where they see it, and sends the set where they do not;
    shipped always sends it. Raises what RayCluster raises.
    """

    def __init__(
        self,
        studio: StudioFolder,
        address: str = AUTO,
        threads: int = 1,
        gpus: float | None = None,
        reach: Reach = "auto",
        progress: Progress | None = None,
    ) -> None:
        self._studio, self._progress = studio, progress or Silent()
        self._cluster = RayCluster(address, threads, gpus)
        self._ray = self._cluster.ray
        self._token = _token(studio) if reach == "auto" else None
        self._ships = reach == "shipped"
        self._sets: dict[str, ShippedSet] = {}
        self._running: dict[int, _Running] = {}
        self._told: list[Event] = []  # what `stop` found out, for the next `wait`
        self._closed = False
        self._attempts = count()
        self._task = self._ray.remote(
            num_cpus=threads,
            num_gpus=self._cluster.gpus,
            num_returns="streaming",
            max_retries=0,
            scheduling_strategy="SPREAD",
            _generator_backpressure_num_objects=AHEAD,
        )(run_trial)
        self._stops = self._stops_actor()
        self._stops.keep.remote(studio.settings.catalog.url)
        self.hosts: dict[int, str] = {}  # of each trial, the last that it ran on
        self.nodes: dict[int, str] = {}

    @property
    def slots(self) -> int:
        return self._cluster.slots

    @property
    def record(self) -> dict[str, Any]:
        """What search.json says of it: `jobs` is None, since nodes come and go; `room` is what there was for."""
        threads, gpus, nodes = self._cluster.threads, self._cluster.gpus, len(self._cluster.nodes())
        share = f" and {gpus:g} GPU" if gpus else ""
        reason = f"a Ray cluster of {counted(nodes, 'node')} shares them out, one to {threads} CPU{share}"
        return {"name": "ray", "jobs": None, "room": self.slots, "threads": threads, "gpus": gpus, "reason": reason}

    def start(self, spec: TrialSpec) -> str:
        """Begin a trial somewhere in the cluster; `hosts` says where as soon as it is known."""
        self._running[spec.number] = self._submitted(spec)
        return f"Ray {self._cluster.address}"

    def wait(self, seconds: float) -> Sequence[Event]:
        deadline = time.monotonic() + seconds
        events, self._told = self._told, []
        while not events:
            left = deadline - time.monotonic()
            if left <= 0 and seconds > 0:
                break
            if not self._running:
                time.sleep(max(0.0, left))
                break
            for trial in self._with_news(max(0.0, left)):
                events += self._heard(trial)
            if seconds <= 0:
                break
        return events

    def stop(self, number: int) -> None:
        if (trial := self._running.get(number)) is None:
            return
        self._stops.stop.remote(trial.attempt)
        if not trial.placed:
            self._told.append(self._lost(trial, None))

    def close(self) -> None:
        """End all trials politely and take in what they saved; then leave the cluster."""
        if self._closed:
            return
        self._closed = True
        try:
            for number in list(self._running):
                self.stop(number)
            deadline = time.monotonic() + GRACE_S
            while self._running and time.monotonic() < deadline:
                self.wait(1.0)
        finally:
            for trial in list(self._running.values()):
                self._cancel(trial)
                self._forget(trial)
            with suppress(Exception):
                self._ray.kill(self._stops)
            self._cluster.close()

    def _submitted(self, spec: TrialSpec) -> _Running:
        cargo = self._cargo(spec) if self._ships else None
        order = self._order(spec, cargo)
        return _Running(spec, order.attempt, self._task.remote(order, self._stops), cargo)

    def _order(self, spec: TrialSpec, cargo: Cargo | None) -> Order:
        is_file = self._studio.catalog.is_sqlite
        return Order(
            spec=replace(spec, threads=self._cluster.threads),
            attempt=next(self._attempts),
            folder=str(self._studio.root),
            token=self._token,
            machine=this_machine() if is_file else None,
            cargo=cargo,
        )

    def _cargo(self, spec: TrialSpec) -> Cargo:
        """The set, put into the object store once; the run as far as it is; one whose weights it starts with."""
        if (name := spec.set_name) not in self._sets:
            self._progress.note(f"set {name} is sent to the cluster: a node does not see it in {self._studio.root}")
            self._sets[name] = ship_set(self._studio.sets / name, self._ray.put)
        names = [spec.run, *filter(None, [spec.settings.get("start_from")])]
        shipped = (ship_run(self._studio, name, self._ray.put) for name in names)
        return Cargo(self._sets[name], tuple(run for run in shipped if run is not None))

    def _with_news(self, seconds: float) -> list[_Running]:
        streams = {id(trial.messages): trial for trial in self._running.values()}
        ready, rest = self._ray.wait([trial.messages for trial in self._running.values()], timeout=seconds)
        if ready and rest:
            ready += self._ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        return [streams[id(stream)] for stream in ready]

    def _heard(self, trial: _Running) -> Iterator[Event]:
        """What a trial's next message means; the end of a stream without an Ended is a loss."""
        errors = self._ray.exceptions
        try:
            message: Message = self._ray.get(next(trial.messages), timeout=FETCH_S)
        except StopIteration:
            yield self._lost(trial, "lost: its task ended without a word")
        except errors.OutOfMemoryError:
            yield self._ended(
                trial, FAILED, "its node had no memory left: ask for a smaller batch, or more threads each"
            )
        except errors.RayTaskError as error:
            yield self._ended(trial, FAILED, _could_not_begin(error))
        except errors.RayError as error:
            yield self._lost(trial, f"lost with its worker ({type(error).__name__})")
        else:
            yield from self._taken(trial, message)

    def _taken(self, trial: _Running, message: Message) -> Iterator[Event]:
        number = trial.spec.number
        if isinstance(message, Unreachable):
            self._ships = True
            if self._closed:
                yield self._lost(trial, None)
            else:
                self._running[number] = self._submitted(trial.spec)
        elif isinstance(message, Placed):
            yield from self._placed(trial, message)
        elif isinstance(message, Tick):
            trial.last = message
            yield message
        elif isinstance(message, Ended):
            self._forget(trial)
            yield replace(message, worker=self.hosts.get(number))
        elif trial.receiver is not None:
            trial.receiver.take(message)

    def _placed(self, trial: _Running, message: Placed) -> Iterator[Event]:
        number, trial.placed = trial.spec.number, True
        self.hosts[number], self.nodes[number] = message.host, message.node
        if message.shared:
            return
        try:
            trial.receiver = Receiver(self._studio, trial.spec.run)
        except InputError as error:  # one trial's trouble is none of the others'
            self._cancel(trial)
            yield self._ended(trial, FAILED, str(error))

    def _lost(self, trial: _Running, reason: str | None) -> Ended:
        """Its task is cancelled first: it may live on, and the run is nobody else's before it has let go."""
        self._cancel(trial)
        return self._ended(trial, WAITING, reason)

    def _ended(self, trial: _Running, state: str, reason: str | None) -> Ended:
        self._forget(trial)
        images = trial.last.images if trial.last else 0
        seconds = round(time.monotonic() - trial.begun, 3)
        return Ended(trial.spec.number, state, reason, {}, images, seconds, self.hosts.get(trial.spec.number))

    def _forget(self, trial: _Running) -> None:
        del self._running[trial.spec.number]
        if trial.receiver is not None:
            trial.receiver.close()

    def _cancel(self, trial: _Running) -> None:
        """Its worker is ended, and the trial's process, which loses its starter, saves and ends."""
        with suppress(Exception):
            self._ray.cancel(trial.messages, force=True)

    def _stops_actor(self) -> Any:
        """On this machine: it is needed as long as this process is, and not longer."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(self._ray.get_runtime_context().get_node_id(), soft=False)
        options = self._ray.remote(num_cpus=0, max_concurrency=MOST_TRIALS, scheduling_strategy=here)
        return options(Stops).remote()


def _token(studio: StudioFolder) -> str:
    """What proves to a worker that the folder it sees is this studio, and not one of the same path elsewhere."""
    path = studio.root / TOKEN_FILE
    if not path.exists():
        write_whole(path, uuid.uuid4().hex.encode())
    return path.read_text()


def _could_not_begin(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[-1] if lines else type(error).__name__
    if "ModuleNotFoundError" in str(error):
        return f"the node cannot import what a trial needs ({said}): install ganvas on every node of the cluster"
    return said
