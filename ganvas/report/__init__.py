"""Reporting: pages that open anywhere, `write_report(run_folder)` of a run and `write_scorecard(run_folder)`."""

from __future__ import annotations

from ganvas.report.page import write_report
from ganvas.report.scorecard import write_scorecard

__all__ = ["write_report", "write_scorecard"]
