"""What every score must do whatever its formula: invariances, copies, few pictures, little memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from ganvas.scores import neighbours
from ganvas.scores.frechet import frechet_distance
from ganvas.scores.kid import kid, squared_mmd
from ganvas.scores.manifold import ManifoldScores, manifold_scores
from ganvas.scores.neighbours import kth_neighbour_distances, nearest, squared_distances
from ganvas.scores.novelty import authenticity, nearer_to_trained


def normal(count: int, seed: int, width: int = 32, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(count, width)) + shift).astype(np.float32)


@pytest.mark.parametrize("count", [20, 50, 500])
def test_a_set_against_itself_is_perfect(count: int) -> None:
    real = normal(count, 1)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-6)
    scores = manifold_scores(real, real)
    assert (scores.precision, scores.recall, scores.coverage) == (1, 1, 1)
    assert authenticity(real, real) == 0


@pytest.mark.parametrize("count", [20, 50, 500])
def test_two_draws_of_the_same_are_near_and_a_shifted_one_is_far(count: int) -> None:
    real, same, far = normal(count, 1), normal(count, 2), normal(count, 3, shift=3)
    assert squared_mmd(real, far) > 50 * abs(squared_mmd(real, same))
    assert frechet_distance(real, far) > 2 * frechet_distance(real, same)
    assert manifold_scores(real, far) == ManifoldScores(0, 0, 0, 0)
    assert manifold_scores(real, same).coverage > 0.5


def test_kid_of_the_same_is_centred_on_nought() -> None:
    values = [kid(normal(50, i), normal(50, 1000 + i), subsets=1).mean for i in range(200)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))


def test_order_does_not_matter_and_seeds_repeat() -> None:
    real, fake = normal(200, 1), normal(120, 2, shift=0.3)
    turned = real[::-1], fake[::-1]
    assert squared_mmd(*turned) == pytest.approx(squared_mmd(real, fake), rel=1e-5)
    assert frechet_distance(*turned) == pytest.approx(frechet_distance(real, fake))
    assert manifold_scores(*turned) == manifold_scores(real, fake)
    assert authenticity(*turned) == authenticity(real, fake)
    assert kid(real, fake, seed=3) == kid(real, fake, seed=3)


def squared_mmd_by_definition(real: np.ndarray, fake: np.ndarray) -> float:
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    within = [(side @ side.T / side.shape[1] + 1) ** 3 for side in (real, fake)]
    unbiased = [(kernel.sum() - np.trace(kernel)) / (len(kernel) * (len(kernel) - 1)) for kernel in within]
    return float(sum(unbiased) - 2 * np.mean((real @ fake.T / real.shape[1] + 1) ** 3))


@pytest.mark.parametrize("subsets", [3, 100], ids=["few pairs of pictures meet in a subset", "most do"])
def test_kid_is_the_mean_of_what_its_subsets_give_by_definition(subsets: int) -> None:
    real, fake = normal(200, 1), normal(150, 2, shift=0.2)
    rng = np.random.default_rng(0)
    drawn = [[side[rng.choice(len(side), 50, replace=False)] for side in (real, fake)] for _ in range(subsets)]
    expected = [squared_mmd_by_definition(*pair) for pair in drawn]
    found = kid(real, fake, subsets=subsets, subset_size=50)
    assert found.mean == pytest.approx(np.mean(expected), abs=1e-6)
    assert found.sd == pytest.approx(np.std(expected), abs=1e-6)


def test_neighbourhoods_do_not_change_when_everything_is_moved_or_enlarged() -> None:
    real, fake = normal(200, 1), normal(150, 2, shift=0.5)
    found = manifold_scores(real, fake)
    assert manifold_scores(real * 8, fake * 8) == found
    assert manifold_scores(real + 100, fake + 100) == found
    assert authenticity(real + 100, fake + 100) == authenticity(real, fake)
    assert frechet_distance(real + 100, fake + 100) == pytest.approx(frechet_distance(real, fake), rel=1e-3)


def test_frechet_distance_is_symmetric_and_lives_with_fewer_pictures_than_features() -> None:
    real, fake = normal(20, 1, width=64), normal(30, 2, width=64)
    assert frechet_distance(real, fake) == pytest.approx(frechet_distance(fake, real))
    assert np.isfinite(frechet_distance(real, fake))


def test_a_collapsed_generator_has_no_recall_and_hardly_any_coverage() -> None:
    real = normal(300, 1)
    collapsed = np.repeat(real[:1], 300, axis=0)
    scores = manifold_scores(real, collapsed)
    assert scores.precision == 1
    assert scores.recall <= 1 / 300
    assert scores.coverage < 0.2


def test_copies_in_a_set_are_exactly_nought_apart() -> None:
    real = normal(100, 1, width=1280) + 40
    doubled = np.concatenate([real, real[:30]])
    distances = np.concatenate([block for _, block in squared_distances(doubled, doubled)])
    assert (distances[np.arange(30), np.arange(100, 130)] == 0).all()
    assert (np.diag(distances) == 0).all()
    radii = kth_neighbour_distances(doubled, 1)
    assert (radii[:30] == 0).all()
    assert (radii[30:100] > 0).all()


def test_a_copy_of_a_picture_the_set_holds_many_times_is_within_it() -> None:
    blank = np.full((10, 64), 3.7, np.float32)
    real = np.concatenate([normal(60, 1, width=64), blank])
    scores = manifold_scores(real, blank)
    assert scores.precision == 1
    assert scores.coverage >= 10 / 70


def test_blocks_give_what_one_piece_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake = normal(157, 1), normal(83, 2, shift=0.3)
    whole = (manifold_scores(real, fake), squared_mmd(real, fake), nearest(fake, real, 3), authenticity(real, fake))
    monkeypatch.setattr(neighbours, "BLOCK_BYTES", 3000)
    assert max(len(block) for _, block in squared_distances(real, fake)) == 9
    pieces = (manifold_scores(real, fake), squared_mmd(real, fake), nearest(fake, real, 3), authenticity(real, fake))
    assert pieces[0] == whole[0]
    assert pieces[1] == pytest.approx(whole[1], rel=1e-5)
    assert np.array_equal(pieces[2][0], whole[2][0])
    assert pieces[3] == whole[3]


def test_no_matrix_of_all_pairs_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake = normal(3000, 1, width=8), normal(3000, 2, width=8)
    monkeypatch.setattr(neighbours, "BLOCK_BYTES", 1 << 18)
    tracemalloc.start()
    try:
        manifold_scores(real, fake)
        squared_mmd(real, fake)
        nearest(fake, real, 2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3000 * 3000 * 4 / 10


def test_nearest_gives_all_there_are_when_fewer_than_asked_for() -> None:
    indices, distances = nearest(normal(5, 1), normal(2, 2), 3)
    assert indices.shape == distances.shape == (5, 2)
    assert (np.diff(distances, axis=1) >= 0).all()


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="four pictures"):
        kid(normal(3, 1), normal(50, 2))
    with pytest.raises(ValueError, match="5 features have no 5-th neighbour"):
        manifold_scores(normal(5, 1), normal(50, 2))
    with pytest.raises(ValueError, match="2 real pictures"):
        authenticity(normal(1, 1), normal(50, 2))


def test_scores_import_neither_torch_nor_scipy() -> None:
    modules = "ganvas.scores.frechet, ganvas.scores.kid, ganvas.scores.manifold, ganvas.scores.novelty"
    code = f"import sys, {modules}; print({{'torch', 'scipy', 'sklearn'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_new_pictures_lie_as_near_to_held_out_as_to_trained_ones_and_the_sd_is_honest() -> None:
    found = [nearer_to_trained(normal(200, 3 * i), normal(200, 3 * i + 1), normal(300, 3 * i + 2)) for i in range(60)]
    shares = np.array([one.share for one in found])
    assert abs(shares.mean() - 0.5) < 0.02
    assert np.mean([one.sd for one in found]) == pytest.approx(shares.std(), rel=0.35)
    assert np.mean([one.p < 0.05 for one in found]) < 0.15


def test_pictures_that_lean_on_those_trained_on_are_told() -> None:
    trained, held_out = normal(200, 1), normal(200, 2)
    leaning = trained[:150] + normal(150, 3) * 0.5
    found = nearer_to_trained(trained, held_out, leaning)
    assert found.share > 0.9
    assert found.p < 1e-6
    assert nearer_to_trained(held_out, trained, leaning).p > 0.99
    few = nearer_to_trained(trained, held_out[:50], leaning)
    assert few.expected == 0.8
    assert few.share > 0.95
    assert few.p < 1e-3
    with pytest.raises(ValueError, match="held out and generated are needed"):
        nearer_to_trained(trained, held_out[:0], leaning)


def test_fakes_that_are_all_one_picture_prove_nothing() -> None:
    """All fall on one real picture: by chance a trained one in half of the cases, however many fakes there are."""
    trained, held_out = normal(200, 1), normal(200, 2)
    assert nearer_to_trained(trained, held_out, np.repeat(trained[:1], 500, axis=0)).p > 0.1
