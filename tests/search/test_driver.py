"""The driver: records before it acts, goes on with what is left, and outlives whatever becomes of a trial."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ganvas.catalog import RunRow
from ganvas.errors import InputError, SettingsError
from ganvas.search import local
from ganvas.search.driver import search
from ganvas.search.forecast import forecast, foretold
from ganvas.search.search_folder import SearchFolder
from ganvas.search.trial import FAILED, FINISHED, PRUNED, RUNNING, STOPPED, WAITING, Ended, Event, Tick, TrialSpec
from ganvas.studio import StudioFolder
from tests.search.engines import Inline, Scripted, does_nothing
from tests.search.studios import space_of, studio_in
from tests.train.conftest import Notes

SPACE = {"batch": [8, 16], "gamma": [0.1, 1.0, 10.0]}


@pytest.fixture
def studio(tmp_path: Path) -> StudioFolder:
    return studio_in(tmp_path)


def states(folder: SearchFolder) -> list[str]:
    return [trial.state for trial in folder.trials()]


def test_a_grid_is_trained_judged_and_written_down(studio: StudioFolder) -> None:
    engine = Inline(studio)
    space = space_of(generator_rate=[1e-4, 1e-3])
    folder = search(studio, "halves", space, budget="320-images", judge_n=30, engine=engine, name="first")
    trials = folder.trials()
    assert [trial.point["generator_rate"] for trial in trials] == [1e-4, 1e-3]
    assert [trial.run for trial in trials] == ["first-000", "first-001"]
    for trial in trials:
        run = studio.catalog.existing_run(trial.run)
        assert (trial.state, run.state, trial.images, run.images_seen) == (FINISHED, "finished", 320, 320)
        assert trial.seconds > 0
        kept = {score.name: score.value for score in studio.catalog.scores(trial.run)}
        assert trial.scores["kid"] == pytest.approx(kept["kid"])
        assert "kid_baseline" in trial.scores
        assert (studio.runs / trial.run / "scores.json").exists()
    again = Inline(studio)
    before = folder.trials_file.read_bytes()
    assert search(studio, "halves", space, budget="320-images", judge_n=30, engine=again).name == "first"
    assert again.started == []
    assert folder.trials_file.read_bytes() == before


def test_a_trial_that_fails_costs_the_search_nothing_and_is_tried_again_when_asked(studio: StudioFolder) -> None:
    broken = True

    def script(spec: TrialSpec) -> list[Event]:
        if broken and spec.number == 2:
            return [Ended(2, FAILED, "out of memory", {}, 0, 0.1)]
        return does_nothing(spec)

    folder = search(studio, "halves", space_of(**SPACE), engine=Scripted(script))
    assert states(folder) == [FINISHED] * 2 + [FAILED] + [FINISHED] * 3
    assert folder.trials()[2].reason == "out of memory"
    broken = False
    assert states(search(studio, "halves", space_of(**SPACE), engine=Scripted(script)))[2] == FAILED
    engine = Scripted(script)
    search(studio, "halves", space_of(**SPACE), engine=engine, retry_failed=True)
    assert engine.started == [2]
    assert states(folder) == [FINISHED] * 6
    assert folder.trials()[2].reason is None


class Watched(Notes):
    """Remembers what its bar said, too."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    @contextmanager
    def task(self, label: str, total: float | None, unit: str = "") -> Iterator[Any]:
        yield SimpleNamespace(advance=lambda steps: None, describe=self.said.append)


def test_what_failed_and_waits_for_another_try_has_ended_nowhere(studio: StudioFolder) -> None:
    def fails(spec: TrialSpec) -> list[Event]:
        return [Ended(spec.number, FAILED, "out of memory", {}, 0, 0.1)]

    search(studio, "halves", space_of(**SPACE), engine=Scripted(fails), trials=3)
    watched, engine = Watched(), Scripted(slots=1)
    search(studio, "halves", space_of(**SPACE), engine=engine, retry_failed=True, progress=watched)
    assert "0 of 6 trials have ended" in watched.lines[0]
    assert watched.said[0].startswith("1 of 6 ended")
    assert engine.started == list(range(6))


