"""Room on the disk: only what is this search's own, ended and not among the best is ever removed."""

from __future__ import annotations

import pytest

from ganvas.search.disk import best_first, sweep
from ganvas.search.space import settings_of
from ganvas.search.trial import FAILED, FINISHED, PRUNED, RUNNING, WAITING, Trial, TrialSpec
from ganvas.studio import StudioFolder
from ganvas.train import train
from ganvas.train.run_folder import RunFolder
from tests.search.studios import TINY, studio_in

SETTINGS = {**settings_of(TINY), "budget": "32-images", "ticks": 1}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> StudioFolder:
    """A studio with runs a-000 … a-004 of a search, and a-005, which somebody trained otherwise."""
    studio = studio_in(tmp_path_factory.mktemp("disk"))
    for number in range(6):
        train(studio, "halves", {**SETTINGS, "seed": 0 if number < 5 else 1}, name=f"a-{number:03d}")
    return studio


def trial(number: int, state: str = FINISHED, **scores: float) -> Trial:
    return Trial(number, number, {}, 0, f"a-{number:03d}", state=state, scores=scores)


def spec_of(trial: Trial) -> TrialSpec:
    return TrialSpec(trial.number, trial.run, "halves", {**SETTINGS, "seed": 0}, 30, 1)


def left(studio: StudioFolder, number: int) -> int:
    return len([path for path in (studio.runs / f"a-{number:03d}" / "checkpoints").iterdir() if path.is_dir()])


def test_only_what_is_ended_idle_and_ours_is_removed(studio: StudioFolder) -> None:
    trials = [
        trial(0, kid=0.1),
        trial(1, kid=0.2),
        trial(2, RUNNING),
        trial(3, FAILED),
        trial(4, kid=0.3),
        trial(5, kid=0.4),  # under this name a person trained another run
    ]
    with RunFolder(studio.runs / "a-004").lock():  # somebody goes on with it
        changed, freed = sweep(studio, trials, spec_of, 1, "kid")
    assert [gone.number for gone in changed] == [1]
    assert freed > 0
    assert changed[0].removed
    assert all(not (studio.runs / "a-001" / name).exists() for name in changed[0].removed)
    assert (studio.runs / "a-001" / "metrics.jsonl").exists()
    assert [bool(left(studio, number)) for number in range(6)] == [True, False, True, True, True, True]
    changed, _ = sweep(studio, [*trials[:1], *changed, *trials[2:]], spec_of, 1, "kid")
    assert [gone.number for gone in changed] == [4]


def test_the_best_come_first_by_the_score_that_was_asked_for_then_what_was_pruned() -> None:
    trials = [
        trial(0, kid=0.3, coverage=0.9),
        trial(1, kid=0.1, coverage=0.5),
        Trial(2, 2, {}, 0, "a-002", state=PRUNED, light={"kid": 0.5}),
        Trial(3, 3, {}, 0, "a-003", state=PRUNED, light={"kid": 0.4}),
        trial(4, WAITING),
    ]
    assert [one.number for one in best_first(trials, "kid")] == [1, 0, 3, 2]
    assert [one.number for one in best_first(trials, "coverage")] == [0, 1, 3, 2]
