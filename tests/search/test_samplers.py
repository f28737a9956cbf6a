"""Samplers: each point once, better ones sought, and after a restart the same ones as without."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from statistics import median
from typing import Any

import pytest

from ganvas.errors import SettingsError
from ganvas.search.axes import key
from ganvas.search.groups import groups_of, plan_trials, recall, tell
from ganvas.search.samplers import SAMPLERS, Sampler, make_sampler
from ganvas.search.space import Space
from ganvas.search.trial import FAILED, FINISHED, PRUNED, RUNNING, STOPPED, Point, Trial

FINITE = {
    "network": ["dcgan", "r3gan"],
    "network.kernel": {"choices": [3, 4, 5], "when": {"network": "dcgan"}},
    "network.width": {"choices": [16, 32], "when": {"network": "r3gan"}},
    "augment": [["flip"], None],
}
WIDE: list[dict[str, Any]] = [
    {
        "network": ["dcgan", "r3gan"],
        "network.kernel": {"low": 3, "high": 6, "when": {"network": "dcgan"}},
        "generator_rate": {"low": 1e-5, "high": 1e-1, "log": True},
        "batch": {"low": 8, "high": 256, "log": True},
    },
    {"network": "fastgan", "loss": ["hinge", None], "generator_rate": {"low": 1e-4, "high": 1e-2, "log": True}},
]
STATES = (FINISHED, PRUNED, FINISHED, FAILED, STOPPED)


def names() -> list[str]:
    make_sampler("grid", Space.of(FINITE))  # reads those that register themselves
    return SAMPLERS.names()


def score_of(point: Point) -> float:
    """Best at r3gan with a rate of 0.001."""
    return (math.log10(point["generator_rate"]) + 3) ** 2 + (point["network"] != "r3gan")


def ended(trial: Trial, state: str = FINISHED) -> Trial:
    kid = {"kid": score_of(trial.point)}
    return replace(trial, state=state, scores=kid if state == FINISHED else {}, light=kid, images=100 + trial.number)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("at_once", [1, 3])
def test_a_finite_space_is_asked_for_completely_and_no_point_twice(name: str, at_once: int) -> None:
    space = Space.of(FINITE)
    sampler = make_sampler(name, space)
    points: list[Point] = []
    while asked := sampler.ask(at_once):
        points += asked
        for point in asked:
            sampler.tell(point, 0.1, FINISHED)
    assert len(points) == space.count()
    assert set(map(key, points)) == set(map(key, space.points()))


@pytest.mark.parametrize("name", ["random", "tpe"])
def test_points_of_a_space_without_end_are_of_it_and_differ(name: str) -> None:
    sampler = make_sampler(name, Space.of(WIDE), seed=5)
    points = sampler.ask(60)
    assert len(set(map(key, points))) == 60
    for point in points:
        fastgan = point["network"] == "fastgan"
        assert (1e-4 if fastgan else 1e-5) <= point["generator_rate"] <= (1e-2 if fastgan else 1e-1)
        assert ("network.kernel" in point) == (point["network"] == "dcgan")
        assert ("loss" in point) == fastgan
        assert fastgan or (type(point["batch"]) is int and 8 <= point["batch"] <= 256)
    assert {point["network"] for point in points} == {"dcgan", "r3gan", "fastgan"}


def test_a_grid_keeps_the_order_of_the_space_and_needs_values_to_name() -> None:
    space = Space.of(FINITE)
    assert make_sampler("grid", space, seed=7).ask(100) == list(space.points())
    with pytest.raises(SettingsError, match="generator_rate is a range without steps"):
        make_sampler("grid", Space.of(WIDE[1]))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("killed_after", [0, 4, 13, 21])
def test_a_search_that_goes_on_asks_for_the_points_it_would_have_asked_for(name: str, killed_after: int) -> None:
    grid = {"network": ["dcgan", "r3gan"], "generator_rate": {"low": 1e-5, "high": 1e-1, "log": True, "steps": 15}}
    space = Space.of(grid if name == "grid" else WIDE)
    whole, trials = searched(make_sampler(name, space, seed=2), [], 24)
    again = make_sampler(name, space, seed=2)
    recall(again, told_before(trials, killed_after))
    _, resumed = searched(again, told_before(trials, killed_after), 24)
    assert [trial.point for trial in resumed] == [trial.point for trial in trials]
    assert whole.ask(1) == again.ask(1)
    assert len(set(map(key, (trial.point for trial in trials)))) == 24


def searched(sampler: Sampler, trials: list[Trial], until: int) -> tuple[Sampler, list[Trial]]:
    """Two at a time: before a point is asked for, all but the newest have ended, in one way or another."""
    trials = list(trials)
    while len(trials) < until:
        for i, trial in enumerate(trials[:-1]):
            if trial.state not in STATES:
                trials[i] = ended(trial, STATES[i % len(STATES)])
                tell(sampler, groups_of(trials)[i])
        trials += [replace(one, state=RUNNING) for one in plan_trials("s", sampler.ask(1), so_far=trials)]
    return sampler, trials


def told_before(trials: list[Trial], count: int) -> list[Trial]:
    """The first trials as they were recorded when the driver was killed: the last two at work."""
    return [
        replace(t, state=RUNNING, scores={}, light={}) if i >= count - 2 else t for i, t in enumerate(trials[:count])
    ]


def test_tpe_finds_better_points_than_chance() -> None:
    rates = {"low": 1e-5, "high": 1e-1, "log": True}
    space = Space.of({"generator_rate": rates, "discriminator_rate": rates, "loss": ["hinge", "wasserstein"]})
    found = {}
    for name in ("random", "tpe"):
        sampler, scores = make_sampler(name, space, seed=1), []
        for _ in range(50):
            (point,) = sampler.ask(1)
            ratio = math.log10(point["generator_rate"] / point["discriminator_rate"])
            scores.append(ratio**2 + (math.log10(point["generator_rate"]) + 3) ** 2 + (point["loss"] != "hinge"))
            sampler.tell(point, scores[-1], FINISHED)
        found[name] = median(scores[25:])
    assert found["tpe"] < found["random"] / 2


def test_tpe_seeks_more_of_a_score_that_is_better_high() -> None:
    sampler = make_sampler("tpe", Space.of({"warmup": {"low": 0, "high": 1}}), score="coverage")
    points = []
    for _ in range(40):
        points += sampler.ask(1)
        sampler.tell(points[-1], points[-1]["warmup"], FINISHED)
    assert sum(point["warmup"] for point in points[20:]) / 20 > 0.75


@pytest.mark.parametrize("state", [PRUNED, STOPPED])
def test_tpe_stays_away_from_what_was_pruned_or_stopped(state: str) -> None:
    """The score falls towards where trials are cut short."""
    sampler = make_sampler("tpe", Space.of({"warmup": {"low": 0, "high": 1}, "decay": {"low": 0, "high": 1}}))
    points = []
    for _ in range(60):
        points += sampler.ask(1)
        warmup = points[-1]["warmup"]
        if warmup > 0.5:
            sampler.tell(points[-1], warmup if state == PRUNED else None, state, images=50)
        else:
            sampler.tell(points[-1], 1 - warmup, FINISHED, images=100)
    assert sum(point["warmup"] > 0.7 for point in points[20:]) < 8  # by chance 12; 25 where they are not told


def test_a_point_of_which_seeds_were_pruned_is_told_as_pruned() -> None:
    sampler = make_sampler("tpe", Space.of({"batch": [8, 16]}))
    planned = plan_trials("s", [{"batch": 8}, {"batch": 16}], repeat=2)
    trials = [replace(t, state=FINISHED, scores={"kid": 0.2}, images=100) for t in planned]
    trials[1] = replace(trials[1], state=PRUNED, scores={}, light={"kid": 0.9}, images=20)
    for group in groups_of(trials):
        tell(sampler, group)
    assert [(a.state, a.loss, a.images) for a in sampler.asked.values()] == [(PRUNED, 0.2, 60), (FINISHED, 0.2, 100)]


def test_without_optuna_tpe_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "from ganvas.search.samplers import make_sampler; from ganvas.search.space import Space\n"
        "space = Space.of({'batch': [16, 32]})\n"
        "assert len(make_sampler('random', space).ask(2)) == 2\n"
        "make_sampler('tpe', space)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "MissingExtra" in ran.stderr
    assert "pip install 'ganvas[search]'" in ran.stderr


def test_an_unknown_sampler_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match="no sampler called 'gird'. Did you mean grid"):
        make_sampler("gird", Space.of(FINITE))