def test_another_try_that_is_refused_leaves_what_failed_as_it_was(studio: StudioFolder) -> None:
    class Threads(Scripted):
        record = {"name": "scripted", "threads": 2}

    class Others(Scripted):
        record = {"name": "scripted", "threads": 1}

    def fails(spec: TrialSpec) -> list[Event]:
        return [Ended(spec.number, FAILED, "out of memory", {}, 0, 0.1)]

    given: dict[str, Any] = {"budget": "10m", "trials": 3}
    folder = search(studio, "halves", space_of(**SPACE), engine=Threads(fails), **given)
    with pytest.raises(InputError, match="not fair"):
        search(studio, "halves", space_of(**SPACE), engine=Others(), retry_failed=True, **given)
    assert [(trial.state, trial.reason) for trial in folder.trials()] == [(FAILED, "out of memory")] * 3


def test_an_engine_that_cannot_start_a_trial_fails_that_trial(studio: StudioFolder) -> None:
    class Narrow(Scripted):
        def start(self, spec: TrialSpec) -> str:
            if spec.number == 1:
                raise OSError(11, "no process left")
            return super().start(spec)

    folder = search(studio, "halves", space_of(**SPACE), engine=Narrow())
    assert states(folder).count(FINISHED) == 5
    assert "no process left" in str(folder.trials()[1].reason)


def test_a_trial_lost_with_its_machine_is_run_again_but_not_for_ever(studio: StudioFolder) -> None:
    times = {1: 2, 3: 99}

    def script(spec: TrialSpec) -> list[Event]:
        if times.get(spec.number, 0) > 0:
            times[spec.number] -= 1
            return [Ended(spec.number, WAITING, "lost with its node", {}, 10, 0.1)]
        return does_nothing(spec)

    engine, notes = Scripted(script), Notes()
    folder = search(studio, "halves", space_of(**SPACE), engine=engine, progress=notes)
    assert sum("lost with its node; it goes on from its last checkpoint" in line for line in notes.lines) == 4
    assert [engine.started.count(number) for number in range(6)] == [1, 3, 1, 3, 1, 1]
    assert states(folder) == [FINISHED, FINISHED, FINISHED, FAILED, FINISHED, FINISHED]
    assert "lost 3 times in a row" in str(folder.trials()[3].reason)


def test_a_trial_that_comes_further_each_time_may_be_lost_as_often_as_it_is(studio: StudioFolder) -> None:
    came_to = {0: [10, 10, 20, 30, 30, 40], 1: [10, 20, 20, 20]}

    def script(spec: TrialSpec) -> list[Event]:
        images = came_to[spec.number].pop(0) if came_to[spec.number] else 0
        if not images:
            return does_nothing(spec)
        if studio.catalog.run_named(spec.run) is None:
            studio.catalog.add_run(RunRow(spec.run, "halves", "", "training"))
        studio.catalog.update_run(spec.run, images_seen=images)  # what it had saved; it was not judged since
        return [Ended(spec.number, WAITING, None, {}, 0, 0.1)]

    folder = search(studio, "halves", space_of(batch=[8, 16]), engine=Scripted(script))
    assert states(folder) == [FINISHED, FAILED]
    assert came_to == {0: [], 1: []}


