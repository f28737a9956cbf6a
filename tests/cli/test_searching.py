"""`ganvas search`: a set first or a verb, counting before running, a tiny search end to end, one line for mistakes."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.api import Studio
from ganvas.errors import InputError, SettingsError
from ganvas.progress import Silent
from ganvas.search.groups import plan_trials
from ganvas.search.search_folder import SearchFolder
from ganvas.search.trial import FINISHED, PRUNED, RUNNING, Trial

Call = Callable[..., tuple[int, str, str]]
SPACE = 'generator_rate = [0.001, 0.002]\ncondition = ["none", "label"]\n'
TINY = ["batch=16", "ticks=2", "sheet=16", "light_judge=50", "judge_every=1", "network.generator_filters=4"]
TINY += ["network.discriminator_filters=4", "network.conv_layers=2", "network.latent=8"]
COMMON = [word for setting in TINY for word in ("--set", setting)]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A studio with a set of 140 pictures of 8 × 8, and one of the same that is called as a verb is."""
    root = tmp_path_factory.mktemp("searching")
    rng = np.random.default_rng(0)
    for i in range(140):
        folder = root / "pictures" / ("light", "dark")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(rng.normal((190, 60)[i % 2], 25, (8, 8)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    studio = Studio(root / "studio")
    studio.add(root / "pictures")
    for name in ("small", "status"):
        studio.set(name, size=(8, 8), split="60/40")
    (root / "space.toml").write_text(SPACE)
    return root


@pytest.fixture
def call(call: Call, small: Path) -> Call:
    def run(*arguments: object, **options: str) -> tuple[int, str, str]:
        return call("-C", small / "studio", "search", *arguments, **options)

    return run


def _written(name: str, i: int) -> Trial:
    """A batch of 16 is better than one of 32, of which a third is pruned."""
    point = {"batch": (16, 32)[i % 2], "generator_rate": 1e-4 * (1 + i)}
    trial = Trial(i, i, point, 0, f"{name}-{i:03d}", seconds=60.0)
    if i % 6 == 1:
        return replace(trial, state=PRUNED, reason="at 33% of its budget")
    kid = (0.1, 0.5)[i % 2] + i * 7919 % 1000 / 10000
    return replace(trial, state=FINISHED, scores={"kid": kid, "kid_baseline": 0.001, "coverage": 0.5})


@pytest.fixture
def recorded(small: Path) -> str:
    """A search of 1,000 trials that are only written down."""
    name = "thousand"
    folder = SearchFolder(small / "studio" / "searches" / name)
    folder.path.mkdir(parents=True)
    space = [{"batch": {"choices": [16, 32]}, "generator_rate": {"low": 1e-4, "high": 1e-2, "log": True}}]
    asked = {"set": "small", "space": space, "sampler": "random", "budget": "10m", "trials": 1000, "repeat": 1}
    folder.write_asked(asked | {"seed": 0, "judge_n": 100, "prune": True, "score": "kid"})
    folder.write_trials(_written(name, i) for i in range(1000))
    yield name
    shutil.rmtree(folder.path)


def test_a_dry_run_counts_names_and_estimates_and_leaves_nothing(call: Call, small: Path) -> None:
    code, text, error = call("small", small / "space.toml", "--budget", "10m", "--jobs", 2, "--repeat", 3, "--dry-run")
    assert (code, error) == (0, "")
    lines = text.splitlines()
    assert lines[0] == "12 trials: 4 points under 3 seeds, of a grid of 4, 10m each"
    assert [line.split() for line in lines[3:7]] == [
        ["0", "0.001", "none"],
        ["1", "0.001", "label"],
        ["2", "0.002", "none"],
        ["3", "0.002", "label"],
    ]
    assert "with 2 at a time (as asked)" in lines[-1]
    assert not (small / "studio" / "searches").exists()
    plan = json.loads(
        call("small", small / "space.toml", "--sampler", "random", "--trials", 3, "--dry-run", "--json")[1]
    )
    assert (plan["trials"], len(plan["points"]), plan["seconds"] > 1800) == (3, 3, True)


def test_the_time_is_that_of_every_point_s_own_budget(call: Call, small: Path, tmp_path: Path) -> None:
    space = tmp_path / "space.toml"
    space.write_text('budget = ["10m", "60m"]\nbatch = [16, 32]\n')
    code, text, _ = call("small", space, "--budget", "90s", "--jobs", 2, "--dry-run")
    assert (code, text.splitlines()[0]) == (0, "4 trials: 4 points, of a grid of 4, 10m or 60m each")
    plan = json.loads(call("small", space, "--budget", "90s", "--jobs", 2, "--dry-run", "--json")[1])
    assert 140 * 60 < plan["seconds"] < 1.1 * 140 * 60
    assert plan["seconds_together"] == pytest.approx(plan["seconds"] / 2)


def test_how_long_images_take_on_a_new_set_is_measured_for_some_seconds(
    call: Call, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = tmp_path / "space.toml"
    space.write_text('budget = ["1k-images", "10m"]\n')
    code, text, error = call("small", space, *COMMON, "--dry-run")
    assert code == 0
    assert "measuring for some seconds" in error
    told = text.splitlines()[-1]
    assert re.fullmatch(r"about .* one after another, less what is pruned \(at [\d,]+ images a second of .*\)", told)
    assert not (small / "studio" / "searches").exists()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    code, text, _ = call("small", space, *COMMON, "--dry-run")
    *_, why, told = text.splitlines()
    assert code == 0
    assert told.startswith("how long 1k-images or 10m take shows when the search runs")
    assert "cannot be measured here: it said nothing" in why


def test_a_set_that_is_called_as_a_verb_is_meant_after_two_dashes_or_the_verb_run(call: Call, small: Path) -> None:
    for words in (["--", "status"], ["run", "status"], ["--dry-run", "status"]):
        options = [] if "--dry-run" in words else ["--dry-run"]
        placed = [*words[:-1], *options, words[-1]] if words[0] == "run" else words
        arguments = [*placed, small / "space.toml"]
        arguments = ["--dry-run", *arguments] if words[0] == "--" else arguments
        code, text, error = call(*arguments)
        assert (code, error) == (0, ""), words
        assert text.startswith("4 trials")
    assert "no search has been made yet" in call("status")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["smal", "SPACE"], "Did you mean small?"),
        (["small", "missing.toml"], "missing.toml cannot be read"),
        (["small", "SPACE", "--sampler", "gird"], "Did you mean grid?"),
        (["small", "SPACE", "--sampler", "random"], "--trials"),
        (["small", "SPACE", "--budget", "soon"], "is not a budget"),
        (["small", "SPACE", "--set", "condition=none"], "condition is an axis of the space"),
        (["small", "SPACE", "--set", "btach=16"], "Did you mean batch?"),
        (["small", "SPACE", "--set", "name=x"], "--name x"),
        (["small", "SPACE", "--repeat", "0"], "give more --trials"),
        (["small", "SPACE", "--score", "kidd"], "Did you mean kid?"),
        (["small", "SPACE", "--jobs", "0"], "give 1 or more with --jobs"),
        (["small", "SPACE", "--set", "network.conv_layers=9"], "set small: "),
        (["small", "SPACE", "--set", "set=nowhere"], "nowhere"),
        (["table", "nowhere"], "no search"),
        (["show", "nowhere", "--no-open"], "no search"),
        (["best"], "no search has been made yet"),
    ],
)
def test_what_is_wrong_is_one_line(call: Call, small: Path, arguments: list[str], message: str) -> None:
    words = [str(small / "space.toml") if word == "SPACE" else word for word in arguments]
    code, _, error = call(*words, *(["--dry-run"] if "small" in arguments[0] or arguments[0] == "smal" else []))
    assert code == 1
    assert message in error
    assert error.count("\n") == 1


