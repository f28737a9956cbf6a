"""Judging: how good generated pictures are, and how new, each number beside its real-against-real baseline."""

from __future__ import annotations

from ganvas.judge.comparison import pictures_to_draw
from ganvas.judge.copies import Copies, find_copies
from ganvas.judge.folder import read_folder
from ganvas.judge.judging import Drawn, judge_by_substitute, judge_pictures, judge_run, suspicious_sheet
from ganvas.judge.novelty import Comparison, compare_with_training, nearest_sheet
from ganvas.judge.ranking import Ranking
from ganvas.judge.scorecard import LabelScores, Novelty, Resemblance, Score, Scorecard, score_features

__all__ = [
    "Comparison",
    "Copies",
    "Drawn",
    "LabelScores",
    "Novelty",
    "Ranking",
    "Resemblance",
    "Score",
    "Scorecard",
    "compare_with_training",
    "find_copies",
    "judge_by_substitute",
    "judge_pictures",
    "judge_run",
    "nearest_sheet",
    "pictures_to_draw",
    "read_folder",
    "score_features",
    "suspicious_sheet",
]