def test_the_worse_ones_are_pruned_with_their_reason_on_record_before_they_are_stopped(studio: StudioFolder) -> None:
    def script(spec: TrialSpec) -> list[Event]:
        kids = [1.0 + spec.number, 0.5 + spec.number]
        judged = [Tick(spec.number, 40 * (i + 1), 1.0, 0.2 * (i + 1), {"kid": kid}) for i, kid in enumerate(kids)]
        return [*judged, *does_nothing(spec)]

    class Watching(Scripted):
        def stop(self, number: int) -> None:
            seen = SearchFolder(studio.searches / "pruned").trials()[number]
            assert (seen.state, "that came so far" in str(seen.reason)) == (PRUNED, True)
            super().stop(number)

    engine = Watching(script, slots=1)
    folder = search(studio, "halves", space_of(**SPACE), engine=engine, name="pruned")
    assert states(folder) == [FINISHED, FINISHED, PRUNED, PRUNED, PRUNED, PRUNED]
    assert engine.stopped == [2, 3, 4, 5]
    assert folder.trials()[2].light == {"kid": 3.0}
    kept = search(studio, "halves", space_of(**SPACE), engine=Scripted(script), name="kept", prune=False)
    assert states(kept) == [FINISHED] * 6


def test_what_ran_when_the_driver_died_goes_on_first_and_what_ended_stays(studio: StudioFolder) -> None:
    folder = search(studio, "halves", space_of(**SPACE), engine=Scripted(), name="died", trials=4)
    ended = folder.trials()
    folder.write_trials([replace(ended[1], state=RUNNING), replace(ended[3], state=WAITING)])
    folder.trials_file.write_bytes(folder.trials_file.read_bytes() + b'{"number": 0, "gro')  # a kill while writing
    engine = Scripted(slots=1)
    search(studio, "halves", space_of(**SPACE), engine=engine, name="died", trials=5)
    assert engine.started == [1, 3, 4]
    assert states(folder) == [FINISHED] * 5
    assert folder.trials()[0] == ended[0]


def test_a_line_after_one_that_a_kill_cut_short_is_its_own(studio: StudioFolder) -> None:
    folder = search(studio, "halves", space_of(**SPACE), engine=Scripted(), name="cut", trials=2)
    first, second = folder.trials()
    folder.trials_file.write_bytes(folder.trials_file.read_bytes() + b'{"number": 0, "gro')
    folder.write_trials([replace(first, reason="written after it")])
    assert folder.trials() == [replace(first, reason="written after it"), second]


def test_a_larger_number_of_trials_goes_on_with_the_points_that_were_not_tried(studio: StudioFolder) -> None:
    space = space_of(generator_rate={"low": 1e-5, "high": 1e-2, "log": True})
    asked: dict[str, Any] = {"sampler": "random", "seed": 3}
    whole = search(studio, "halves", space, trials=6, engine=Scripted(slots=1), name="whole", **asked)
    parts = search(studio, "halves", space, trials=2, engine=Scripted(slots=1), name="parts", **asked)
    assert len(parts.trials()) == 2
    search(studio, "halves", space, trials=6, engine=Scripted(slots=1), name="parts", **asked)
    assert [trial.point for trial in parts.trials()] == [trial.point for trial in whole.trials()]


def test_every_point_has_the_same_seeds_and_only_whole_points_are_tried(studio: StudioFolder) -> None:
    folder = search(studio, "halves", space_of(**SPACE), repeat=3, seed=7, trials=8, engine=Scripted())
    assert [(trial.group, trial.seed) for trial in folder.trials()] == [(g, s) for g in (0, 1) for s in (7, 8, 9)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"budget": "20m"}, "budget: 10m → 20m"),
        ({"repeat": 2}, "repeat: 1 → 2"),
        ({"judge_n": 50}, "judge_n: 1000 → 50"),
        ({"space": space_of(batch=[8, 16], gamma=[0.1])}, "space: gamma"),
    ],
)
def test_a_name_of_another_search_is_refused_with_what_differs(
    studio: StudioFolder, changed: dict[str, Any], said: str
) -> None:
    search(studio, "halves", space_of(**SPACE), engine=Scripted(), name="mine")
    engine = Scripted()
    with pytest.raises(InputError, match=said):
        search(studio, "halves", changed.pop("space", space_of(**SPACE)), engine=engine, name="mine", **changed)
    assert engine.started == []
    assert engine.closed


