"""A PostgreSQL of one's own, for as long as it is asked for."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


def installed() -> Path | None:
    """The folder of the newest server's programs."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return programs[-1].parent if programs else None


def private_cluster(programs: Path) -> Iterator[str]:
    """Yields the address of a new server, and ends and deletes it."""
    # the server refuses root, and a socket's path must be short, so neither tmp_path nor this user will do
    folder = Path(tempfile.mkdtemp(prefix="ganvas-pg-"))
    owner = {"user": "postgres"} if os.geteuid() == 0 else {}
    if owner:
        shutil.chown(folder, **owner)
    port = _free_port()

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60, **owner
        )

    data = str(folder / "data")
    settings = f"-p {port} -k {folder} -c listen_addresses='' -c fsync=off -c synchronous_commit=off"
    try:
        run("initdb", "-D", data, "-U", "tester", "-A", "trust", "--no-sync", "--locale=C", "--encoding=UTF8")
        run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield f"postgresql+psycopg://tester@/postgres?host={folder}&port={port}"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
