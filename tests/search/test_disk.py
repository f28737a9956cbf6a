"""Room on the disk: only what is this search's own, ended and not among the best is ever removed."""

from __future__ import annotations

import pytest

from ganvas.search.disk import best_first, kept, sweep
from ganvas.search.space import settings_of
from ganvas.search.table import best_groups, best_trial
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


def test_the_run_that_best_names_keeps_its_checkpoints_though_single_trials_are_better() -> None:
    kids = {0: (0.1, 0.9), 1: (0.11, 0.8), 2: (0.3, 0.2)}  # point 2 has the best mean, and no seed among the best two
    trials = [
        Trial(2 * group + seed, group, {"batch": group}, seed, "a", state=FINISHED, scores={"kid": kid})
        for group, found in kids.items()
        for seed, kid in enumerate(found)
    ]
    assert best_trial(best_groups(trials)[0]).number == 5
    assert kept(trials, 1, "kid") == kept(trials, 0, "kid") == {5}
    assert kept(trials, 2, "kid") == {5, 2}
    assert kept(trials, 4, "kid") == {5, 2, 0, 4}


def test_each_set_keeps_its_own_best_and_light_scores_that_are_none_come_last() -> None:
    def of(number: int, name: str, kid: float) -> Trial:
        return Trial(number, number, {"set": name}, 0, "a", state=FINISHED, scores={"kid": kid})

    trials = [of(0, "easy", 0.1), of(1, "easy", 0.2), of(2, "easy", 0.3), of(3, "hard", 0.8), of(4, "hard", 0.9)]
    lights: list[float | None] = [None, float("nan"), 0.5]
    for i, light in enumerate(lights, 5):
        trials.append(Trial(i, i, {"set": "odd"}, 0, "a", state=PRUNED, light={"kid": light}))  # type: ignore[dict-item]
    assert kept(trials, 1, "kid") == {0, 3, 7}
    assert kept(trials, 2, "kid") == {0, 1, 3, 4, 5, 7}


def test_what_a_killed_sweep_removed_is_recorded_by_the_next(studio: StudioFolder) -> None:
    trials = [trial(0, kid=0.1), trial(2, kid=0.2)]
    (gone,), _ = sweep(studio, trials, spec_of, 1, "kid")
    assert gone.removed
    (again,), freed = sweep(studio, trials, spec_of, 1, "kid")  # as it was read before: nothing was recorded
    assert (again.number, freed) == (2, 0)
    assert again.removed
    assert sweep(studio, [trials[0], again], spec_of, 1, "kid") == ([], 0)
