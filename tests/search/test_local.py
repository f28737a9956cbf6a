"""Trials as processes: killed, stopped or alone in the world, none takes another with it, and none is lost sight of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ganvas.search.driver import search
from ganvas.search.local import LocalEngine
from ganvas.search.outcome import read_outcome
from ganvas.search.search_folder import SearchFolder
from ganvas.search.space import Space, settings_of
from ganvas.search.trial import FAILED, FINISHED, WAITING, Ended, Tick, TrialSpec
from ganvas.search.trial_process import run_trial
from ganvas.studio import StudioFolder
from ganvas.train import train
from ganvas.train.checkpoint import checkpoints
from ganvas.train.run_folder import RunFolder, read_lines
from ganvas.workers import worker_environment
from tests.search.studios import TINY, space_of, studio_in

PATIENCE_S = 200.0  # of a busy machine


@pytest.fixture
def studio(tmp_path: Path) -> StudioFolder:
    return studio_in(tmp_path)


@pytest.fixture
def engine(studio: StudioFolder, tmp_path: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(studio, tmp_path / "scratch", jobs=2, threads=1)
    yield engine
    engine.close()


def spec(number: int, budget: str = "320-images", ticks: int = 4) -> TrialSpec:
    settings = {**settings_of(TINY), "budget": budget, "ticks": ticks, "seed": 0}
    return TrialSpec(number, f"trial-{number:03d}", "halves", settings, judge_n=30, threads=1)


def until(engine: LocalEngine, wanted: Callable[[Tick | Ended], bool]) -> list[Tick | Ended]:
    """All events up to the wanted one."""
    heard: list[Tick | Ended] = []
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for event in engine.wait(1.0):
            heard.append(event)
        if any(map(wanted, heard)):
            return heard
    raise AssertionError(f"not in time; heard {heard}")


def ends(number: int) -> Callable[[Tick | Ended], bool]:
    return lambda event: isinstance(event, Ended) and event.number == number


def test_a_killed_trial_fails_alone(studio: StudioFolder, engine: LocalEngine) -> None:
    long = spec(0, "1M-images")
    worker = engine.start(long)
    engine.start(spec(1))
    until(engine, lambda event: isinstance(event, Tick) and event.number == 0 and event.progress == 0)
    os.kill(int(worker.split()[-1]), signal.SIGKILL)
    heard = until(engine, ends(0))
    if not any(map(ends(1), heard)):
        heard += until(engine, ends(1))
    killed, other = (next(filter(ends(number), heard)) for number in (0, 1))
    assert isinstance(killed, Ended)
    assert isinstance(other, Ended)
    assert killed.state == FAILED
    assert killed.reason == "its process ended with SIGKILL"  # what it last said of its training is no cause
    assert (other.state, other.images) == (FINISHED, 320)
    assert read_outcome(studio.runs / "trial-000", long) is None


def test_a_stopped_trial_saves_first_and_a_closed_engine_leaves_no_process(
    studio: StudioFolder, engine: LocalEngine
) -> None:
    workers = [engine.start(spec(number, "1M-images", ticks=1000)) for number in (0, 1)]
    until(engine, lambda event: event.number == 0 and event.images > 0)
    engine.stop(0)
    ended = next(event for event in until(engine, ends(0)) if ends(0)(event))
    assert (ended.state, ended.reason) == (WAITING, None)
    row = studio.catalog.existing_run("trial-000")
    assert row.state == "interrupted"
    assert int(checkpoints(studio.runs / "trial-000" / "checkpoints")[-1].name) == row.images_seen > 0
    engine.close()
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(int(worker.split()[-1]), 0)


def test_what_a_trial_cannot_do_is_said_in_one_line(studio: StudioFolder, engine: LocalEngine) -> None:
    engine.start(replace(spec(0), set_name="gone"))
    ended = until(engine, ends(0))[-1]
    assert isinstance(ended, Ended)
    assert (ended.state, ended.scores) == (FAILED, {})
    assert str(ended.reason).startswith("no set in")
    assert "\n" not in str(ended.reason)


def test_what_an_earlier_attempt_said_is_no_reason_of_a_later_one(
    studio: StudioFolder, engine: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch" / "000.log").write_text("the disk is full\n")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    engine.start(spec(0))
    ended = until(engine, ends(0))[-1]
    assert isinstance(ended, Ended)
    assert (ended.state, ended.reason) == (FAILED, "it said nothing")


TELLS_ITS_GPU = """#!/bin/sh
echo "$CUDA_VISIBLE_DEVICES" >&2
case "$5" in *001.json) exit 1 ;; esac
exec cat > /dev/null
"""


def test_each_trial_has_a_gpu_of_its_own_which_is_given_back(
    studio: StudioFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tells"
    program.write_text(TELLS_ITS_GPU)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    engine = LocalEngine(studio, tmp_path / "scratch", jobs=3, threads=1, gpus=("4", "GPU-7a"))
    try:
        assert [engine.start(spec(number)).split(" GPU ")[1] for number in (0, 1)] == ["4", "GPU-7a"]
        ended = until(engine, ends(1))[-1]
        assert isinstance(ended, Ended)
        assert ended.reason == "GPU-7a"  # what its process saw
        assert engine.start(spec(2)).endswith(" GPU GPU-7a")
        assert engine.start(spec(3)).endswith(" GPU 4")  # more trials than GPUs: in turn
        assert engine.start(spec(4)).endswith(" GPU GPU-7a")
    finally:
        engine.close()


def test_a_trial_killed_between_training_and_judging_is_only_judged(studio: StudioFolder) -> None:
    one = spec(0)
    folder = train(studio, "halves", one.settings, name=one.run)
    before = written(folder.metrics_file)
    ended = run_trial(studio, one)
    assert (ended.state, ended.images, "kid" in ended.scores) == (FINISHED, 320, True)
    assert written(folder.metrics_file) == before
    judged = written(folder.path / "scores.json")
    assert run_trial(studio, one) == ended
    assert written(folder.path / "scores.json") == judged


def test_a_run_that_a_person_trained_under_the_same_name_is_never_taken_over(studio: StudioFolder) -> None:
    train(studio, "halves", {**spec(0).settings, "seed": 1}, name="trial-000")
    ended = run_trial(studio, spec(0))
    assert ended.state == FAILED
    assert "not this search's" in str(ended.reason)
    assert studio.catalog.scores("trial-000") == []


DRIVER = """
import sys
from ganvas.search.driver import search
from ganvas.studio import StudioFolder
from tests.search.test_local import killed_space
search(StudioFolder.open(sys.argv[1]), "halves", killed_space(), judge_n=30, jobs=1, name="killed")
"""
QUICK, SLOW = 160, 12_000


def killed_space() -> Space:
    return space_of(budget=[f"{QUICK}-images", f"{SLOW}-images"], ticks=8)


def test_a_search_whose_driver_was_killed_repeats_nothing(studio: StudioFolder) -> None:
    command = [sys.executable, "-c", DRIVER, str(studio.root)]
    process = subprocess.Popen(command, env=worker_environment(), start_new_session=True)
    folder, slow = SearchFolder(studio.searches / "killed"), RunFolder(studio.runs / "killed-001")
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not saved_some(slow):
            assert process.poll() is None
            assert time.monotonic() < deadline, "no checkpoint in time"
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    done = folder.trials()[0]
    finished = written(studio.runs / done.run / "metrics.jsonl")
    search(studio, "halves", killed_space(), judge_n=30, jobs=1, name="killed")
    trials = folder.trials()
    assert [trial.state for trial in trials] == [FINISHED] * 2
    assert trials[0] == done
    assert written(studio.runs / done.run / "metrics.jsonl") == finished
    assert sorted(path.name for path in studio.runs.iterdir()) == ["killed-000", "killed-001"]
    seen = [line["images"] for line in read_lines(slow.metrics_file)]
    assert seen == sorted(set(seen))
    assert trials[1].images == SLOW
    assert "killed-001 goes on from" in (folder.path / "processes" / "001.log").read_text()


def written(file: Path) -> int:
    return file.stat().st_mtime_ns


def saved_some(run: RunFolder) -> bool:
    found = checkpoints(run.checkpoints)
    return bool(found) and int(found[-1].name) > 0
