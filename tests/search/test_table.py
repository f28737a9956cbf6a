"""The table of a search: means over seeds, ranks, files and frames; and which axes matter."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.errors import InputError
from ganvas.search.groups import groups_of, plan_trials
from ganvas.search.importance import importance
from ganvas.search.space import Space
from ganvas.search.table import best_groups, best_trial, results, trial_results
from ganvas.search.trial import FAILED, FINISHED, PRUNED, RUNNING, STOPPED, WAITING, Trial

AXES = {
    "network": ["dcgan", "r3gan"],
    "network.kernel": {"choices": [3, 4], "when": {"network": "dcgan"}},
    "batch": [16, "auto"],
}


def finished(trial: Trial, kid: float, **more: float) -> Trial:
    scores = {"kid": kid, "kid_baseline": 0.01, **more}
    return replace(trial, state=FINISHED, scores=scores, light={"kid": kid + 1}, images=1000, seconds=60.0)


@pytest.fixture
def trials() -> list[Trial]:
    """Six points: two alike, one better, one pruned, one stopped, one failed."""
    planned = plan_trials("vases", Space.of(AXES).points())
    return [
        finished(planned[0], 0.5, coverage=0.2),
        replace(planned[1], state=FAILED, reason="out of memory", scores={"kid": math.nan}),
        finished(planned[2], 0.3, coverage=0.6),
        replace(planned[3], state=PRUNED, reason="rung 1: 9 of 9", light={"kid": 0.9}, images=250),
        finished(planned[4], 0.5, coverage=0.9),
        replace(planned[5], state=STOPPED, reason="one colour", light={"kid": 0.8}, images=500),
    ]


def test_points_become_trials_of_every_seed_with_runs_of_their_own() -> None:
    first = plan_trials("vases", [{"batch": 16}, {"batch": 32}], repeat=2, seed=5)
    assert [(t.number, t.group, t.seed, t.run) for t in first] == [
        (0, 0, 5, "vases-000"),
        (1, 0, 6, "vases-001"),
        (2, 1, 5, "vases-002"),
        (3, 1, 6, "vases-003"),
    ]
    (more,) = plan_trials("vases", [{"batch": 64}], so_far=first)
    assert (more.number, more.group, more.state) == (4, 2, WAITING)


def test_the_best_comes_first_and_what_failed_last(trials: list[Trial]) -> None:
    table = results(trials)
    assert [row["state"] for row in table.rows] == [FINISHED] * 3 + [PRUNED, STOPPED, FAILED]
    assert [row["rank"] for row in table.rows] == [1, 2, 2, None, None, None]
    assert [row["rank_coverage"] for row in table.rows[:3]] == [2, 3, 1]
    assert [row["score_kid"] for row in table.rows] == [0.3, 0.5, 0.5, None, None, None]
    assert [row["light_kid"] for row in table.rows] == [1.3, 1.5, 1.5, 0.9, 0.8, None]
    assert table.rows[0]["score_kid_baseline"] == 0.01
    assert "rank_kid_baseline" not in table.columns
    assert table.rows[-1]["reason"] == "out of memory"
    assert [row["run"] for row in table.rows] == [f"vases-00{i}" for i in (2, 0, 4, 3, 5, 1)]
    assert all([name for name in row if name != "params"] == table.columns for row in table.rows)


def test_another_score_ranks_otherwise(trials: list[Trial]) -> None:
    assert [row["score_coverage"] for row in results(trials, "coverage").rows[:3]] == [0.9, 0.6, 0.2]
    assert best_groups(trials, "coverage")[0].number == 4
    assert best_groups(trials)[0].number == 2


def test_what_was_left_open_is_told_from_what_was_not_there(trials: list[Trial]) -> None:
    rows = results(trials).rows
    assert {row["param_batch"] for row in rows} == {16, "auto"}
    assert all((row["param_network.kernel"] is None) == (row["param_network"] == "r3gan") for row in rows)


def test_seeds_are_one_row_with_mean_and_sd(trials: list[Trial]) -> None:
    planned = plan_trials("vases", [{"batch": 16}, {"batch": 32}], repeat=3)
    kids = [0.1, 0.5, 0.6, 0.3, 0.2, math.nan]
    given = [finished(trial, kid) for trial, kid in zip(planned, kids, strict=True)]
    given[5] = replace(given[5], state=FAILED, reason="killed", scores={})
    table = results(given)
    first, second = table.rows
    assert (first["param_batch"], first["rank"], first["finished"], first["run"]) == (16, 1, 3, "vases-000")
    assert first["mean_kid"] == first["score_kid"] == pytest.approx(0.4)
    assert first["std_kid"] == pytest.approx(np.std([0.1, 0.5, 0.6], ddof=1))
    assert (second["param_batch"], second["rank"], second["finished"], second["run"]) == (32, 2, 2, "vases-004")
    assert (second["state"], second["reason"]) == (FINISHED, "1 of 3 seeds: killed")
    assert second["mean_kid"] == pytest.approx(0.25)
    assert second["seeds"] == [0, 1, 2]
    assert best_trial(best_groups(given)[0]).seed == 0
    single = trial_results(given)
    assert [row["score_kid"] for row in single.rows] == [0.1, 0.5, 0.6, 0.3, 0.2, None]
    assert [row["rank"] for row in single.rows] == [1, 1, 1, 2, 2, 2]


def test_a_point_whose_bad_seeds_were_pruned_is_no_better_than_one_that_finished_them_all() -> None:
    planned = plan_trials("vases", [{"batch": batch} for batch in (8, 16, 32, 64)], repeat=3)
    kids = [0.20, None, None, 0.21, 0.21, 0.21, 0.30, 0.30, 0.30, 0.25, 0.25, None]
    given = [
        replace(trial, state=PRUNED, light={"kid": 0.9}) if kid is None else finished(trial, kid)
        for trial, kid in zip(planned, kids, strict=True)
    ]
    rows = results(given).rows
    assert [(row["rank"], row["params"], row["finished"]) for row in rows] == [
        (1, {"batch": 16}, 3),
        (2, {"batch": 32}, 3),
        (3, {"batch": 64}, 2),
        (4, {"batch": 8}, 1),
    ]
    assert best_groups(given)[0].point == {"batch": 16}


def test_a_frame_has_params_as_they_are_searched_with(trials: list[Trial]) -> None:
    for table in (results(trials), trial_results(trials)):
        assert table.frame().loc[0, "params"] == trials[2].point


def test_a_point_is_at_work_until_all_its_seeds_have_ended() -> None:
    planned = plan_trials("vases", [{"batch": 16}], repeat=2)
    (group,) = groups_of(planned)
    assert group.state == WAITING
    (group,) = groups_of([finished(planned[0], 0.1), planned[1]])
    assert (group.state, group.ended) == (RUNNING, False)
    (group,) = groups_of([finished(planned[0], 0.1), replace(planned[1], state=STOPPED)])
    assert (group.state, group.ended) == (FINISHED, True)


def test_each_set_has_ranks_of_its_own() -> None:
    planned = plan_trials("both", Space.of({"set": ["small", "large"], "batch": [16, 32]}).points())
    given = [finished(trial, kid) for trial, kid in zip(planned, (0.1, 0.2, 0.8, 0.7), strict=True)]
    ranks = {(row["param_set"], row["param_batch"]): row["rank"] for row in results(given).rows}
    assert ranks == {("small", 16): 1, ("small", 32): 2, ("large", 32): 1, ("large", 16): 2}
    assert [group.point["set"] for group in best_groups(given)] == ["small", "large"]


def test_csv_and_frame_and_parquet_hold_the_same(trials: list[Trial], tmp_path: Path) -> None:
    import pandas
    import pyarrow.parquet

    trials[0] = replace(trials[0], point={**trials[0].point, "augment": ["flip"]})
    table = results(trials)
    read = list(csv.DictReader(io.StringIO(table.csv())))
    assert [row["score_kid"] for row in read] == ["0.3", "0.5", "0.5", "", "", ""]
    assert json.loads(read[1]["param_augment"]) == ["flip"]
    frame = table.frame()
    assert list(frame.columns) == [*table.columns, "params"]
    assert frame["score_kid"].isna().tolist() == [False] * 3 + [True] * 3
    assert frame["rank"].dropna().tolist() == [1, 2, 2]
    kept = pyarrow.parquet.read_table(table.write(tmp_path / "table.parquet")).to_pylist()
    assert [row["mean_kid"] for row in kept] == [0.3, 0.5, 0.5, None, None, None]
    assert [row["param_batch"] for row in kept] == [str(row["param_batch"]) for row in table.rows]
    assert table.write(tmp_path / "table.csv").read_text() == table.csv()
    assert pandas.read_csv(tmp_path / "table.csv")["rank"].isna().sum() == 3
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        table.write(tmp_path / "table.xlsx")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_search_without_trials_or_without_scores_has_a_table_too(form: str, tmp_path: Path) -> None:
    waiting = plan_trials("vases", Space.of(AXES).points())
    for given in ([], waiting):
        table = results(given)
        assert len(table.frame()) == len(table.rows) == len(given)
        assert table.write(tmp_path / f"table.{form}").stat().st_size > 0
        assert len(trial_results(given).frame()) == len(given)
    assert best_groups(waiting) == []


def searched(count: int, kid: Any) -> list[Trial]:
    space = Space.of(
        {"batch": [16, 32, 64], "generator_rate": [1e-4, 1e-3, 1e-2], "loss": ["hinge", "wasserstein"], "ticks": 20}
    )
    planned = plan_trials("vases", list(space.points())[:count])
    return [finished(trial, kid(trial.point)) for trial in planned]


def test_the_axis_that_the_score_follows_from_matters_most() -> None:
    found = importance(searched(18, lambda p: abs(math.log10(p["generator_rate"]) + 3) + 0.2 * (p["loss"] == "hinge")))
    assert found is not None
    assert [one.name for one in found] == ["generator_rate", "loss", "batch"]
    shares = [one.share for one in found]
    assert shares[0] > 0.5
    assert 0.05 < shares[1] < shares[0]
    assert shares[2] < 0.05


def test_of_chance_importance_says_next_to_nothing() -> None:
    said = []
    for seed in range(4):
        chance = random.Random(seed)
        found = importance(searched(18, lambda p, chance=chance: chance.random()))
        assert found is not None
        said.append(max(one.share for one in found))
    assert sorted(said)[2] < 0.1


def test_importance_needs_eight_points_that_finished_and_axes_that_vary() -> None:
    given = searched(8, lambda p: p["batch"])
    assert importance(given[:7]) is None
    assert importance([*given[:7], replace(given[7], state=PRUNED)]) is None
    assert importance([finished(trial, 0.1) for trial in plan_trials("s", [{"batch": 16}] * 8)]) == []
    assert [one.share for one in importance(searched(9, lambda p: 0.5)) or []] == [0, 0, 0]
