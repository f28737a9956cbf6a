"""Reporting: pages that open anywhere, `write_report(run_folder)` and `write_scorecard(run_folder)` of a run,
`write_set_page(set_folder)` of a set; `write_credits(studio, name)`, whom its pictures are owed to.
"""

from __future__ import annotations

from ganvas.report.credits import Credits, write_credits
from ganvas.report.page import write_report
from ganvas.report.picture_set import write_set_page
from ganvas.report.scorecard import write_scorecard

__all__ = ["Credits", "write_credits", "write_report", "write_scorecard", "write_set_page"]
