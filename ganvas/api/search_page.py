"""What a search's page is given: its trials as plain values, and pages of the best runs to link to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.counted import counted
from ganvas.errors import InputError
from ganvas.report import SearchRecord, TrialRecord, write_report, write_score_gif, write_search_page

if TYPE_CHECKING:
    from ganvas.api.searching import Searched
    from ganvas.search.trial import Trial

GIF_BYTES = 3_000_000  # the best run's animation lies in the page
NEWER = ("ticks.jsonl", "scores.json", "state.json")


def search_page(searched: Searched, pages: int) -> Path:
    """Write the page of a search, then those of its best runs whose files are newer than theirs; it links to them.

    Stopped in between, the search's page is whole, and links to those that were written.
    """
    record = search_record(searched)
    page = write_search_page(record)
    drawn = [trial for trial in record.trials if trial.sheet is not None][:pages]
    if drawn:
        searched.studio.progress.note(f"{page} is written; the pages of its best runs follow (--pages 0: none)")
        try:
            _write_run_pages(searched, drawn, record.bests)
        finally:
            write_search_page(record)
    return page


def search_record(searched: Searched) -> SearchRecord:
    """All that the page tells, but for what it reads in the runs' folders."""
    from ganvas.search.importance import importance
    from ganvas.search.pruning import RUNGS

    asked, trials = searched.asked, searched.trials()
    score = str(asked.get("score") or "kid")
    found = importance(trials, score) or []
    return SearchRecord(
        name=searched.name,
        folder=searched.files.path,
        asked=asked,
        trials=_records(searched, trials, score),
        score=score,
        importance={one.name: one.share for one in found},
        rungs=RUNGS if asked.get("prune") else (),
        why=_why(asked, sum(bool(trial.removed) for trial in trials)),
    )


def _records(searched: Searched, trials: Sequence[Trial], score: str) -> list[TrialRecord]:
    """Those of ranked points first; of a point with several seeds the best trial first."""
    from ganvas.search.table import results

    runs = searched.studio.folder.runs
    by_run = {trial.run: trial for trial in trials}
    records = []
    for row in results(trials, score).rows:
        own = [by_run[run] for run in row["runs"]]
        for trial in sorted(own, key=lambda trial: trial.run != row["run"]):
            records.append(
                TrialRecord(
                    number=trial.number,
                    group=trial.group,
                    run=trial.run,
                    folder=runs / trial.run,
                    state=trial.state,
                    point=trial.point,
                    seed=trial.seed,
                    reason=trial.reason,
                    scores=trial.scores,
                    light=trial.light,
                    images=trial.images,
                    seconds=trial.seconds,
                    worker=trial.worker,
                    rank=row["rank"] if trial.state == "finished" else None,
                    mean=row[f"mean_{score}"],
                    sd=row[f"std_{score}"],
                )
            )
    return records


def _why(asked: dict[str, Any], removed: int) -> list[str]:
    engine = asked.get("engine")
    said = []
    if isinstance(engine, dict) and engine.get("reason"):
        threads, room = engine.get("threads"), engine.get("room")
        each = f", {counted(threads, 'thread')} each" if threads else ""
        many = "as many as there is room for" + (f" ({room} when it began)" if room else "")
        said.append(f"{engine.get('jobs') or many} at a time{each}: {engine['reason']}")
    if removed:
        said.append(
            f"the checkpoints of {counted(removed, 'trial')} were removed to save room; metrics and sheets stay"
        )
    return said


def _write_run_pages(searched: Searched, trials: Sequence[TrialRecord], bests: Sequence[TrialRecord]) -> None:
    """The graphs of the best first: the search's page shows them."""
    stale = [trial for trial in trials if _is_stale(trial.folder)]
    with searched.studio.progress.task("pages of the best runs", len(bests) + len(stale)) as bar:
        for best in bests:
            _write_graph(searched, best)
            bar.advance()
        for trial in stale:
            try:
                write_report(trial.folder)
            except InputError as error:
                searched.studio.progress.note(f"{trial.run} has no page: {error}")
            bar.advance()


def _write_graph(searched: Searched, best: TrialRecord) -> None:
    judged = len(best.ticks)
    if judged >= 2:
        write_score_gif(best.folder, max_bytes=GIF_BYTES)
    elif best.sheet is not None:
        ticks = f"{judged} of its ticks {'was' if judged == 1 else 'were'} judged"
        searched.studio.progress.note(f"{best.run} has no graph of its score, which needs two judgements: {ticks}")


def _is_stale(run: Path) -> bool:
    page = run / "report.html"
    if not page.exists():
        return True
    newest = max((path.stat().st_mtime for name in NEWER if (path := run / name).exists()), default=0.0)
    return newest > page.stat().st_mtime
