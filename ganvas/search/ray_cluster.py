"""A Ray cluster: connecting to one, or starting one on this machine, quietly; how many trials it has room for.

Nothing is reported to anybody: Ray's usage statistics are off in whatever is started here, and so is its dashboard.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ganvas.counted import counted
from ganvas.errors import InputError, MissingExtra
from ganvas.workers import processors

AUTO, LOCAL = "auto", "local"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # only says that we know of a change to come
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # else `uv run` would send the folder it is called in to every node
}
PATIENCE_S = 10.0
LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")
STORE_BYTES = 256 << 20  # of a cluster started here; sets and checkpoints travel in pieces, and mostly not at all


class RayCluster:
    """A connection to a cluster: `auto` is the one that runs on this machine, `local` a new one here, else HOST:PORT.

    Raises MissingExtra without Ray, InputError for a cluster that is not there, is of another version, or has no room
    for even one trial of `threads` processors and `gpus` (a share of one, or several).
    """

    def __init__(self, address: str = AUTO, threads: int = 1, gpus: float | None = None) -> None:
        _check_share(threads, gpus)
        self.ray = _ray()
        self.address, self.threads = address, threads
        self._ours = not self.ray.is_initialized()
        try:
            if self._ours:
                with _signals_as_they_are(), _silent_library():
                    self._connect()
            nodes = self.nodes()
            self.gpus = (1.0 if any("GPU" in node for node in nodes) else 0.0) if gpus is None else gpus
            self._check_room(nodes)
        except BaseException:
            self.close()
            raise

    @property
    def slots(self) -> int:
        """How many trials the nodes that are alive now have room for; others may use them, too, and then Ray waits."""
        return sum(self._room(node) for node in self.nodes())

    def nodes(self) -> list[dict[str, float]]:
        """The resources of each node that is alive."""
        return [dict(node["Resources"]) for node in self.ray.nodes() if node["Alive"]]

    def close(self) -> None:
        """Leave the cluster, and end it where it was started here."""
        if self._ours:
            self.ray.shutdown()

    def _connect(self) -> None:
        given: dict[str, Any] = {"address": self.address}
        if self.address == LOCAL:
            given |= {"num_cpus": processors(), "include_dashboard": False, "object_store_memory": STORE_BYTES}
        else:
            self._check_address()
        try:
            self.ray.init(**given, log_to_driver=False, logging_level=logging.CRITICAL, configure_logging=True)
        except (ConnectionError, RuntimeError, ValueError, OSError, self.ray.exceptions.RayError) as error:
            self.ray.shutdown()  # of what was begun
            raise InputError(self._explained(error)) from error
        with suppress(AttributeError):  # what its node says of a lost one would be printed among a table's lines
            self.ray._private.worker._worker_logs_enabled = False

    def _check_address(self) -> None:
        """Asked here first: Ray waits for minutes for a cluster that is not there."""
        address = os.environ.get("RAY_ADDRESS") or AUTO if self.address == AUTO else self.address
        if address == AUTO:
            return
        if "://" in address:
            raise InputError(
                f"--ray {address}: Ray Client cannot bring trials home; search on a machine of the cluster, or make "
                "this one a node of it with `ray start --address=HOST:PORT`, and use --ray auto"
            )
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise InputError(f"--ray {address}: write auto, local, or the address of a cluster as HOST:PORT")
        if host in LOOPBACK:  # Ray looks for the cluster under the machine's own address then
            host = self.ray.util.get_node_ip_address()
        try:
            socket.create_connection((host.strip("[]"), int(port)), PATIENCE_S).close()
        except (OSError, OverflowError) as error:
            raise InputError(
                f"no Ray cluster answers at {host}:{port} ({error}): `ray status` on its machine says whether it runs"
            ) from error

    def _explained(self, error: Exception) -> str:
        said = " ".join(str(error).split())
        if said.startswith("Version mismatch"):
            return f"{said.rstrip('.')}: both must have the same Ray and the same Python"
        if self.address == AUTO and isinstance(error, ConnectionError):
            return (
                "no Ray cluster runs on this machine: start one with `ray start --head`, name its address "
                "with --ray HOST:PORT, or use --ray local"
            )
        if self.address == LOCAL:
            return f"no Ray cluster could be used on this machine ({said[:300]})"
        return (
            f"no Ray cluster could be used at {self.address} ({said[:300]}): if it asks for a token, set "
            "RAY_AUTH_MODE=token here, too, and put what `ray get-auth-token` says there into ~/.ray/auth_token"
        )

    def _room(self, node: dict[str, float]) -> int:
        room = int(node.get("CPU", 0) / self.threads + 1e-9)
        return min(room, int(node.get("GPU", 0) / self.gpus + 1e-9)) if self.gpus else room

    def _check_room(self, nodes: list[dict[str, float]]) -> None:
        if any(self._room(node) for node in nodes):
            return
        most = {kind: max((node.get(kind, 0) for node in nodes), default=0) for kind in ("CPU", "GPU")}
        gpus = counted(int(self.gpus), "GPU") if self.gpus >= 1 else f"{self.gpus:g} of a GPU"
        wants = counted(self.threads, "processor") + (f" and {gpus}" if self.gpus else "")
        raise InputError(
            f"no node of the Ray cluster has room for a trial: it wants {wants}, the largest of "
            f"{counted(len(nodes), 'node')} has {most['CPU']:g} and {most['GPU']:g}; ask for less with --threads and "
            "--gpus, or start a larger node"
        )


def _check_share(threads: int, gpus: float | None) -> None:
    if threads < 1:
        raise InputError(f"a trial with {threads} threads never ends: give 1 or more with --threads")
    if gpus is not None and not (0 <= gpus <= 1 or gpus > 1 and float(gpus).is_integer()):
        raise InputError(f"--gpus {gpus:g}: give a share of one GPU (0.5), or a whole number of them; 0 is none")


def _ray() -> Any:
    for name, value in QUIET.items():
        os.environ[name] = value
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("searching on a Ray cluster", "ray") from error
    return ray


@contextmanager
def _silent_library() -> Iterator[None]:
    """What is written to standard error past Python: a line a second where a cluster does not let one in."""
    if sys.stderr is None:  # there is none
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _signals_as_they_are() -> Iterator[None]:
    """Ray makes SIGTERM an end without saving; whoever searches has a better idea."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
