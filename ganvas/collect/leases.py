"""Who leases: a name for this collector, and which of the names in a catalog are of processes that are gone."""

from __future__ import annotations

import os
import secrets
import socket
import uuid
from collections.abc import Iterable
from pathlib import Path

from ganvas.catalog import Catalog
from ganvas.progress import Progress

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def worker_name() -> str:
    """HOST:PID:RANDOM, another one at every call."""
    return f"{_host()}:{os.getpid()}:{secrets.token_hex(4)}"


def take_over(catalog: Catalog, progress: Progress) -> None:
    """What collectors of this machine had leased when they were killed need not wait for its lease to end."""
    returned = sum(catalog.give_all_back(worker) for worker in dead_workers(catalog.workers()))
    if returned:
        progress.note(f"{returned:,} fetches that a killed collector was at are taken up again")


def dead_workers(workers: Iterable[str]) -> set[str]:
    """Those of this machine whose process is gone: what they have leased may be given back at once."""
    return {worker for worker in workers if _is_dead(worker)}


def _is_dead(worker: str) -> bool:
    host, _, rest = worker.partition(":")
    pid = rest.partition(":")[0]
    if host != _host() or not pid.isascii() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # somebody else's process, or no number of one
        return False
    return False


def _host() -> str:
    """The machine since it started, and of a container the numbering of processes too: neither may have its name alone.

    The first numbering has the same number on every machine.
    """
    try:
        started = BOOT_ID.read_text("ascii").strip().replace("-", "")
        numbering = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        return f"{socket.gethostname()}/{uuid.getnode():x}"  # no Linux: the hardware's address, or a random number
    return f"{socket.gethostname()}/{started}/{numbering}"
