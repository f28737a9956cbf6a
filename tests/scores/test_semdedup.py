from __future__ import annotations

import numpy as np
import pytest

from ganvas.scores import semdedup
from ganvas.scores.semdedup import near_in_clusters


def made_up(count: int = 500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(count, 16)).astype(np.float32)
    features[1::3] = features[:-1:3][: len(features[1::3])] + rng.normal(0, 0.1, (len(features[1::3]), 16))
    return features, rng.integers(-1, 5, count) // 2 * 7


@pytest.mark.parametrize("threshold", [0.2, 0.9, 0.99])
@pytest.mark.parametrize("block", [13, 4096])
def test_pairs_are_those_of_comparing_all_with_all(
    threshold: float, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semdedup, "BLOCK", block)
    features, clusters = made_up()
    lengths = np.linalg.norm(features, axis=1)
    cosines = features @ features.T / np.outer(lengths, lengths)
    near = (cosines >= threshold) & (clusters[:, None] == clusters) & (clusters >= 0)
    expected = np.argwhere(np.triu(near, 1))
    assert len(expected) > 5
    np.testing.assert_array_equal(near_in_clusters(features, clusters, threshold), expected)


def test_features_of_nothing_and_no_features_are_like_no_other() -> None:
    assert len(near_in_clusters(np.zeros((3, 4), np.float32), np.zeros(3, int), 0.5)) == 0
    assert near_in_clusters(np.zeros((0, 4), np.float32), np.zeros(0, int), 0.5).shape == (0, 2)


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01])
def test_a_threshold_that_cannot_be_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="above 0, at most 1"):
        near_in_clusters(*made_up(), threshold)


def test_more_pairs_than_anyone_can_use_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semdedup, "MOST_PAIRS", 1000)
    with pytest.raises(ValueError, match="ask for more"):
        near_in_clusters(np.ones((100, 4), np.float32), np.zeros(100, int), 0.9)
