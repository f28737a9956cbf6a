"""Reporting: pages that open anywhere, `write_report(run_folder)` and `write_scorecard(run_folder)` of a run,
`write_set_page(set_folder)` of a set, `write_search_page(record)` of a search; `write_score_gif(run_folder)`, a run's
pictures beside its score; `write_credits(studio, name)`, whom a set's pictures are owed to.
"""

from __future__ import annotations

from ganvas.report.credits import Credits, credits_of, write_credits
from ganvas.report.page import write_report
from ganvas.report.picture_set import write_set_page
from ganvas.report.score_gif import write_score_gif
from ganvas.report.scorecard import write_scorecard
from ganvas.report.trials.page import write_search_page
from ganvas.report.trials.record import SearchRecord, TrialRecord

__all__ = [
    "Credits",
    "SearchRecord",
    "TrialRecord",
    "credits_of",
    "write_credits",
    "write_report",
    "write_score_gif",
    "write_scorecard",
    "write_search_page",
    "write_set_page",
]
