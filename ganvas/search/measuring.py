"""How fast whole trials are, so many at a time: `measure(studio, scratch, spec, {1: 2, 2: 1}, trials=12)`, in turns.

As many probes (probe.py) as may run at a time start once; then one way after the other has a short turn, and all ways
another. What counts is the best of each: whoever else works on this machine only ever slows a turn.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, TypeVar

from ganvas.errors import InputError
from ganvas.record_folder import write_json
from ganvas.search.local import last_line
from ganvas.search.probe import READY, Reached
from ganvas.search.trial import TrialSpec
from ganvas.search.trial_process import THREAD_VARIABLES
from ganvas.studio import StudioFolder
from ganvas.workers import worker_environment

START_S = 6.0  # of a trial's process: imports, networks, the encoder (about, on two cores)
TURNS = 3
TURN_S = 2.0  # about: networks are made, trained for a second, and some pictures looked at
MOST_S = 60.0  # after so long no further round begins
PATIENCE_S = 120.0  # for one to start, or for a turn; then it is ended
SHARE = 1 / 20  # nor after this share of what the whole search would take

Probe = subprocess.Popen[str]
Answer = TypeVar("Answer")


def cost_s(ways: int) -> float:
    """About what it takes to start, and to let each of so many ways have one turn."""
    return START_S + ways * TURN_S


def measure(
    studio: StudioFolder, scratch: Path, spec: TrialSpec, ways: Mapping[int, int], trials: int
) -> dict[int, list[float]]:
    """Images a second of so many trials at a time together, over starting, training and judging: those of every turn.

    `ways`: {trials at a time: threads of each}. Each has one turn, and up to TURNS while there is time; `trials`
    are those of the whole search. Raises InputError where none can start: what is wrong is wrong with the settings.
    """
    begun = time.perf_counter()
    rates: dict[int, list[float]] = {jobs: [] for jobs in ways}
    with _started(studio, scratch, spec, max(ways)) as probes:
        start_s = time.perf_counter() - begun
        for _ in range(TURNS):
            for jobs, threads in ways.items():
                found = [one.whole_trial(start_s) for one in _turn(probes[:jobs], threads, scratch, spec)]
                rates[jobs].append(sum(images / seconds for images, seconds in found))
                whole = trials * found[0][1] / jobs
            if time.perf_counter() - begun > min(MOST_S, SHARE * whole):
                break
    return rates


@contextmanager
def _started(studio: StudioFolder, scratch: Path, spec: TrialSpec, count: int) -> Iterator[list[Probe]]:
    """So many probes, all ready; ended when they are no longer wanted."""
    file = scratch / "probe.json"
    write_json(file, asdict(replace(spec, threads=1)))
    command = [sys.executable, "-P", "-m", "ganvas.search.probe", str(studio.root), str(file)]
    environment = worker_environment() | dict.fromkeys(THREAD_VARIABLES, "1")
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        log = stack.enter_context(_log(scratch).open("wb"))
        probes = []
        for _ in range(count):
            probe = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, env=environment, errors="replace")
            stack.callback(_end, probe)
            probes.append(probe)
        for probe in probes:
            _heard(probe, _is_ready, scratch, spec)
        yield probes


def _turn(probes: Sequence[Probe], threads: int, scratch: Path, spec: TrialSpec) -> list[Reached]:
    """All begin at the same moment: what is measured is one beside the others."""
    for probe in probes:
        with suppress(BrokenPipeError):  # what it said last tells why
            file = _open(probe.stdin)
            file.write(f"{threads}\n")
            file.flush()
    return [_heard(probe, _reached, scratch, spec) for probe in probes]


def _heard(probe: Probe, read: Callable[[str], Answer | None], scratch: Path, spec: TrialSpec) -> Answer:
    """Its next answer. Lines that are none are passed over: who knows what is printed by all that a trial imports."""
    begun, said = time.monotonic(), ""
    watch = threading.Timer(PATIENCE_S, probe.kill)
    watch.start()
    try:
        for line in _open(probe.stdout):
            if (answer := read(line)) is not None:
                return answer
            said = f", but said {line.strip()[:80]!r}"
    finally:
        watch.cancel()
    reason = last_line(_log(scratch)) or "it said nothing"
    if time.monotonic() - begun >= PATIENCE_S:
        reason = f"it did not answer in {PATIENCE_S:g} s{said}"
    raise InputError(f"a trial of {spec.settings} cannot be measured here: {reason}")


def _is_ready(line: str) -> bool | None:
    return line.strip() == READY or None


def _reached(line: str) -> Reached | None:
    with suppress(ValueError, TypeError):
        return Reached(**json.loads(line))
    return None


def _log(scratch: Path) -> Path:
    return scratch / "probe.log"


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def _end(probe: Probe) -> None:
    if probe.poll() is None:
        probe.kill()
    for stream in (probe.stdin, probe.stdout):
        with suppress(OSError):  # what a dead one was still to be told
            _open(stream).close()
    probe.wait()
