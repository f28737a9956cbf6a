from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ganvas.report import SearchRecord, TrialRecord, write_search_page
from ganvas.report.trials.colour import BEST, MIDDLE, WORST, colour_of
from ganvas.report.trials.curves import curves_by_seconds, curves_by_share
from ganvas.report.trials.parallel import parallel
from ganvas.report.trials.table import baselines_of, cells_of, columns_of
from tests.report.searches import made_up_search

LINE = "{http://www.w3.org/2000/svg}polyline"


def lines_of(svg: str | None) -> dict[int, list[tuple[float, float]]]:
    """Every trial's line of a chart, as points."""
    assert svg is not None
    root = ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    return {
        int(line.get("data-trial", "")): [
            (float(x), float(y)) for x, y in (point.split(",") for point in line.get("points", "").split())
        ]
        for line in root.iter(LINE)
    }


def test_everything_is_inside_but_for_links_to_runs_that_are_there(tmp_path: Path) -> None:
    search = made_up_search(tmp_path)
    (search.trials[0].folder / "report.html").write_text("here")
    path = write_search_page(search)
    page = path.read_text()
    assert path == tmp_path / "searches" / "vases" / "report.html"
    assert all(address.startswith("data:") for address in re.findall(r'src="([^"]*)"', page))
    links = [address for address in re.findall(r'href="([^"]*)"', page) if not address.startswith("data:")]
    assert "../../runs/vases-000/report.html" in links
    assert all((path.parent / link).is_file() for link in links)
    assert "url(" not in page


def test_every_trial_is_a_row_with_its_reason_and_markup_in_it_is_text(tmp_path: Path) -> None:
    search = made_up_search(tmp_path)
    page = write_search_page(search).read_text()
    assert page.count("<tr data-trial=") == 12
    assert "MemoryError: &lt;b&gt;a batch of 64&lt;/b&gt; &amp; more does not fit" in page
    assert "6 finished" not in page
    for said in ("2 pruned, 2 stopped, 2 failed", "best KID×1000", "real against real -0.3", "measured", "70%"):
        assert said in page, said


def test_cells_stand_under_their_columns(tmp_path: Path) -> None:
    search = made_up_search(tmp_path)
    columns = columns_of(search)
    names = [column.name for column in columns]
    assert names[:4] == ["rank", "KID×1000", "state", "network"]
    assert [column.kind for column in columns if column.name in ("network", "batch")] == ["word", "number"]
    for trial in search.trials:
        cells = dict(zip(names, cells_of(search, trial), strict=True))
        assert cells["batch"].by == str(trial.point["batch"])
        assert (cells["KID×1000"].by == "") == (trial.state != "finished")
        assert (cells["network.conv_layers"].shown == "–") == (trial.point["network"] != "dcgan")
    assert dict(zip(names, baselines_of(search), strict=True))["coverage"] == "0.97"


