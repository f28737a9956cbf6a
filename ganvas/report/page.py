"""The page of a run: `write_report(run_folder)` makes report.html, one file that opens anywhere, also offline.

It reads the run's folder and nothing else; what is missing there is left out with a line that says so.
"""

from __future__ import annotations

from pathlib import Path

from ganvas.pictures.animate import progress_gif
from ganvas.report import words
from ganvas.report.frames import frames
from ganvas.report.inline import Inline, inline_file
from ganvas.report.plots import score_plots, training_plots
from ganvas.report.record import Json, RunRecord, number, read_record
from ganvas.report.scores import novelty_facts, score_facts, score_rows, texts
from ganvas.report.templates import render
from ganvas.whole import write_whole

REPORT_FILE = "report.html"
GIF_FILE = "progress.gif"
GIF_BYTES = 3_000_000  # inline it grows by a third; the page is to stay light enough to send


def write_report(run_folder: Path, *, out: Path | None = None) -> Path:
    """Write the run's page (report.html in its folder, or `out`) and progress.gif, and return the page's path.

    Raises InputError for a folder that is no run, or a place that cannot be written.
    """
    record = read_record(Path(run_folder))
    return write_whole(out or record.folder / REPORT_FILE, render("run.html", **_facts(record)).encode())


def _facts(record: RunRecord) -> Json:
    word, sentence = words.state(record)
    return {
        "title": record.name,
        "pictures": words.pictures(record.pictures),
        "state": word,
        "state_sentence": sentence,
        "tiles": _tiles(record),
        "newest": _newest_sheet(record),
        "samples": inline_file(record.optional("samples.png"), "Generated pictures, more of them."),
        **score_facts(record),
        **novelty_facts(record),
        "animation": _animation(record),
        "training_plots": training_plots(record),
        "score_plots": score_plots(record),
        "choices": [
            {key: words.plain(choice.get(key)) for key in ("name", "value", "reason")} for choice in record.choices
        ],
        "settings": words.flat(record.settings),
        "machine": words.flat(record.machine) + words.flat(record.versions),
        "credits": texts(record.pictures.get("credits")),
    }


def _tiles(record: RunRecord) -> list[tuple[str, str, str]]:
    """(label, value, small print) of the figures a reader looks for first."""
    last = {
        **(record.ticks[-1] if record.ticks else {}),
        **(record.metrics[-1] if record.metrics else {}),
        **record.state,
    }
    images, seconds, total = (number(last, key) for key in ("images", "seconds", "total_seconds"))
    epoch = number(last, "epoch")
    tiles = []
    if images is not None:
        tiles.append(("images seen", f"{images:,.0f}", f"{epoch:,.1f} epochs" if epoch is not None else ""))
    if seconds is not None:
        in_all = (
            f"{words.duration(total)} in all with sheets, judging and saving"
            if total is not None
            else "training steps only"
        )
        tiles.append(("training time", words.duration(seconds), in_all))
    if images and seconds:
        tiles.append(("rate", f"{images / seconds:,.0f}", "images a second"))
    rows = {row["name"]: row for row in score_rows(record)}
    for name in ("kid", "coverage"):
        if name in rows:
            row = rows[name]
            tiles.append(
                (
                    row["label"],
                    row["shown"].partition(" ±")[0],
                    f"real against real {row['baseline_shown'].partition(' ±')[0]}",
                )
            )
    return tiles


def _newest_sheet(record: RunRecord) -> tuple[Inline, str] | None:
    """The newest sheet that can be read, and when it was drawn."""
    ticks = {int(tick): entry for entry in record.ticks if (tick := number(entry, "tick")) is not None}
    for tick, path in reversed(record.sheets.items()):
        moment = words.when(ticks.get(tick, {})) or f"tick {tick}"
        if sheet := inline_file(path, f"A sheet of generated pictures at {moment}."):
            return sheet, moment
    return None


def _animation(record: RunRecord) -> Inline | None:
    shown = [(picture, words.on_frame(record, tick)) for picture, tick in frames(record)]
    if len(shown) < 2:
        return None
    path = progress_gif(record.folder / GIF_FILE, shown, max_bytes=GIF_BYTES)
    return inline_file(
        path, f"Animation: the same {len(shown)} sheets one after another, from noise to the newest pictures."
    )
