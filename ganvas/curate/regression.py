"""Telling two kinds of features apart: `learn(features, sides)`, a logistic regression. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.scores.neighbours import Features

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # C: how far the weights may grow
USUAL = 1e-2
FOLDS = 5
REPEATS, FEW = 2, 200  # up to FEW examples the folds are drawn so often
STEPS = 2000


@dataclass(frozen=True)
class Lesson:
    """A regression, and what cross-validation said of it: balanced accuracy, its spread over folds, None if too few."""

    model: Any
    strength: float
    accuracy: float | None
    spread: float | None
    folds: int

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """Of each feature [N, D] to be like the first side: float64 [N], for even odds, as the regression has it."""
        found: NDArray[np.float64] = self.model.predict_proba(features)[:, 1]
        return found


def learn(features: Features, like: NDArray[np.bool_], seed: int = 0) -> Lesson:
    """Learn from features [N, D], standardised, and which of them are `like` [N]; both kinds must be there.

    The strength is that of the lowest log loss in stratified folds, drawn by the seed. The accuracy is of the same
    folds: it did not choose the strength, but knows the pictures it was chosen by. Too few for folds, the usual one.
    """
    from threadpoolctl import threadpool_limits

    # on matrices this small, threads that wait for one another take four times as long
    with threadpool_limits(1 if len(like) <= FEW else None):
        return _learned(features, like, seed)


def _learned(features: Features, like: NDArray[np.bool_], seed: int) -> Lesson:
    folds = min(FOLDS, int(like.sum()), int((~like).sum()))
    if folds < 2:
        return Lesson(_model(USUAL).fit(features, like), USUAL, None, None, 0)
    tried = {strength: _judged(features, like, strength, folds, seed) for strength in STRENGTHS}
    strength = min(tried, key=lambda it: tried[it][0])
    _, accuracies = tried[strength]
    model = _model(strength).fit(features, like)
    return Lesson(model, strength, float(np.mean(accuracies)), float(np.std(accuracies)), folds)


def _judged(
    features: Features, like: NDArray[np.bool_], strength: float, folds: int, seed: int
) -> tuple[float, list[float]]:
    """Mean log loss, and the balanced accuracy of each fold."""
    from sklearn.metrics import balanced_accuracy_score, log_loss
    from sklearn.model_selection import RepeatedStratifiedKFold

    repeats = REPEATS if len(like) <= FEW else 1
    losses, accuracies = [], []
    for train, test in RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed).split(
        features, like
    ):
        said = _model(strength).fit(features[train], like[train]).predict_proba(features[test])[:, 1]
        losses.append(float(log_loss(like[test], said, labels=[False, True])))
        accuracies.append(float(balanced_accuracy_score(like[test], said >= 0.5)))
    return float(np.mean(losses)), accuracies


def _model(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # how many examples somebody has of either side says nothing of how many pictures there are: balanced
    regression = LogisticRegression(C=strength, max_iter=STEPS, class_weight="balanced")
    return make_pipeline(StandardScaler(), regression)
