"""Trials as processes of this machine: `LocalEngine(studio, scratch, jobs=2, threads=1)`.

Each has a fixed number of threads, so that two on two cores do not fight, and one GPU in turn where there are some. Its
specification and its log lie in `scratch`; what it does is read from its run's ticks.jsonl and trial.json.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ganvas.record_folder import write_json
from ganvas.search.light import TICKS_FILE, read_light, ticks_of
from ganvas.search.outcome import read_outcome
from ganvas.search.trial import FAILED, WAITING, Ended, Event, Tick, TrialSpec
from ganvas.search.trial_process import DATABASE_VARIABLE, INTERRUPTED, THREAD_VARIABLES
from ganvas.studio import StudioFolder
from ganvas.workers import worker_environment

POLL_S = 0.1
GRACE_S = 120.0  # for saving; then it is killed, and loses what it did since its last checkpoint
LAST_BYTES = 4096


@dataclass
class _Running:
    spec: TrialSpec
    process: subprocess.Popen[bytes]
    run: Path
    log: Path
    ticks: int
    gpu: str | None
    said_before: int = 0  # bytes of the log that are of earlier attempts
    begun: float = field(default_factory=time.monotonic)
    last: Tick | None = None
    seen: tuple[int, int] = (0, 0)
    kill_at: float = float("inf")


class LocalEngine:
    """Runs `jobs` trials at a time, each with `threads` threads, on `gpus` (as CUDA_VISIBLE_DEVICES names them)."""

    def __init__(self, studio: StudioFolder, scratch: Path, jobs: int, threads: int, gpus: Sequence[str] = ()) -> None:
        self._studio, self._scratch = studio, scratch
        self._jobs, self._threads, self._gpus = jobs, threads, tuple(gpus)
        self._running: dict[int, _Running] = {}
        scratch.mkdir(parents=True, exist_ok=True)

    @property
    def slots(self) -> int:
        return self._jobs

    def start(self, spec: TrialSpec) -> str:
        """Begin a trial in a process. Raises OSError where the system starts none."""
        file = self._scratch / f"{spec.number:03d}.json"
        log = file.with_suffix(".log")
        write_json(file, {**asdict(spec), "threads": self._threads})
        gpu = self._next_gpu()
        command = [sys.executable, "-P", "-m", "ganvas.search.trial_process", str(self._studio.root), str(file)]
        with log.open("ab") as said:
            said_before = said.tell()
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=self._environment(gpu),
                start_new_session=True,  # a Ctrl-C reaches the driver alone, which stops them
            )
        run = self._studio.runs / spec.run
        self._running[spec.number] = _Running(spec, process, run, log, ticks_of(spec.settings), gpu, said_before)
        return f"{socket.gethostname()} process {process.pid}" + (f" GPU {gpu}" if gpu else "")

    def wait(self, seconds: float) -> Sequence[Event]:
        deadline = time.monotonic() + seconds
        while True:
            events = [event for trial in list(self._running.values()) for event in self._news(trial)]
            if events or not self._running or time.monotonic() >= deadline:
                return events
            time.sleep(POLL_S)

    def stop(self, number: int) -> None:
        if (trial := self._running.get(number)) is not None and trial.kill_at == float("inf"):
            trial.kill_at = time.monotonic() + GRACE_S
            trial.process.terminate()

    def close(self) -> None:
        for number in self._running:
            self.stop(number)
        while self._running:
            for trial in list(self._running.values()):
                self._news(trial)
            time.sleep(POLL_S)

    def _news(self, trial: _Running) -> list[Event]:
        """Its new light judgements; then how it ended, if it has."""
        code = trial.process.poll()  # before the files: nothing is written after its end
        events: list[Event] = []
        for tick in self._new_ticks(trial):
            events.append(tick)
            trial.last = tick
        if code is not None:
            del self._running[trial.spec.number]
            with suppress(OSError):
                trial.process.stdin.close()  # type: ignore[union-attr]
            events.append(self._ended(trial, code))
        elif time.monotonic() > trial.kill_at:
            trial.process.kill()
        return events

    def _new_ticks(self, trial: _Running) -> list[Tick]:
        try:
            facts = (trial.run / TICKS_FILE).stat()
        except OSError:
            return []
        # A run that goes on cuts the lines after its checkpoint off, and writes them again: those were told already.
        if (facts.st_size, facts.st_mtime_ns) == trial.seen:
            return []
        trial.seen = (facts.st_size, facts.st_mtime_ns)
        told = -1 if trial.last is None else trial.last.images
        return [tick for tick in read_light(trial.run, trial.spec.number, trial.ticks) if tick.images > told]

    def _ended(self, trial: _Running, code: int) -> Ended:
        if (outcome := read_outcome(trial.run, trial.spec)) is not None:
            return outcome
        images = trial.last.images if trial.last else 0
        seconds = round(time.monotonic() - trial.begun, 3)
        asked = trial.kill_at < float("inf")
        if code == INTERRUPTED or asked:
            return Ended(trial.spec.number, WAITING, None, {}, images, seconds)
        said = last_line(trial.log, trial.said_before) or "it said nothing"
        how = said if code == 1 else f"its process ended with {_called(code)}" + (f": {said}" if code > 0 else "")
        return Ended(trial.spec.number, FAILED, how, {}, images, seconds)

    def _next_gpu(self) -> str | None:
        taken = [trial.gpu for trial in self._running.values()]
        return min(self._gpus, key=taken.count, default=None)

    def _environment(self, gpu: str | None) -> dict[str, str]:
        environment = worker_environment() | dict.fromkeys(THREAD_VARIABLES, str(self._threads))
        if gpu is not None:
            environment["CUDA_VISIBLE_DEVICES"] = gpu
        if self._studio.settings.catalog.url is not None:
            environment[DATABASE_VARIABLE] = self._studio.settings.catalog.url
        return environment


def gpus_for(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The GPUs that trials of such settings have, one each in turn."""
    return () if str(settings.get("device")).startswith("cpu") else gpus_here()


def gpus_here() -> tuple[str, ...]:
    """The GPUs this process may use, as CUDA_VISIBLE_DEVICES names them."""
    import torch

    count = torch.cuda.device_count()
    named = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return tuple(named[:count]) if named else tuple(str(i) for i in range(count))


def _called(code: int) -> str:
    if code >= 0:
        return f"code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def last_line(log: Path, start: int = 0) -> str:
    """The last that was written after so many bytes: what an earlier attempt said is no reason of this one."""
    try:
        with log.open("rb") as file:
            file.seek(max(start, log.stat().st_size - LAST_BYTES))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
