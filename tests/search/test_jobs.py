"""How many trials at a time: measured once with real probes, kept, told with its reason; never changed unfairly."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganvas.errors import InputError
from ganvas.progress import Silent
from ganvas.search import jobs, local, measuring
from ganvas.search.forecast import Left
from ganvas.search.jobs import local_engine, record_of
from ganvas.search.measuring import TURNS, measure
from ganvas.search.search_folder import SearchFolder
from ganvas.search.space import settings_of
from ganvas.search.trial import Trial, TrialSpec
from ganvas.studio import StudioFolder
from ganvas.workers import processors
from tests.search.engines import Scripted
from tests.search.studios import TINY, studio_in
from tests.train.conftest import Notes

ASKED: dict[str, Any] = {"budget": "10m"}
LEFT = Left(40)


@pytest.fixture
def studio(tmp_path: Path) -> StudioFolder:
    return studio_in(tmp_path)


@pytest.fixture
def folder(studio: StudioFolder) -> SearchFolder:
    folder = SearchFolder(studio.searches / "one")
    folder.path.mkdir(parents=True)
    return folder


def spec() -> TrialSpec:
    return TrialSpec(0, "one-000", "halves", {**settings_of(TINY), "budget": "1000-images", "device": "cpu"}, 30, 1)


# Python runs it as it starts: what a probe calls first writes half a line.
LOUD = """
import sys
if "ganvas.search.probe" in sys.orig_argv:
    from ganvas.search import trial_process
    quiet = trial_process.limit_threads
    trial_process.limit_threads = lambda threads: (quiet(threads), print("welcome ", end=""))
"""


def test_two_at_a_time_are_measured_beside_each_other_whatever_else_is_printed(
    studio: StudioFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOUD)
    monkeypatch.syspath_prepend(tmp_path)
    rates = measure(studio, tmp_path, spec(), {1: 1, 2: 1}, trials=1)
    assert [(jobs, len(turns), min(turns) > 0) for jobs, turns in rates.items()] == [(1, 1, True), (2, 1, True)]
    assert not (studio.runs / "one-000").exists()
    assert studio.catalog.runs() == []


def test_where_nothing_can_be_measured_one_runs_after_another_and_it_is_said(
    studio: StudioFolder, folder: SearchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "processors", lambda: 2)
    engine, record = local_engine(studio, folder, replace(spec(), set_name="gone"), ASKED, None, LEFT, Silent())
    assert (engine.slots, record["threads"]) == (1, 2)
    assert "cannot be measured here: " in record["reason"]
    assert "no set in" in record["reason"]


def test_the_fastest_way_is_chosen_once_and_kept_with_its_reason(
    studio: StudioFolder, folder: SearchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[dict[int, int]] = []

    def measured(*given: Any) -> dict[int, list[float]]:
        asked_for.append(given[3])
        return {1: [500.0, 400.0], 2: [100.0, 610.0], 4: [300.0, 300.0]}  # somebody came while two had a turn

    monkeypatch.setattr(jobs, "measure", measured)
    monkeypatch.setattr(jobs, "processors", lambda: 4)
    notes = Notes()
    engine, record = local_engine(studio, folder, spec(), ASKED, None, LEFT, notes)
    assert asked_for == [{1: 4, 2: 2, 4: 1}]
    assert engine.slots == record["jobs"] == 2
    assert record["images_a_second"] == 610
    assert "best of 2 turns each" in record["reason"]
    assert "500 with 1 at a time, 610 with 2 at a time, 300 with 4" in record["reason"]
    assert any("2 trials at a time, 2 threads each" in line for line in notes.lines)
    again, kept = local_engine(studio, folder, spec(), {**ASKED, "engine": record}, None, LEFT, Silent())
    assert (again.slots, kept, len(asked_for)) == (2, record, 1)


def test_other_threads_in_the_middle_of_a_search_by_time_are_refused(
    studio: StudioFolder, folder: SearchFolder
) -> None:
    before = {"name": "local", "jobs": 1, "threads": processors(), "reason": "as asked"}
    folder.write_trials([Trial(0, 0, {}, 0, "one-000")])
    more = 2 * processors()
    before["threads"] = 2
    with pytest.raises(InputError, match="not fair"):
        local_engine(studio, folder, spec(), {"budget": "10m", "engine": before}, more, LEFT, Silent())
    asked = {"budget": "20-epochs", "engine": before}
    engine, record = local_engine(studio, folder, spec(), asked, more, LEFT, Silent())
    assert (engine.slots, record["threads"]) == (more, 1)
    with pytest.raises(InputError, match="1 or more with --jobs"):
        local_engine(studio, folder, spec(), ASKED, 0, LEFT, Silent())


def test_where_there_are_gpus_one_trial_runs_on_each(
    studio: StudioFolder, folder: SearchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "processors", lambda: 8)
    monkeypatch.setattr(local, "gpus_here", lambda: ("0", "1"))
    anywhere = replace(spec(), settings={**spec().settings, "device": "auto"})
    engine, record = local_engine(studio, folder, anywhere, ASKED, None, LEFT, Silent())
    assert (engine.slots, record["threads"], record["reason"]) == (2, 4, "one a GPU, of which there are 2")
    assert engine._gpus == ("0", "1")
    assert local_engine(studio, folder, spec(), ASKED, 2, LEFT, Silent())[0]._gpus == ()  # on the CPU


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Probes that are scripts."""
    program = tmp_path / "probe"

    def write(script: str) -> None:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return write