def test_jobs_and_a_cluster_exclude_each_other(call: Call, small: Path) -> None:
    code, _, error = call("small", small / "space.toml", "--ray", "auto", "--jobs", 2)
    assert (code, error.count("\n")) == (1, 1)
    assert "leave --jobs or --ray out" in error
    for option in (["--threads", 2], ["--gpus", 0.5]):
        code, _, error = call("small", small / "space.toml", *option)
        assert (code, error.count("\n")) == (1, 1)
        assert "leave --threads and --gpus out, or give --ray" in error


def test_a_thousand_trials_are_a_table_of_the_best_and_files_of_all(call: Call, recorded: str, tmp_path: Path) -> None:
    code, text, _ = call("table", recorded, "-n", 5)
    assert code == 0
    title, head, *rows, last = text.splitlines()
    assert title == f"{recorded}: best KID×1000 first"
    assert head.split()[:4] == ["rank", "batch", "generator_rate", "KID×1000"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "4", "5"]
    assert "and 995 more" in last
    written = list(csv.DictReader(io.StringIO(call("table", recorded, "--csv", "-")[1])))
    assert len(written) == 1000
    assert float(written[0]["score_kid"]) == min(float(row["score_kid"]) for row in written if row["score_kid"])
    assert {"rank", "param_batch", "mean_kid", "std_kid", "rank_kid", "state", "reason", "seconds"} <= set(written[0])
    for alone in (["table", recorded, "--csv"], ["table", "--csv", "-n", 5, recorded]):
        assert list(csv.DictReader(io.StringIO(call(*alone)[1]))) == written, alone
    assert call("table", recorded, "--csv", tmp_path / "all.csv", "--parquet", tmp_path / "all.parquet")[0] == 0
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 1001
    parquet = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / "all.parquet")
    assert parquet.num_rows == 1000
    assert len(json.loads(call("table", recorded, "--json")[1])["rows"]) == 1000
    assert "must end in .csv" in call("table", recorded, "--csv", "all.txt")[2]


