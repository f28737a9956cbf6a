"""Reporting: one page of a run that opens anywhere, `write_report(run_folder)`."""

from __future__ import annotations

from ganvas.report.page import write_report

__all__ = ["write_report"]
