"""Every score against its formula, written anew with scipy and scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors

from benchmarks.reference import features as shared
from ganvas.scores.frechet import frechet_distance
from ganvas.scores.kid import kid, squared_mmd
from ganvas.scores.manifold import manifold_scores
from ganvas.scores.neighbours import nearest
from ganvas.scores.novelty import authenticity, authenticity_of_reals

SIZES = [(20, 20), (50, 50), (50, 300), (400, 60), (700, 700)]


def features(count: int, seed: int, width: int = 24, shift: float = 0.0, spread: float = 1.0) -> np.ndarray:
    """Correlated and not negative, like pooled activations."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(width, width))
    return np.maximum(spread * rng.normal(size=(count, width)) @ mixing / 3 + 1 + shift, 0).astype(np.float32)


def reference_mmd(real: np.ndarray, fake: np.ndarray) -> float:
    exact_real, exact_fake = real.astype(np.float64), fake.astype(np.float64)
    rr = polynomial_kernel(exact_real, degree=3, coef0=1)
    ff = polynomial_kernel(exact_fake, degree=3, coef0=1)
    n, m = len(real), len(fake)
    within = (rr.sum() - np.trace(rr)) / (n * (n - 1)) + (ff.sum() - np.trace(ff)) / (m * (m - 1))
    return within - 2 * polynomial_kernel(exact_real, exact_fake, degree=3, coef0=1).mean()


def reference_fd(real: np.ndarray, fake: np.ndarray) -> float:
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    cov_real, cov_fake = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = scipy.linalg.sqrtm(cov_real @ cov_fake)
    return float(((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(cov_real + cov_fake - 2 * np.real(root)))


def reference_prdc(real: np.ndarray, fake: np.ndarray, k: int) -> tuple[float, float, float, float]:
    def radii(x: np.ndarray) -> np.ndarray:
        return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x).kneighbors()[0][:, -1]

    real, fake = real.astype(np.float64), fake.astype(np.float64)
    apart = np.sqrt(((real[:, None] - fake[None]) ** 2).sum(-1))
    in_real, in_fake = apart <= radii(real)[:, None], apart <= radii(fake)[None]
    return in_real.any(0).mean(), in_fake.any(1).mean(), in_real.sum(0).mean() / k, in_real.any(1).mean()


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_squared_mmd_agrees_with_scikit_learns_kernel(n: int, m: int) -> None:
    real, fake = features(n, 1), features(m, 2, shift=0.1)
    assert squared_mmd(real, fake) == pytest.approx(reference_mmd(real, fake), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_frechet_distance_agrees_with_scipys_matrix_root(n: int, m: int) -> None:
    real, fake = features(n, 1, width=12), features(m, 2, width=12, shift=0.2, spread=1.3)
    assert frechet_distance(real, fake) == pytest.approx(reference_fd(real, fake), rel=1e-6)


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_recall_density_coverage_agree_with_scikit_learns_neighbours(n: int, m: int, k: int) -> None:
    real, fake = features(n, 1), features(m, 2, shift=0.2, spread=0.8)
    found = manifold_scores(real, fake, k)
    wanted = reference_prdc(real, fake, k)
    assert (found.precision, found.recall, found.density, found.coverage) == pytest.approx(wanted, abs=1e-9)


def test_nearest_agrees_with_scikit_learn() -> None:
    queries, references = features(70, 1), features(300, 2)
    distances, indices = NearestNeighbors(n_neighbors=4).fit(references).kneighbors(queries)
    found_indices, found_distances = nearest(queries, references, 4)
    assert np.array_equal(found_indices, indices)
    assert np.allclose(found_distances, distances, rtol=1e-4)


def test_authenticity_agrees_with_its_definition() -> None:
    real = features(200, 1)
    copies = real[:40] + np.random.default_rng(3).normal(0, 0.01, (40, 24)).astype(np.float32)
    fake = np.concatenate([features(60, 2), copies])
    to_real = NearestNeighbors(n_neighbors=1).fit(real).kneighbors(fake)
    own = NearestNeighbors(n_neighbors=1).fit(real).kneighbors()[0][:, 0]
    wanted = (to_real[0][:, 0] > own[to_real[1][:, 0]]).mean()
    assert authenticity(real, fake) == pytest.approx(wanted)
    assert authenticity(real, copies) == 0


def test_kid_is_the_mean_over_drawn_subsets() -> None:
    real, fake = features(600, 1), features(500, 2, shift=0.1)
    found = kid(real, fake, subsets=30, subset_size=100, seed=5)
    rng = np.random.default_rng(5)
    values = [
        reference_mmd(real[rng.choice(600, 100, replace=False)], fake[rng.choice(500, 100, replace=False)])
        for _ in range(30)
    ]
    assert found.mean == pytest.approx(np.mean(values), rel=1e-3)
    assert found.sd == pytest.approx(np.std(values), rel=1e-3)


def test_kid_of_few_pictures_uses_them_all_and_still_knows_its_spread() -> None:
    real, fake = features(80, 1), features(80, 2, shift=0.3)
    found = kid(real, fake)
    assert found.mean == pytest.approx(reference_mmd(real, fake), rel=1e-4)
    # the sd foretold from one draw against the sd of truly new draws
    drawn = [reference_mmd(features(80, 100 + i), features(80, 500 + i, shift=0.3)) for i in range(60)]
    assert np.std(drawn) / 2 < found.sd < np.std(drawn) * 2


def test_the_reference_kernel_is_the_papers() -> None:
    x, y = features(3, 1), features(4, 2)
    assert np.allclose(polynomial_kernel(x, y, degree=3, coef0=1), (x @ y.T / 24 + 1) ** 3, rtol=1e-5)


def test_authenticity_of_reals_takes_each_out_of_the_others() -> None:
    real = np.concatenate([features(90, 1), features(90, 1)[:15]])
    chosen = np.array([0, 5, 14, 40, 80, 104])
    wanted = np.mean([authenticity(np.delete(real, i, axis=0), real[i : i + 1]) for i in chosen])
    assert authenticity_of_reals(real, chosen) == pytest.approx(wanted)


REFERENCE = json.loads((Path(__file__).parent / "reference.json").read_text())


@pytest.mark.parametrize("recorded", REFERENCE["cases"], ids=lambda recorded: str(recorded["case"]))
def test_scores_equal_those_of_the_packages_people_publish_with(recorded: dict[str, Any]) -> None:
    """torch-fidelity, clean-fid and prdc, on the same features: benchmarks/reference/make.py wrote what they said."""
    real_count, fake_count, width = recorded["case"]
    real, fake = shared.features(real_count, 1, width), shared.features(fake_count, 2, width, shift=0.1)
    whole = min(real_count, fake_count)
    for package in ("torch-fidelity", "clean-fid"):
        assert frechet_distance(real, fake) == pytest.approx(recorded[package]["fd"], rel=1e-4)
        assert squared_mmd(real[:whole], fake[:whole]) == pytest.approx(recorded[package]["kid"], rel=1e-4)
    found = manifold_scores(real, fake, k=5)
    for name, value in recorded["prdc"].items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-4)