def test_a_set_that_holds_other_pictures_by_now_is_refused(studio: StudioFolder) -> None:
    search(studio, "halves", space_of(**SPACE), engine=Scripted(), name="mine", trials=1)
    facts = studio.sets / "halves" / "set.json"
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "fingerprint": "other"}))
    with pytest.raises(InputError, match="other pictures"):
        search(studio, "halves", space_of(**SPACE), engine=Scripted(), name="mine")


def test_a_second_driver_is_refused_in_one_line(studio: StudioFolder) -> None:
    refused: list[str] = []

    def script(spec: TrialSpec) -> list[Event]:
        with pytest.raises(InputError, match="driven by another process") as error:
            search(studio, "halves", space_of(**SPACE), engine=Scripted())
        refused.append(str(error.value))
        return does_nothing(spec)

    folder = search(studio, "halves", space_of(**SPACE), engine=Scripted(script))
    assert len(refused) == 6
    assert all("\n" not in line for line in refused)
    assert states(folder) == [FINISHED] * 6


def test_what_never_ends_needs_a_number_and_names_that_are_taken_are_left_alone(studio: StudioFolder) -> None:
    with pytest.raises(InputError, match="--trials"):
        search(studio, "halves", space_of(**SPACE), sampler="random", engine=Scripted())
    with pytest.raises(SettingsError, match="gamma is a range without steps"):
        search(studio, "halves", space_of(gamma={"low": 0.1, "high": 1.0}), trials=3, engine=Scripted())
    with pytest.raises(InputError, match="Did you mean coverage"):
        search(studio, "halves", space_of(), score="covrage", engine=Scripted())
    assert list(studio.searches.glob("*")) == []
    search(studio, "halves", space_of(), budget="64-images", judge_n=30, engine=Inline(studio), name="one")
    other = studio.searches / "one"
    other.rename(studio.root / "elsewhere")
    with pytest.raises(InputError, match="run one-000 exists and is not this search's"):
        search(studio, "halves", space_of(), budget="64-images", engine=Scripted(), name="one")


def test_before_the_first_trial_it_says_how_many_there_are_and_about_how_long(
    studio: StudioFolder, notes: Notes
) -> None:
    space = space_of(budget=["10m", "50m"], batch=[8, 16])
    search(studio, "halves", space, engine=Scripted(slots=2), judge_n=30, progress=notes)
    count, time, first = notes.lines[:3]
    assert count.endswith("4 trials: 4 points, of a grid of 4, 10m or 50m each")
    assert time.startswith("about 1 h")
    assert "with 2 at a time" in time
    assert "finished" in first


def test_a_measured_rate_tells_how_long_a_number_of_images_takes(studio: StudioFolder) -> None:
    asked = {"set": "halves", "sampler": "grid", "trials": None, "repeat": 1, "seed": 0, "score": "kid"}
    asked |= {"budget": "6k-images", "judge_n": 30}
    plan = foretold(studio, space_of(batch=[8, 16], gamma=[1.0, 2.0]), asked, 2, images_a_second=10.0)
    assert plan.seconds_together == pytest.approx(4 * 6000 / 10)
    assert plan.left_said(1) == "about 10 min for the 1 that are left, with 2 at a time, less what is pruned"
    assert foretold(studio, space_of(batch=[8, 16]), asked, 2).seconds is None


def test_earlier_runs_on_the_set_tell_how_long_a_number_of_images_takes(studio: StudioFolder, notes: Notes) -> None:
    space = space_of(batch=[8, 16])
    for i, (images, seconds) in enumerate([(90_000, 30.0), (100_000, 100.0), (10, 0.1), (50_000, 100.0)]):
        run = RunRow(f"run-{i}", "halves", "", "finished", images_seen=images, train_seconds=seconds)
        studio.catalog.add_run(run)
    plan = forecast(studio, "halves", space, budget="1M-images", jobs=1)
    assert plan.seconds == pytest.approx(2 * 1_000_000 / 1000, rel=0.1)
    assert plan.time_said.endswith("less what is pruned (by the speed of earlier runs on the set)")
    search(studio, "halves", space, budget="1M-images", engine=Scripted(slots=1), judge_n=30, progress=notes)
    assert notes.lines[1].startswith("about 35 min")


