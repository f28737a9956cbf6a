"""Walks lead through the pictures that were drawn, loops close, and a grid tells one latent everything."""

from __future__ import annotations

import numpy as np
import pytest

from ganvas.errors import InputError
from ganvas.studio import StudioFolder
from ganvas.train import draw, train
from ganvas.train.draw import Keys
from ganvas.train.run_folder import RunFolder
from ganvas.train.walk import along, grid, loop, slerp, walk

SHORT = {"budget": "64-images", "ticks": 1}


@pytest.fixture
def run(studio: StudioFolder, tiny: dict) -> RunFolder:
    return train(studio, "halves", {**tiny, **SHORT, "condition": "label"})


@pytest.fixture
def untold(studio: StudioFolder, tiny: dict) -> RunFolder:
    return train(studio, "halves", {**tiny, **SHORT, "condition": "none"})


def test_slerp_stays_on_the_shell_and_goes_the_same_angle_each_step() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 1, 512)).astype(np.float32)
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    shares = np.linspace(0, 1, 9)[:, None]
    way = slerp(a.repeat(9, axis=0), b.repeat(9, axis=0), shares)
    assert np.array_equal(way[0], a[0])
    assert np.allclose(way[-1], b[0], atol=1e-6)
    assert np.allclose(np.linalg.norm(way, axis=1), 1, atol=1e-6)
    angles = np.arccos((way[:-1] * way[1:]).sum(axis=1))
    assert np.allclose(angles, angles[0], atol=1e-3)


@pytest.mark.parametrize(
    ("a", "b", "half_way"), [([2, 0], [4, 0], [3, 0]), ([1, 0], [-3, 0], [-1, 0]), ([0, 0], [0, 2], [0, 1])]
)
def test_where_the_sphere_names_no_path_the_way_is_straight(a: list, b: list, half_way: list) -> None:
    middle = slerp(np.array([a], np.float32), np.array([b], np.float32), np.array([[0.5]]))
    assert np.allclose(middle, [half_way])


def test_a_tour_passes_every_key_and_returns_to_the_first_telling_mixtures_between() -> None:
    latents = np.random.default_rng(0).standard_normal((3, 8)).astype(np.float32)
    keys = Keys(latents, np.eye(3, dtype=np.float32), None)
    at, told = along(keys, np.array([0, 1, 2, 3, 1.25, 2.5]))
    assert np.array_equal(at[:4], latents[[0, 1, 2, 0]])
    assert np.allclose(told[4:], [[0, 0.75, 0.25], [0.5, 0, 0.5]])


def test_a_walk_goes_from_one_drawn_picture_to_the_next(run: RunFolder) -> None:
    keys = draw(run, 5, seed=3)
    way = walk(run, 5, steps=4, seed=3)
    rows = way.pictures.reshape(4, 5, *way.pictures.shape[1:])
    assert way.columns == 5
    assert np.array_equal(rows[:, 0], keys.pictures[:4])
    assert np.array_equal(rows[:, -1], keys.pictures[1:])
    assert [way.labels[place] for place in (0, 5, 10, 15, 19)] == keys.labels
    longest = np.abs(rows[:, 0].astype(float) - rows[:, -1]).mean()
    assert np.abs(np.diff(rows.astype(float), axis=1)).mean() < longest


def test_the_rows_of_a_walk_are_named_where_labels_differ(run: RunFolder) -> None:
    both = walk(run, 3, steps=1, label=["light above", "light below"])
    assert both.rows == ["light above → light below", "light below → light above"]
    assert walk(run, 3, steps=1, label="light below").rows is None


@pytest.mark.parametrize(("n", "walks", "frames"), [(2, 1, 6), (7, 1, 21), (8, 2, 12), (11, 2, 18)])
def test_loops_begin_with_what_is_drawn_first_and_close_without_a_seam(
    run: RunFolder, n: int, walks: int, frames: int
) -> None:
    round_trip = loop(run, n, steps=3, seed=1)
    shown = round_trip.pictures.reshape(frames, walks, *round_trip.pictures.shape[1:])
    assert round_trip.columns == walks
    assert np.array_equal(shown[0], draw(run, walks, seed=1).pictures)
    moves = np.abs(np.diff(np.concatenate([shown, shown[:1]]).astype(float), axis=0)).mean(axis=(1, 2, 3, 4))
    assert moves[-1] <= moves[:-1].max()


def test_a_grid_tells_every_label_the_same_latents(run: RunFolder) -> None:
    whole = grid(run, 6, seed=2)
    assert (whole.columns, whole.rows) == (6, ["light above", "light below"])
    for row, label in enumerate(whole.rows):
        assert np.array_equal(whole.pictures[6 * row : 6 * row + 6], draw(run, 6, seed=2, label=label).pictures)
    assert whole.labels == ["light above"] * 6 + ["light below"] * 6
    one = grid(run, 6, seed=2, label="light below")
    assert one.rows == ["light below"]
    assert np.array_equal(one.pictures, whole.pictures[6:])


def test_several_labels_are_told_in_turn(run: RunFolder) -> None:
    both = draw(run, 5, label=["light below", "light above"])
    assert both.labels == ["light below", "light above"] * 2 + ["light below"]
    assert np.array_equal(both.pictures[::2], draw(run, 5, label="light below").pictures[::2])
    assert np.array_equal(both.pictures[1::2], draw(run, 5, label="light above").pictures[1::2])


def test_truncation_brings_pictures_together(run: RunFolder) -> None:
    spread = [draw(run, 30, label="light above", truncation=psi).pictures.std(axis=0).mean() for psi in (0, 0.5, 1)]
    assert spread[0] == 0
    assert spread[0] < spread[1] < spread[2]


def test_a_run_told_nothing_walks_but_has_no_grid(untold: RunFolder) -> None:
    assert walk(untold, 3, steps=2).pictures.shape == (6, 1, 20, 16)
    assert loop(untold, 9, steps=2).pictures.shape == (2 * 5 * 2, 1, 20, 16)
    assert walk(untold, 3, steps=2).labels is None
    with pytest.raises(InputError, match="a grid has no rows"):
        grid(untold)
    with pytest.raises(InputError, match="neither labels nor words"):
        draw(untold, 2, word="light")


def test_what_cannot_be_drawn_is_said(run: RunFolder) -> None:
    with pytest.raises(InputError, match="--label or --word, not both"):
        draw(run, 2, label="light above", word="light")
    with pytest.raises(InputError, match="Did you mean light above"):
        grid(run, 2, label=["light below", "light abov"])
    for truncation in (-0.1, 2.1, float("nan")):
        with pytest.raises(InputError, match="outside 0 … 2"):
            draw(run, 2, truncation=truncation)
    for seed in (-1, 2**63):
        with pytest.raises(InputError, match="is no seed"):
            draw(run, 2, seed=seed)
    with pytest.raises(InputError, match="2 or more"):
        walk(run, 1)
    for steps in (0, 101):
        with pytest.raises(InputError, match="take 1 to 100"):
            loop(run, 4, steps=steps)
    with pytest.raises(InputError, match="there is best, last"):
        walk(run, 3, checkpoint="first")