def test_status_and_best_of_what_is_written_down(call: Call, recorded: str) -> None:
    text = call("status")[1]
    assert text.splitlines()[0] == f"{recorded}, on small: 833 finished, 167 pruned of 1,000 planned"
    best = json.loads(call("best", recorded, "--json")[1])["best"]
    rows = json.loads(call("table", recorded, "--json")[1])["rows"]
    assert (best["run"], best["value"]) == (rows[0]["run"], rows[0]["score_kid"])
    said = call("best", recorded)[1]
    assert f"best: {best['run']} with KID×1000" in said
    assert f"--set batch={best['params']['batch']}" in said


def test_status_says_of_what_runs_how_far_it_is(call: Call, recorded: str, small: Path) -> None:
    folder = SearchFolder(small / "studio" / "searches" / recorded)
    folder.write_trials([replace(folder.trials()[0], state=RUNNING)])
    assert f"\n  {recorded}-000: at 0%\n" in call("status", recorded)[1]


def test_best_gives_a_budget_once_where_it_was_an_axis(call: Call, recorded: str, small: Path) -> None:
    folder = SearchFolder(small / "studio" / "searches" / recorded)
    folder.write_trials(
        replace(trial, point={**trial.point, "budget": "1k-images"}) for trial in folder.trials() if trial.number < 12
    )
    folder.write_trials(replace(trial, scores={}) for trial in folder.trials() if trial.number >= 12)
    again = call("best", recorded)[1].splitlines()[-1]
    assert again.startswith("again, for longer: ganvas train small --budget 1h --set batch=")
    assert "budget=" not in again


def test_a_page_of_a_thousand_trials_needs_none_of_their_runs(call: Call, recorded: str) -> None:
    code, text, error = call("show", recorded, "--no-open")
    assert (code, error) == (0, "")
    page = Path(text.strip()).read_text()
    assert page.count("<tr data-trial=") == 1000
    assert page.index("<dt>batch</dt>") > page.index("How much each setting matters")


def test_of_several_seeds_page_table_and_best_name_the_same_run_and_mean(call: Call, small: Path) -> None:
    folder = SearchFolder(small / "studio" / "searches" / "seeds")
    folder.path.mkdir(parents=True)
    space = [{"batch": {"choices": [16, 32]}}]
    folder.write_asked({"set": "small", "space": space, "sampler": "grid", "budget": "10m", "trials": 6, "repeat": 3})
    kids = {16: (0.05, 0.9, 0.7), 32: (0.3, 0.2, 0.4)}  # the luckiest run is not of the best point
    trials = plan_trials("seeds", [{"batch": 16}, {"batch": 32}], repeat=3)
    folder.write_trials(
        replace(trial, state=FINISHED, scores={"kid": kids[trial.point["batch"]][trial.seed]}) for trial in trials
    )
    try:
        best = json.loads(call("best", "seeds", "--json")[1])["best"]
        row = json.loads(call("table", "seeds", "--json")[1])["rows"][0]
        page = Path(call("show", "seeds", "--no-open")[1].strip()).read_text()
    finally:
        shutil.rmtree(folder.path)
    assert best["run"] == row["run"] == "seeds-004"
    assert best["value"] == row["mean_kid"] == pytest.approx(0.3)
    assert "Trial 4, the run <code>seeds-004</code>" in page
    tile = re.search(r"best KID×1000</dt>(.*?)</div>", page, re.DOTALL)
    assert tile is not None
    assert "300.0" in tile[1]
    assert "mean of 3 seeds" in tile[1]


@pytest.mark.parametrize(("count", "said"), [(1, "of 1 trial were"), (2, "of 2 trials were")])
def test_the_page_counts_what_was_removed(call: Call, recorded: str, small: Path, count: int, said: str) -> None:
    folder = SearchFolder(small / "studio" / "searches" / recorded)
    folder.write_trials(replace(trial, removed=("checkpoints/1",)) for trial in folder.trials()[:count])
    page = Path(call("show", recorded, "--no-open")[1].strip()).read_text()
    assert f"the checkpoints {said} removed to save room" in page


