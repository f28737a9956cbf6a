"""Judging: how good generated pictures are, and how new, each number beside its real-against-real baseline."""

from __future__ import annotations

from ganvas.judge.comparison import pictures_to_draw
from ganvas.judge.judging import judge_pictures, judge_run
from ganvas.judge.novelty import nearest_real, nearest_sheet
from ganvas.judge.scorecard import Resemblance, Score, Scorecard, score_features

__all__ = [
    "Resemblance",
    "Score",
    "Scorecard",
    "judge_pictures",
    "judge_run",
    "nearest_real",
    "nearest_sheet",
    "pictures_to_draw",
    "score_features",
]