def test_repeated_points_show_seeds_means_and_spreads(tmp_path: Path) -> None:
    search = made_up_search(tmp_path)
    trials = [dataclasses.replace(t, group=t.number // 2, seed=t.number % 2, mean=0.05, sd=0.01) for t in search.trials]
    search = dataclasses.replace(search, trials=trials)
    names = [column.name for column in columns_of(search)]
    assert names[2:4] == ["mean over seeds", "sd"]
    assert "seed" in names
    cells = dict(zip(names, cells_of(search, search.trials[0]), strict=True))
    assert (cells["mean over seeds"].shown, cells["sd"].shown) == ("50.0", "10.0")
    assert "6 points, chosen by TPE, of 4 settings, each under 2 seeds" in write_search_page(search).read_text()


def test_parallel_coordinates_have_the_best_on_top_and_end_early_without_a_score(tmp_path: Path) -> None:
    search = made_up_search(tmp_path)
    lines = lines_of(parallel(search))
    assert len(lines) == 12
    finished = [trial for trial in search.trials if trial.state == "finished"]
    heights = [lines[trial.number][-1][1] for trial in finished]
    assert heights == sorted(heights)  # SVG counts from the top, and the first is the best
    most = len(lines[finished[0].number])
    assert {len(lines[t.number]) for t in search.trials if t.state != "finished"} == {most - 1}
    x = next(i for i, name in enumerate(search.parameters) if name == "batch")
    by_batch = {trial.point["batch"]: lines[trial.number][x][1] for trial in search.trials}
    assert by_batch[16] > by_batch[32] > by_batch[64]
    conv = search.parameters.index("network.conv_layers")
    absent = {lines[t.number][conv][1] for t in search.trials if "network.conv_layers" not in t.point}
    assert len(absent) == 1
    assert min(absent) > max(lines[t.number][conv][1] for t in search.trials if "network.conv_layers" in t.point)


def test_a_score_that_is_to_be_high_has_the_highest_on_top(tmp_path: Path) -> None:
    search = dataclasses.replace(made_up_search(tmp_path), score="coverage")
    lines = lines_of(parallel(search))
    scored = sorted((t for t in search.trials if t.score("coverage")), key=lambda t: -t.scores["coverage"])
    heights = [lines[trial.number][-1][1] for trial in scored]
    assert heights == sorted(heights)


def test_a_setting_of_one_value_is_no_axis(tmp_path: Path) -> None:
    search = made_up_search(tmp_path)
    for trial in search.trials:
        trial.point["gamma"] = 1.0  # type: ignore[index]
    assert ">gamma</text>" not in (parallel(search) or "")
    assert "gamma" not in [column.name for column in columns_of(search)]
    assert "The same for all: gamma 1." in write_search_page(search).read_text()


def test_curves_of_pruned_trials_end_early_with_a_cross_and_rungs_stand(tmp_path: Path) -> None:
    search = made_up_search(tmp_path)
    svg = curves_by_share(search, 300)
    lines = lines_of(svg)
    ends = {trial.state: lines[trial.number][-1][0] for trial in search.trials}
    assert ends["pruned"] < ends["finished"]
    assert (svg or "").count('class="line cut"') == 2
    assert (svg or "").count('class="rung"') == 2
    assert len(lines[0]) == 20  # without the noise before the first step
    assert lines_of(curves_by_seconds(search, 300))[0][-1][0] == pytest.approx(ends["finished"])


def test_trials_at_a_time_are_told_of_every_engine(tmp_path: Path) -> None:
    search = made_up_search(tmp_path, count=1)
    for engine, count, said in (
        ({"name": "local", "jobs": 2}, "2", "engine: local"),
        ({"name": "ray", "jobs": None, "room": 3}, "3", "engine: ray, when it began"),
    ):
        page = write_search_page(dataclasses.replace(search, asked={**search.asked, "engine": engine})).read_text()
        tile = re.search(r"trials at a time</dt>(.*?)</div>", page, re.DOTALL)
        assert tile is not None
        assert f">{count}<" in tile[1]
        assert f">{said}<" in tile[1]


def test_a_search_that_has_only_begun_has_a_page(tmp_path: Path) -> None:
    search = made_up_search(tmp_path, count=0, importance={}, why=())
    page = write_search_page(search).read_text()
    for said in ("No trial has finished", "No trial has been judged yet", "No trial has drawn a sheet yet"):
        assert said in page


def test_runs_whose_folders_are_gone_are_still_rows(tmp_path: Path) -> None:
    import shutil

    search = made_up_search(tmp_path)
    shutil.rmtree(tmp_path / "runs")
    page = write_search_page(search).read_text()
    assert page.count("<tr data-trial=") == 12
    assert "<img" not in page


def test_of_a_thousand_trials_the_best_hundred_show_sheets_and_the_page_says_so(tmp_path: Path) -> None:
    search = made_up_search(tmp_path, count=230)
    page = write_search_page(search).read_text()
    assert page.count("<tr data-trial=") == 230
    assert page.count("<figure data-trial=") == 100
    assert "These are the best 100; 130 more" in page


def test_colours_go_from_worst_through_gray_to_best() -> None:
    assert [colour_of(share) for share in (0, 0.5, 1)] == [WORST, MIDDLE, BEST]
    assert colour_of(None) == MIDDLE


def _of_two_sets(search: SearchRecord) -> SearchRecord:
    """Trials of an even number are of the set gray, whose scores are ten times as low."""

    def of_set(trial: TrialRecord) -> TrialRecord:
        gray = trial.number % 2 == 0
        scores = {name: value / (10 if gray else 1) for name, value in trial.scores.items()}
        return dataclasses.replace(trial, point={**trial.point, "set": "gray" if gray else "coloured"}, scores=scores)

    return dataclasses.replace(search, trials=[of_set(trial) for trial in search.trials])


def test_sets_are_never_compared_with_each_other(tmp_path: Path) -> None:
    search = _of_two_sets(made_up_search(tmp_path))
    assert [(best.number, best.point["set"]) for best in search.bests] == [(0, "gray"), (1, "coloured")]
    assert [search.goodness(best) for best in search.bests] == [1.0, 1.0]
    assert [search.baseline("coverage", name) for name in search.sets] == pytest.approx([0.097, 0.97])
    page = write_search_page(search).read_text()
    for said in ("2 sets, gray, coloured", "best KID×1000 of gray", "Of coloured", "real against real, coloured"):
        assert said in page, said
    assert page.count('<th scope="row">real</th>') == 2


def test_trials_that_were_not_judged_while_they_trained_are_not_called_unjudged(tmp_path: Path) -> None:
    search = made_up_search(tmp_path)
    for trial in search.trials:
        (trial.folder / "ticks.jsonl").write_text('{"tick": 1, "images": 1000, "seconds": 30.0, "kid": NaN}\n')
    page = write_search_page(search).read_text()
    assert "No trial has been judged yet" not in page
    assert "No trial was judged while it trained" in page
    assert "No animation with a graph: that needs two ticks" in page
