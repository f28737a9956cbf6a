"""One trial, trained and judged, in a process of its own: `python -P -m ganvas.search.trial_process STUDIO SPEC.json`.

It exits with 0 when runs/NAME/trial.json says how it ended; with 130 when it was stopped, all saved; with 1 when it
failed, and then the last line of stderr says why. It never outlives who started it: when its standard input closes, it
saves and ends, so that whoever comes next finds the run unlocked.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.errors import GanvasError, InputError, TrainingStopped
from ganvas.progress import Progress, Silent
from ganvas.search.outcome import is_run_of, read_outcome, write_outcome
from ganvas.search.trial import FAILED, FINISHED, STOPPED, Ended, TrialSpec
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.train.run_folder import RunFolder

DATABASE_VARIABLE = "GANVAS_TRIAL_DATABASE"  # an address may hold a password: no argument, no file
INTERRUPTED = 130
LOCK_PATIENCE_S = 120.0
POLL_S = 0.1
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class _Log(Silent):
    """Notes on stderr, which is the trial's log."""

    def note(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Run the trial of a spec's file; returns the exit code."""
    folder, file = arguments
    _end_with_starter()
    for number in (signal.SIGINT, signal.SIGTERM):  # outside of the training loop, which saves first
        signal.signal(number, signal.default_int_handler)
    try:
        spec = TrialSpec(**json.loads(Path(file).read_text(encoding="utf-8")))
        limit_threads(spec.threads)
        studio = StudioFolder.open(folder, os.environ.get(DATABASE_VARIABLE))
        ended = run_trial(studio, spec, _Log())
    except KeyboardInterrupt:
        return INTERRUPTED
    if ended.state == FAILED:
        print(ended.reason, file=sys.stderr, flush=True)
        return 1
    return 0


def run_trial(studio: StudioFolder, spec: TrialSpec, progress: Progress | None = None) -> Ended:
    """Train the run that the spec names, from its checkpoint where there is one, and judge it; repeats nothing.

    Never raises for what is wrong with the trial: that makes it FAILED. Raises KeyboardInterrupt, all saved, when it
    was stopped.
    """
    progress, begun = progress or Silent(), time.perf_counter()
    try:
        before = read_outcome(studio.runs / spec.run, spec)
        return before or _train_and_judge(studio, spec, progress, begun)
    except GanvasError as error:
        reason = str(error)
    except Exception as error:
        traceback.print_exc()
        reason = " ".join(f"{type(error).__name__}: {error}".split())
    return Ended(spec.number, FAILED, reason, {}, _images(studio, spec), time.perf_counter() - begun)


def limit_threads(threads: int) -> None:
    """So many threads for all arithmetic of this process; to be called before torch is imported."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
    import torch

    torch.set_num_threads(threads)


def _end_with_starter() -> None:
    def watch() -> None:
        try:
            while os.read(0, 1024):
                pass
        except OSError:
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _train_and_judge(studio: StudioFolder, spec: TrialSpec, progress: Progress, begun: float) -> Ended:
    from ganvas.train.run_folder import RunFolder

    folder = RunFolder(studio.runs / spec.run)
    if folder.path.exists():
        _wait_for_lock(folder)
    state, reason, scores = FINISHED, None, {}
    training = time.perf_counter()
    try:
        reason = _train(studio, spec, progress)
    except TrainingStopped as stopped:
        state, reason = STOPPED, str(stopped)
    trained = time.perf_counter()
    if state == FINISHED:
        scores = judge_trial(studio, folder, spec, progress)
    done = json.loads((folder.path / "state.json").read_text(encoding="utf-8"))
    # The run counts its seconds itself, over all processes that trained it.
    seconds = done["total_seconds"] + (training - begun) + (time.perf_counter() - trained)
    ended = Ended(spec.number, state, reason, scores, done["images"], round(seconds, 3))
    write_outcome(folder.path, spec, ended)
    return ended


def _train(studio: StudioFolder, spec: TrialSpec, progress: Progress) -> str | None:
    """Why the training ended before its budget, if it did. Raises TrainingStopped for an alarm of now or before."""
    from ganvas.train import train
    from ganvas.train.begin import UNFINISHED

    run = studio.catalog.run_named(spec.run)
    if run is not None and not is_run_of(studio.runs / spec.run, spec):
        raise InputError(f"run {spec.run} exists and is not this search's: choose another --name for the search")
    if run is None or run.state in UNFINISHED:
        train(studio, spec.set_name, spec.settings, name=spec.run, progress=progress)
        run = studio.catalog.existing_run(spec.run)
    if run.state == "stopped":
        raise TrainingStopped(run.reason or "stopped by an alarm")
    return run.reason


def judge_trial(studio: StudioFolder, folder: RunFolder, spec: TrialSpec, progress: Progress) -> dict[str, float]:
    """Scores of judge_n pictures by name, NAME_baseline and NAME_sd beside; in the catalog and the run's page, too."""
    from ganvas.judge import Drawn, judge_run
    from ganvas.pictures.packed import PackedSet
    from ganvas.report import write_scorecard
    from ganvas.train import draw

    def drawn(count: int) -> Drawn:
        new = draw(folder, count, progress)
        return Drawn(new.pictures, new.labels, new.checkpoint)

    packed = PackedSet.open(studio.sets / spec.set_name)
    card = judge_run(folder.path, packed, drawn, n=spec.judge_n, progress=progress)
    studio.catalog.save_scores(folder.name, card.score_rows())
    write_scorecard(folder.path)
    said = [(s.name, {"": s.value, "_baseline": s.baseline, "_sd": s.sd}) for s in card.scores]
    return {name + ending: float(value) for name, all_ in said for ending, value in all_.items() if value is not None}


def _wait_for_lock(folder: RunFolder) -> None:
    """A trial whose driver was killed saves before it lets go. Raises InputError where another trains the run."""
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            with folder.lock():
                return
        except InputError:
            if time.monotonic() > deadline:
                raise
        time.sleep(POLL_S)


def _images(studio: StudioFolder, spec: TrialSpec) -> int:
    try:
        run = studio.catalog.run_named(spec.run)
    except GanvasError:
        return 0
    return run.images_seen if run is not None and is_run_of(studio.runs / spec.run, spec) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