def run_before(studio: StudioFolder, name: str, rate: float) -> None:
    run = RunRow(name, "halves", "", "finished", images_seen=round(1000 * rate), train_seconds=1000.0)
    studio.catalog.add_run(run)


EIGHT = {"batch": [8, 16], "gamma": [0.1, 0.5, 1.0, 5.0]}


class Shared(Scripted):
    """As processes of this machine, four at a time."""

    def __init__(self, jobs: int = 4) -> None:
        super().__init__(slots=4)
        self.record = {"name": "local", "jobs": jobs, "threads": 1, "reason": "as asked", "apart": 1}


@pytest.mark.parametrize("allowed", [4, 8])  # no more ran at a time than there were
def test_what_trials_share_is_as_fast_as_all_that_ran_at_a_time_together(studio: StudioFolder, allowed: int) -> None:
    asked: dict[str, Any] = {"budget": "100k-images", "judge_n": 30, "name": "shared"}
    search(studio, "halves", space_of(**EIGHT), engine=Shared(allowed), trials=4, **asked)
    for number in range(4):
        run_before(studio, f"shared-{number:03d}", rate=100.0)
    notes = Notes()
    search(studio, "halves", space_of(**EIGHT), engine=Shared(), progress=notes, **asked)
    assert "about 17 min 57 s for the 4 that are left, with 4 at a time" in notes.lines[2]


@pytest.mark.parametrize(("apart", "hours"), [(1, 8.0), (2, 4.0), (4, 2.0)])
def test_who_has_a_gpu_of_its_own_is_as_fast_as_an_earlier_run(studio: StudioFolder, apart: int, hours: float) -> None:
    asked = {"set": "halves", "sampler": "grid", "trials": None, "repeat": 1, "seed": 0, "score": "kid"}
    asked |= {"budget": "360k-images", "judge_n": 30}
    run_before(studio, "alone-1", rate=100.0)
    plan = foretold(studio, space_of(**EIGHT), asked, 4, apart=apart)
    assert (plan.seconds, plan.seconds_together) == pytest.approx((8 * 3600, hours * 3600), rel=0.1)
    both = foretold(studio, space_of(**EIGHT, budget=["360k-images", "1h"]), asked, 4, apart=apart)
    assert both.seconds_together == pytest.approx((hours + 2) * 3600, rel=0.1)  # an hour is one, whoever else has one


