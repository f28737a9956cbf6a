"""How many trials run at a time on this machine, and with how many threads each: measured once, with its reason.

Two trials of one thread may be faster than one after another with two, or slower: small networks gain little from a
second thread, large ones share a cache. What is compared is whole trials: start, training and judging.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ganvas.counted import counted
from ganvas.errors import InputError
from ganvas.progress import Progress
from ganvas.report.words import duration
from ganvas.search.earlier import ONE_A_GPU
from ganvas.search.engine import Engine
from ganvas.search.forecast import Left
from ganvas.search.local import LocalEngine, gpus_for
from ganvas.search.measuring import SHARE, cost_s, measure
from ganvas.search.search_folder import SearchFolder
from ganvas.search.trial import TrialSpec
from ganvas.studio import StudioFolder
from ganvas.workers import processors

SCRATCH = "processes"
MOST_MEASURED = 16  # trials at a time; more are only made when asked for
LOCAL = "local"


@dataclass(frozen=True)
class JobPlan:
    """So many trials at a time, each with so many threads, and why; how fast all of them are, where it was measured."""

    jobs: int
    threads: int
    reason: str
    images_a_second: float | None = None

    def __str__(self) -> str:
        each = f"{counted(self.threads, 'thread')} each"
        how = "one trial after another" if self.jobs == 1 else f"{self.jobs} trials at a time"
        return f"{how}, {each} ({self.reason})"


def local_engine(
    studio: StudioFolder,
    folder: SearchFolder,
    first: TrialSpec,
    asked: dict[str, Any],
    jobs: int | None,
    left: Left,
    progress: Progress,
) -> tuple[LocalEngine, dict[str, Any]]:
    """An engine of this machine's processes, and what search.json says of it; a search that goes on keeps its plan.

    Raises InputError for other `jobs` in the middle of a search whose budget is a time: it would not be fair.
    """
    gpus = gpus_for(first.settings)
    scratch = folder.path / SCRATCH
    scratch.mkdir(exist_ok=True)
    before = asked.get("engine") or {}
    if before.get("name") == LOCAL and jobs in (None, before["jobs"]):
        plan = JobPlan(before["jobs"], before["threads"], before["reason"], before.get("images_a_second"))
    else:
        plan = _plan(studio, scratch, first, jobs, len(gpus), left, progress)
        _check_fair(folder, before, (plan.jobs, plan.threads), str(asked["budget"]), "leave --jobs out")
    progress.note(str(plan))
    engine = LocalEngine(studio, scratch, plan.jobs, plan.threads, gpus)
    return engine, {"name": LOCAL, **asdict(plan), "apart": max(1, len(gpus))}


def record_of(engine: Engine, folder: SearchFolder, asked: dict[str, Any]) -> dict[str, Any]:
    """What search.json says of an engine that was given. Raises InputError as `local_engine` does."""
    record = getattr(engine, "record", None) or {"name": type(engine).__name__.removesuffix("Engine").lower()}
    before, threads = asked.get("engine") or {}, record.get("threads")
    if threads is not None:
        how = f"give --threads {before.get('threads')}"
        _check_fair(folder, before, (None, threads), str(asked["budget"]), how)
    return record


def _plan(
    studio: StudioFolder,
    scratch: Path,
    first: TrialSpec,
    jobs: int | None,
    gpus: int,
    left: Left,
    progress: Progress,
) -> JobPlan:
    cores = processors()
    if jobs is not None:
        if jobs < 1:
            raise InputError(f"{jobs} trials at a time never end: give 1 or more with --jobs")
        return JobPlan(jobs, max(1, cores // jobs), "as asked")
    if gpus:
        return JobPlan(
            gpus, max(1, cores // gpus), f"{ONE_A_GPU}, of which there {'is 1' if gpus == 1 else f'are {gpus}'}"
        )
    if cores == 1:
        return JobPlan(1, 1, "there is one processor")
    return _measured(studio, scratch, first, cores, left, progress)


def _check_fair(
    folder: SearchFolder, before: dict[str, Any], now: tuple[int | None, int], budget: str, how: str
) -> None:
    """Threads are the processor's share of a trial, but not where more of them run than there are processors.

    `now`: (jobs, threads); jobs of None are as many as a cluster has room for.
    """
    budgets = [str(trial.point.get("budget", budget)) for trial in folder.trials()]
    timed = next((one for one in budgets if not one.endswith(("images", "image", "epochs", "epoch"))), None)
    then = (before.get("jobs", now[0]), before.get("threads", now[1]))
    jobs_differ = None not in (then[0], now[0]) and then[0] != now[0]
    if timed is None or (then[1] == now[1] and not jobs_differ):
        return
    raise InputError(
        f"the trials of {folder.name} ran {_way(*then)} for {timed}, and would run {_way(*now)} now, which is not "
        f"fair: {how}, or search anew with another --name"
    )


def _way(jobs: int | None, threads: int) -> str:
    each = f"with {counted(threads, 'thread')} each"
    return each if jobs is None else f"{jobs} at a time {each}"


def _measured(
    studio: StudioFolder, scratch: Path, first: TrialSpec, cores: int, left: Left, progress: Progress
) -> JobPlan:
    most = min(cores, MOST_MEASURED)
    ways = {2**i: cores // 2**i for i in range(most.bit_length())}
    if left.seconds is not None and SHARE * left.seconds < cost_s(len(ways)):
        jobs = max(1, min(most, left.trials))
        whole = f"all trials take about {duration(left.seconds)}, too little to measure which way is faster"
        return JobPlan(jobs, cores // jobs, f"not measured: {whole}")
    progress.note(f"measuring in turns how many trials at a time are fastest here: {', '.join(map(str, ways))}")
    try:
        found = measure(studio, scratch, first, ways, left.trials)
    except InputError as error:  # one trial's trouble is none of the others'
        return JobPlan(1, cores, f"not measured: {error}")
    rates = {jobs: max(turns) for jobs, turns in found.items()}
    best = max(rates, key=lambda jobs: rates[jobs])
    told = ", ".join(f"{rate:,.0f} with {jobs} at a time" for jobs, rate in rates.items())
    turns = len(found[best])
    how = f"the best of {turns} turns each" if turns > 1 else "one turn each"
    return JobPlan(best, cores // best, f"measured, {how}, in images a second of whole trials: {told}", rates[best])