def test_the_whole_way_by_the_command_line_and_by_python(call: Call, small: Path) -> None:
    asked = [small / "space.toml", "--trials", 2, "--budget", "160-images", "--jobs", 2, "--judge", 50, "--name", "way"]
    code, text, error = call("small", *asked, *COMMON)
    assert code == 0, error
    assert "best: way-00" in text
    assert "ganvas search show way" in text
    code, again, _ = call("small", *asked, *COMMON, "--json")
    assert code == 0
    status = json.loads(again)
    assert status["states"] == {"finished": 2}
    assert status["best"][0]["run"] in text
    page = Path(call("show", "way", "--no-open")[1].strip())
    links = {f"../../runs/way-00{i}/{name}" for i in (0, 1) for name in ("report.html", "progress.gif")}
    assert all(link in page.read_text() for link in links)
    assert all((page.parent / link).is_file() for link in links)
    assert page.read_text().count("<figure data-trial=") == 2

    studio = Studio(small / "studio")
    space = {"generator_rate": [0.001, 0.002], "condition": ["none", "label"]}
    search = ganvas.Search(space, budget="160-images", trials=2, jobs=2, judge_n=50, name="way", settings=nested(TINY))
    fitted = search.fit(studio.named_set("small"))
    assert fitted is search  # found again, and not a run more
    assert len(studio.runs()) == 2
    assert fitted.best_run_.name == status["best"][0]["run"]
    assert fitted.best_score_ == fitted.results_["score_kid"].min()
    assert fitted.best_index_ == fitted.results_["score_kid"].idxmin()
    assert fitted.best_params_["condition"] == fitted.results_.loc[fitted.best_index_, "param_condition"]
    assert {"rank", "state", "reason", "seconds", "mean_kid", "std_kid"} <= set(fitted.results_.columns)

    gif = fitted.best_run_.gif("rolling", window=2, speed=0.1, out=small / "way.gif")
    with Image.open(gif) as shown:
        assert (shown.n_frames, shown.info["duration"]) == (3, 100)
    with pytest.raises(InputError, match="Did you mean coverage"):
        fitted.best_run_.gif(score="coverge")
    check_stopped_while_pages_are_written(small / "studio", "way")


class StopsAfter(Silent):
    """Somebody presses Ctrl-C when so many steps are done."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    @contextmanager
    def task(self, label: str, total: float | None, unit: str = "") -> Iterator[StopsAfter]:
        yield self

    def advance(self, steps: float = 1) -> None:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt

    def describe(self, text: str) -> None: ...


def check_stopped_while_pages_are_written(root: Path, search: str) -> None:
    """The search's page is there and whole, and links to the one page that was written after its best run's graph."""
    searched = Studio(root, progress=StopsAfter(2)).named_search(search)
    runs = [root / "runs" / f"{search}-00{i}" / "report.html" for i in (0, 1)]
    for page in (searched.files.path / "report.html", *runs):
        page.unlink()
    with pytest.raises(KeyboardInterrupt):
        searched.report()
    page = (searched.files.path / "report.html").read_text()
    assert page.rstrip().endswith("</html>")
    written = [path.exists() for path in runs]
    assert sorted(written) == [False, True]
    assert [f"../../runs/{path.parent.name}/report.html" in page for path in runs] == written


def nested(assignments: list[str]) -> dict:
    from ganvas.cli.searching import common_settings

    return common_settings(assignments)


def test_a_run_s_gif_by_the_command_line_wants_its_switch(small: Path, call: Call, capsys) -> None:
    from ganvas.cli import main

    with pytest.raises(SystemExit):
        main(["-C", str(small / "studio"), "show", "--window", "3"])
    error = capsys.readouterr().err
    assert "--window belongs to --gif" in error
    assert error.count("\n") == 1


def test_a_space_s_own_axis_is_not_common_to_all() -> None:
    from ganvas.api.searching import space_of

    assert space_of({"batch": [16]}, {"gamma": 1.0}).names() == ["gamma", "batch"]
    with pytest.raises(SettingsError, match="batch is an axis"):
        space_of([{"batch": [16]}], {"batch": 32})


def test_importing_ganvas_s_search_waits_for_its_use() -> None:
    import subprocess
    import sys

    script = "import ganvas, sys; ganvas.Search; print({'torch', 'optuna', 'pandas', 'ray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
