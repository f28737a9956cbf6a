"""The page of a search: `write_search_page(record)` makes report.html in its folder, one file that opens anywhere.

Only links lead out of it: to the runs' own pages, sheets and animations, by paths relative to the studio.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ganvas.counted import counted
from ganvas.pictures.score_gif import STYLES
from ganvas.report import words
from ganvas.report.inline import Inline, inline_file
from ganvas.report.page import GIF_FILE, REPORT_FILE
from ganvas.report.score_gif import score_gif_file
from ganvas.report.templates import render
from ganvas.report.trials.colour import colour_of
from ganvas.report.trials.curves import curves_by_seconds, curves_by_share
from ganvas.report.trials.parallel import parallel
from ganvas.report.trials.record import SET, STATES, SearchRecord, TrialRecord, short, shown_score
from ganvas.report.trials.sheets import small_sheet
from ganvas.report.trials.space import axes_in_words
from ganvas.report.trials.table import Row, baselines_of, cells_of, columns_of
from ganvas.scores.shown import label_of
from ganvas.whole import write_whole

MOST_SHEETS = 100
MOST_CURVES = 300
ASKED = ("set", "sampler", "budget", "trials", "repeat", "seed", "score", "judge_n", "prune")


def write_search_page(search: SearchRecord) -> Path:
    """Write the search's page and return where it is. Raises InputError for a place that cannot be written."""
    script = files("ganvas.report").joinpath("pages", "search.js").read_text(encoding="utf-8")
    style = files("ganvas.report").joinpath("pages", "search.css").read_text(encoding="utf-8")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = render("search.html", **_facts(search), script=script, own_style=style, script_hash=allowed)
    return write_whole(search.folder / REPORT_FILE, page.encode())


def _facts(search: SearchRecord) -> dict[str, Any]:
    with_sheets = [trial for trial in search.trials if trial.sheet is not None]
    return {
        "title": search.name,
        "lead": _lead(search),
        "tiles": _tiles(search),
        "why": list(search.why),
        "bests": [_best(search, best) for best in search.bests],
        "set_count": len(search.sets),
        "columns": columns_of(search),
        "rows": [Row(trial, cells_of(search, trial), colour_of(search.goodness(trial))) for trial in search.trials],
        "links": {trial.number: _links(search, trial) for trial in search.trials},
        "baselines": [(one, row) for one in search.sets if any(row := baselines_of(search, one))],
        "score": label_of(search.score),
        "better": "lower" if search.lower_is_better else "higher",
        "meaning": words.meaning(search.score),
        "parallel": parallel(search),
        "importance": _importance(search),
        "by_share": curves_by_share(search, MOST_CURVES),
        "by_seconds": curves_by_seconds(search, MOST_CURVES),
        "most_curves": MOST_CURVES if len(search.trials) > MOST_CURVES else 0,
        "rungs": ", ".join(f"{rung:.0%}" for rung in search.rungs),
        "sheets": [_sheet(search, trial) for trial in with_sheets[:MOST_SHEETS]],
        "sheets_left_out": max(0, len(with_sheets) - MOST_SHEETS),
        "common": " · ".join(f"{name} {short(value)}" for name, value in search.common.items()),
        "space": axes_in_words(search.asked.get("space")),
        "asked": words.flat({name: search.asked[name] for name in ASKED if search.asked.get(name) is not None}),
        "credits": [],
        "scores": True,
    }


def _lead(search: SearchRecord) -> str:
    points = len({trial.group for trial in search.trials})
    seeds = f", each under {len(search.trials) // max(1, points)} seeds" if search.repeated else ""
    how = {"grid": " of a grid", "random": ", chosen at random,", "tpe": ", chosen by TPE,"}
    sampler = how.get(str(search.asked.get("sampler")), "")
    sets = [str(one if one is not None else search.asked.get("set")) for one in search.sets]
    where = f"the set {sets[0]}" if len(sets) == 1 else f"{len(sets)} sets, {', '.join(sets)}, each ranked by itself"
    said = f"{counted(points, 'point')}{sampler} of {counted(len(search.varied), 'setting')}{seeds}, on {where}"
    own = "budget" in search.varied
    budget = f", each trained for {search.asked['budget']}" if search.asked.get("budget") and not own else ""
    return f"{said}{budget}."


def _tiles(search: SearchRecord) -> list[tuple[str, str, str]]:
    states = Counter(trial.state for trial in search.trials)
    others = ", ".join(f"{states[state]:,} {state}" for state in STATES[1:] if states[state])
    tiles = [("trials finished", f"{states['finished']:,}", others or "all of them")]
    tiles += [_best_tile(search, best) for best in search.bests]
    seconds = sum(trial.seconds for trial in search.trials)
    if seconds:
        tiles.append(("time", words.duration(seconds), "of all trials together"))
    engine = search.asked.get("engine")
    if isinstance(engine, dict) and (at_a_time := engine.get("jobs") or engine.get("room")):
        when = "" if engine.get("jobs") else ", when it began"
        tiles.append(("trials at a time", str(at_a_time), f"engine: {engine.get('name', '')}{when}"))
    return tiles


def _best_tile(search: SearchRecord, best: TrialRecord) -> tuple[str, str, str]:
    """Of several seeds the mean: by that points are ranked."""
    seeds, own = search.seeds(best), best.point.get(SET)
    value = best.mean if seeds > 1 else best.score(search.score)
    beside = [f"mean of {seeds} seeds"] if seeds > 1 else []
    if (baseline := search.baseline(search.score, own)) is not None:
        beside.append(f"real against real {shown_score(search.score, baseline)}")
    of_set = f" of {own}" if len(search.sets) > 1 else ""
    return f"best {label_of(search.score)}{of_set}", shown_score(search.score, value), ", ".join(beside)


def _best(search: SearchRecord, best: TrialRecord) -> dict[str, Any]:
    return {
        "trial": best,
        "set": best.point.get(SET) if len(search.sets) > 1 else None,
        "told": best.told(search.varied),
        "links": _links(search, best),
        "animation": _animation(best),
    }


def _animation(best: TrialRecord) -> Inline | None:
    found = (GIF_FILE, *map(score_gif_file, reversed(STYLES)))
    path = next((best.folder / name for name in reversed(found) if best.has(name)), None)
    return inline_file(path, f"Animation of how trial {best.number} learned.")


def _links(search: SearchRecord, trial: TrialRecord) -> list[tuple[str, str]]:
    """(what it is called, relative address) of what its run has."""
    wanted = [("page", REPORT_FILE), ("animation", GIF_FILE)]
    wanted += [(f"{style} graph", score_gif_file(style)) for style in STYLES]
    found = [(called, trial.folder / name) for called, name in wanted if trial.has(name)]
    if trial.sheet is not None:
        found.append(("sheet", trial.sheet))
    return [(called, quote(Path(os.path.relpath(path, search.folder)).as_posix())) for called, path in found]


def _sheet(search: SearchRecord, trial: TrialRecord) -> dict[str, Any]:
    value = trial.score(search.score)
    told = trial.told(search.varied)
    head = f"{label_of(search.score)} {shown_score(search.score, value)}" if value is not None else trial.state
    return {
        "trial": trial,
        "head": head,
        "told": told,
        "colour": colour_of(search.goodness(trial)),
        "picture": small_sheet(trial.sheet, f"Generated pictures of trial {trial.number}: {told}."),
        "links": _links(search, trial),
    }


def _importance(search: SearchRecord) -> list[tuple[str, float]]:
    """Shares, the greatest first."""
    return sorted(search.importance.items(), key=lambda pair: -pair[1])
