"""What runs on a node of a Ray cluster: one trial in a process of its own, as on this machine, and its news on the way.

`run_trial` is a task that streams messages. Where the studio can be seen, it works there; where not, in one made of
what was sent.
"""

from __future__ import annotations

import asyncio
import platform
import tempfile
import traceback
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganvas.errors import GanvasError
from ganvas.search.local import LocalEngine
from ganvas.search.sending import News, Sender
from ganvas.search.shipping import Cargo
from ganvas.search.trial import FAILED, Ended, Event, TrialSpec
from ganvas.search.unpacking import borrowed_studio
from ganvas.studio import StudioFolder
from ganvas.version import __version__

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TOKEN_FILE = ".shared"
POLL_S = 0.5


@dataclass(frozen=True)
class Order:
    """A trial, and how its studio is reached: by its folder where `token` is found in it (and, where the catalog is a
    file, on its own `machine`: SQLite is not safe over a network), else by the cargo.
    """

    spec: TrialSpec
    attempt: int
    folder: str
    token: str | None
    machine: str | None
    cargo: Cargo | None = field(repr=False)
    version: str = __version__


@dataclass(frozen=True)
class Placed:
    """The trial runs here."""

    node: str
    host: str
    shared: bool


@dataclass(frozen=True)
class Unreachable:
    """The studio cannot be seen from here: send it."""

    host: str


Message = Placed | Unreachable | News | Event


class Stops:
    """The actor that knows which trials shall stop. Waiting costs nothing: one call an attempt, answered when it is.

    It also keeps the database's address, which may hold a password, for those that see the studio and for no others.
    """

    def __init__(self) -> None:
        self._asked: dict[int, asyncio.Event] = {}
        self._database: str | None = None
        self._told = asyncio.Event()

    async def keep(self, database: str | None) -> None:
        self._database = database
        self._told.set()

    async def database(self) -> str | None:
        await self._told.wait()
        return self._database

    async def stopped(self, attempt: int) -> bool:
        return await self._asked.setdefault(attempt, asyncio.Event()).wait()

    async def stop(self, attempt: int) -> None:
        self._asked.setdefault(attempt, asyncio.Event()).set()


def this_machine() -> str:
    """The same for all processes under one kernel, and for no other."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return hex(uuid.getnode())


def run_trial(order: Order, stops: Any) -> Iterator[Message]:
    """A trial's messages: where it runs, what it makes, and at last an Ended. Never raises for what a trial can do."""
    try:
        yield from _run(order, stops)
    except GanvasError as error:
        yield _failed(order.spec, str(error))
    except Exception as error:
        traceback.print_exc()
        yield _failed(order.spec, " ".join(f"{type(error).__name__}: {error}".split()))


def _run(order: Order, stops: Any) -> Iterator[Message]:
    import ray

    spec, host = order.spec, platform.node()
    if order.version != __version__:
        yield _failed(spec, f"{host} has ganvas {__version__}, and the search {order.version}: install the same")
        return
    shared = _sees_studio(order)
    if not shared and order.cargo is None:
        yield Unreachable(host)
        return
    yield Placed(ray.get_runtime_context().get_node_id(), host, shared)
    # A future, not ray.get: a task that waits for an object lends its processors to others.
    stop = stops.stopped.remote(order.attempt).future()
    with ExitStack() as borrowed:
        if shared:
            database = stops.database.remote().future().result()
            yield from _followed(StudioFolder.open(order.folder, database), spec, stop)
        else:
            assert order.cargo is not None
            studio = borrowed.enter_context(borrowed_studio(order.cargo, ray.get))
            yield from _followed(studio, spec, stop, Sender(studio, spec.run))


def _followed(
    studio: StudioFolder, spec: TrialSpec, stop: Future[bool], sender: Sender | None = None
) -> Iterator[Message]:
    """The trial as this machine's engine runs it. Its end is told when all it made has been sent."""
    with tempfile.TemporaryDirectory(prefix="ganvas-") as scratch:
        engine = LocalEngine(studio, Path(scratch), jobs=1, threads=spec.threads)
        engine.start(spec)
        try:
            ended = False
            while not ended:
                if stop.done() and stop.exception() is None:
                    engine.stop(spec.number)
                events = engine.wait(POLL_S)
                if sender is not None:
                    yield from sender.news()
                yield from (event for event in events)  # Ray sends into the generator, which a list cannot take
                ended = any(isinstance(event, Ended) for event in events)
        finally:
            engine.close()


def _sees_studio(order: Order) -> bool:
    if order.token is None or order.machine not in (None, this_machine()):
        return False
    try:
        return (Path(order.folder) / TOKEN_FILE).read_text() == order.token
    except OSError:
        return False


def _failed(spec: TrialSpec, reason: str) -> Ended:
    return Ended(spec.number, FAILED, reason, {}, 0, 0.0)