ANSWERS = """
echo welcome
echo ready
while read -r threads; do
    echo "$threads" >> {told}
    for line in '' hello 5 '{{}}'; do echo "$line"; done
    echo '{{"images_a_second": 100, "looked_at_a_second": 100, "looks": 100, "budget_kind": "seconds", "budget": 50}}'
done
"""


@pytest.mark.parametrize(("trials", "turns"), [(0, 1), (10_000, TURNS)])
def test_all_ways_have_their_turns_as_long_as_it_costs_a_small_share_of_the_search(
    studio: StudioFolder, tmp_path: Path, scripted: Callable[[str], None], trials: int, turns: int
) -> None:
    told = tmp_path / "told"
    scripted(ANSWERS.format(told=told))
    rates = measure(studio, tmp_path, spec(), {1: 2, 2: 1}, trials)
    assert told.read_text().split() == ["2", "1", "1"] * turns
    assert [len(found) for found in rates.values()] == [turns, turns]
    assert max(rates[2]) == pytest.approx(2 * max(rates[1]))


SOON = 0.5


@pytest.mark.parametrize(
    ("does", "patience_s", "told"),
    [
        ("echo ready; read -r threads; echo no more >&2; exit 3", None, "no more"),
        ("echo ready; read -r threads; exec >&-; exec sleep 600", None, "it said nothing"),
        ("exec sleep 600", SOON, f"it did not answer in {SOON} s"),
        ("echo; exec sleep 600", SOON, f"it did not answer in {SOON} s"),
        ("echo ready; exec sleep 600", SOON, f"it did not answer in {SOON} s"),
    ],
)
def test_a_probe_that_dies_or_hangs_is_told_in_a_line(
    studio: StudioFolder,
    tmp_path: Path,
    scripted: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    does: str,
    patience_s: float | None,
    told: str,
) -> None:
    scripted(does)
    monkeypatch.setattr(measuring, "PATIENCE_S", patience_s or measuring.PATIENCE_S)
    with pytest.raises(InputError, match=f"cannot be measured here: {told}"):
        measure(studio, tmp_path, spec(), {1: 2, 2: 1}, 1)


def test_a_search_that_is_soon_over_is_not_measured_and_says_why(
    studio: StudioFolder, folder: SearchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "processors", lambda: 4)
    monkeypatch.setattr(jobs, "measure", None)
    engine, record = local_engine(studio, folder, spec(), ASKED, None, Left(40, 90.0), Silent())
    assert (engine.slots, record["threads"], record["images_a_second"]) == (4, 1, None)
    assert "not measured: all trials take about 1 min 30 s" in record["reason"]
    engine, record = local_engine(studio, folder, spec(), ASKED, None, Left(2, 90.0), Silent())
    assert (engine.slots, record["threads"]) == (2, 2)


class Sharing(Scripted):
    """An engine that says how many threads a trial has."""

    record: dict[str, Any] = {"name": "ray", "jobs": None, "threads": 2, "reason": "shared out"}


def test_an_engine_that_is_given_tells_its_threads_and_keeps_to_them(folder: SearchFolder) -> None:
    assert record_of(Scripted(), folder, ASKED) == {"name": "scripted"}
    folder.write_trials([Trial(0, 0, {}, 0, "one-000")])
    before = {"name": "ray", "jobs": None, "threads": 4, "reason": "shared out"}
    with pytest.raises(InputError, match="not fair: give --threads 4, or search anew"):
        record_of(Sharing(), folder, {"budget": "10m", "engine": before})
    assert record_of(Sharing(), folder, {"budget": "20-epochs", "engine": before}) == Sharing.record


def test_more_trials_at_a_time_than_processors_are_as_unfair_as_other_threads(
    studio: StudioFolder, folder: SearchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "processors", lambda: 2)
    asked = {"budget": "10m", "engine": {"name": "local", "jobs": 2, "threads": 1, "reason": "as asked"}}
    folder.write_trials([Trial(0, 0, {}, 0, "one-000")])
    with pytest.raises(InputError, match="ran 2 at a time with 1 thread each for 10m, and would run 8 at a time"):
        local_engine(studio, folder, spec(), asked, 8, LEFT, Silent())


def test_it_is_the_budget_of_the_points_that_counts(
    studio: StudioFolder, folder: SearchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "processors", lambda: 2)
    engine = {"name": "local", "jobs": 1, "threads": 2, "reason": "as asked"}
    folder.write_trials([Trial(0, 0, {"budget": "2000-images"}, 0, "one-000")])
    assert local_engine(studio, folder, spec(), {"budget": "10m", "engine": engine}, 2, LEFT, Silent())[0].slots == 2
    folder.write_trials([Trial(1, 1, {"budget": "5m"}, 0, "one-001")])
    with pytest.raises(InputError, match="for 5m"):
        local_engine(studio, folder, spec(), {"budget": "20-epochs", "engine": engine}, 2, LEFT, Silent())