def test_a_dry_run_counts_on_every_gpu(studio: StudioFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    run_before(studio, "alone-1", rate=100.0)
    monkeypatch.setattr(local, "gpus_here", lambda: ("0", "1"))
    plan = forecast(studio, "halves", space_of(**EIGHT), budget="360k-images")
    assert "about 8 h 25 min one after another, 4 h 12 min with 2 at a time (one a GPU)" in plan.time_said
    on_cpu = forecast(studio, "halves", space_of(**EIGHT, device=["cpu"]), budget="360k-images", jobs=2)
    assert on_cpu.time_said.startswith("about 8 h 25 min one after another, less")


def test_an_alarm_stops_its_trial_alone(studio: StudioFolder, notes: Notes) -> None:
    alarm = {"alarms.one_colour_sigma": [0.0, 1.0], "alarms.one_colour_patience": 1}
    folder = search(
        studio, "halves", space_of(**alarm), budget="320-images", judge_n=30, engine=Inline(studio), progress=notes
    )
    assert states(folder) == [FINISHED, STOPPED]
    assert "one colour" in str(folder.trials()[1].reason)
    assert studio.catalog.existing_run(folder.trials()[1].run).state == "stopped"
    assert any("stopped" in line and "one colour" in line for line in notes.lines)


def test_the_checkpoints_of_all_but_the_best_are_removed_and_it_is_said(studio: StudioFolder, notes: Notes) -> None:
    space = space_of(generator_rate=[1e-4, 1e-3, 3e-3])
    folder = search(
        studio, "halves", space, budget="320-images", judge_n=30, keep=1, engine=Inline(studio), progress=notes
    )
    trials = folder.trials()
    best = min(trials, key=lambda trial: trial.scores["kid"])
    for trial in trials:
        run = studio.runs / trial.run
        left = [path for path in (run / "checkpoints").iterdir() if path.is_dir()]
        assert bool(left) == (trial == best) == (not trial.removed)
        assert (run / "metrics.jsonl").exists()
        assert list((run / "sheets").iterdir())
    assert any("removed the checkpoints" in line and "MB" in line for line in notes.lines)


@pytest.fixture
def notes() -> Notes:
    return Notes()


def test_a_smaller_keep_makes_room_in_a_search_that_has_ended(studio: StudioFolder) -> None:
    asked: dict[str, Any] = {"budget": "64-images", "judge_n": 30, "name": "kept"}
    space = space_of(generator_rate=[1e-4, 1e-3])
    folder = search(studio, "halves", space, engine=Inline(studio), **asked)
    assert [trial.removed for trial in folder.trials()] == [(), ()]
    with pytest.raises(InputError, match="0 or more with --keep"):
        search(studio, "halves", space, engine=Inline(studio), keep=-1, **asked)
    search(studio, "halves", space, engine=Inline(studio), keep=1, **asked)
    assert sorted(bool(trial.removed) for trial in folder.trials()) == [False, True]


def test_a_pruned_trial_whose_end_was_not_heard_ends_with_what_its_run_says(studio: StudioFolder) -> None:
    asked: dict[str, Any] = {"budget": "64-images", "judge_n": 30, "name": "unheard"}
    folder = search(studio, "halves", space_of(), engine=Inline(studio), **asked)
    (trial,) = folder.trials()
    (studio.runs / trial.run / "trial.json").unlink()  # it was told to end before its budget did
    left = {"images": 16, "seconds": 0.0, "ended_at": None, "scores": {}}
    folder.write_trials([replace(trial, state=PRUNED, reason="at a rung", **left)])
    engine = Inline(studio)
    search(studio, "halves", space_of(), engine=engine, **asked)
    (ended,) = folder.trials()
    assert engine.started == []
    assert (ended.state, ended.reason, ended.images) == (PRUNED, "at a rung", 64)
    assert ended.seconds > 0
    assert ended.ended_at is not None


def test_runs_to_start_from_and_devices_are_there_before_anything_runs(studio: StudioFolder) -> None:
    with pytest.raises(InputError, match="start_from: no run called 'x'"):
        search(studio, "halves", space_of(start_from=["x", "auto"]), engine=Scripted(), name="none")
    with pytest.raises(SettingsError, match="is not on this machine"):
        search(studio, "halves", space_of(device=["cpu", "mps" if torch.cuda.is_available() else "cuda"]), name="none")
    assert not (studio.searches / "none").exists()
    elsewhere = search(studio, "halves", space_of(device=["cpu", "cuda"]), engine=Scripted(), name="far")
    assert states(elsewhere) == [FINISHED] * 2


def test_ctrl_c_leaves_trials_waiting_and_says_how_to_go_on(studio: StudioFolder, notes: Notes) -> None:
    def script(spec: TrialSpec) -> list[Event]:
        if spec.number == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return does_nothing(spec)

    engine = Scripted(script, slots=2)
    with pytest.raises(KeyboardInterrupt):
        search(studio, "halves", space_of(**SPACE), engine=engine, name="stopped", progress=notes)
    folder = SearchFolder(studio.searches / "stopped")
    assert engine.closed
    assert RUNNING not in states(folder)
    assert any("the same command goes on" in line for line in notes.lines)
    again = Scripted()
    search(studio, "halves", space_of(**SPACE), engine=again, name="stopped")
    assert sorted(again.started + [t for t in engine.started if t not in again.started]) == list(range(6))
    assert states(folder) == [FINISHED] * 6
