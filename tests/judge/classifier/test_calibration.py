"""Probabilities that are surer than they are right are cooled; the answers stay."""

from __future__ import annotations

import numpy as np
import pytest

from ganvas.judge.classifier.calibration import cross_entropy, expected_calibration_error, softmax, temperature
from ganvas.judge.classifier.marks import confusion, marks_of


def overconfident(count: int, times: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits of 4 labels that are honest when divided by `times`: labels are drawn from those probabilities."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(0, 1.5, (count, 4)).astype(np.float32)
    labels = np.array([rng.choice(4, p=row / row.sum()) for row in softmax(honest).astype(np.float64)])
    return honest * np.float32(times), labels


def test_few_pictures_of_honest_logits_give_no_reason_for_a_temperature() -> None:
    found = []
    for seed in range(20):
        found.append(temperature(*overconfident(60, 1.0, seed)))
    assert found.count(1.0) >= 10
    assert 0.5 < min(found) <= max(found) < 2


@pytest.mark.parametrize("times", [0.5, 3.0])
def test_the_temperature_undoes_what_made_the_logits_dishonest(times: float) -> None:
    logits, labels = overconfident(6000, times)
    found = temperature(logits, labels)
    assert found == pytest.approx(times, rel=0.08)
    other, truth = overconfident(6000, times, seed=1)
    before, after = (expected_calibration_error(softmax(each), truth) for each in (other, other / found))
    assert before > 0.08
    assert after < before / 3
    assert cross_entropy(other / found, truth) < cross_entropy(other, truth)


def test_few_right_answers_are_no_reason_to_be_certain() -> None:
    labels = np.arange(18) % 3
    logits = (4 * np.eye(3)[labels]).astype(np.float32)
    assert softmax(logits / temperature(logits, labels)).max() == pytest.approx(19 / 20, abs=0.005)


def test_the_calibration_error_is_the_gap_between_sure_and_right() -> None:
    probabilities = np.tile(np.array([[0.9, 0.1]], np.float32), (10, 1))
    half = np.array([0, 1] * 5)
    assert expected_calibration_error(probabilities, half) == pytest.approx(0.4)
    nine = np.array([0] * 9 + [1])
    assert expected_calibration_error(probabilities, nine) == pytest.approx(0, abs=1e-6)


def test_softmax_of_huge_logits_stays_a_number() -> None:
    assert softmax(np.array([[1e4, 0, -1e4]], np.float32)).tolist() == [[1, 0, 0]]


def test_marks_count_what_was_taken_for_what() -> None:
    truth = np.array([0, 0, 0, 1, 1, 3])
    answers = np.array([0, 0, 1, 1, 2, 0])
    logits = np.full((6, 5), -5, np.float32)
    logits[np.arange(6), answers] = 5
    logits[5, [0, 1, 2, 3]] = [9, 8, 7, 6]  # the true label is the fourth answer
    marks = marks_of(logits, truth, tuple("abcde"), temperature=2.0, against="held-out pictures")
    assert confusion(answers, truth, 5)[0].tolist() == [2, 1, 0, 0, 0]
    assert marks.confusion[1] == (0, 1, 1, 0, 0)
    assert (marks.n, marks.accuracy, marks.baseline) == (6, 0.5, 0.5)
    assert marks.by_label == {"a": pytest.approx(2 / 3), "b": 0.5, "c": None, "d": 0.0, "e": None}
    assert marks.rows()[0] == ["a", "3", "66.7%", "b (33.3%)"]
    assert marks.rows()[2] == ["c", "0", "–", "–"]
    assert "50.00% ± 20.41% of 6 held-out pictures right" in marks.headline
    assert marks.to_json()["accuracy"] == 0.5


def test_the_first_three_answers_are_counted_exactly() -> None:
    logits = np.array([[4, 3, 2, 1], [1, 2, 3, 4], [4, 3, 2, 1]], np.float32)
    assert marks_of(logits, np.array([2, 0, 3]), tuple("abcd")).top3 == pytest.approx(1 / 3)
