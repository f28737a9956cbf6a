"""The command line: quick to start, one line for what is wrong, a guess for what is misspelt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.catalog import RunRow, ScoreRow
from ganvas.cli.picture_sets import parse_size
from ganvas.cli.screen import LogScreen
from ganvas.cli.training import gather
from ganvas.errors import InputError, SettingsError
from ganvas.studio import StudioFolder

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of twelve small colour pictures and a text file that calls itself one."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(12):
        Image.fromarray(rng.integers(0, 255, (20, 24, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    (folder / "notes.jpg").write_text("not a picture at all")
    return folder


@pytest.fixture
def studio(tmp_path: Path, pictures: Path, call: Call) -> Path:
    root = tmp_path / "studio"
    assert call("new", root)[0] == 0
    assert call("-C", root, "add", pictures)[0] == 0
    return root


def loaded_by(code: str) -> set[str]:
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "code", ["from ganvas.cli import main; main(['--help'])", "import ganvas", "import ganvas.catalog"]
)
def test_starting_up_imports_nothing_heavy(code: str) -> None:
    heavy = {"torch", "numpy", "sqlalchemy", "PIL", "matplotlib", "pydantic", "jinja2"}
    assert loaded_by(code) & heavy == set()


def test_every_verb_has_help(call: Call) -> None:
    code, listing, _ = call("--help")
    assert code == 0
    for verb in ("new", "sample", "add", "set", "train", "judge", "draw", "show", "info"):
        assert verb in listing
        code, text, error = call(verb, "--help")
        assert (code, error) == (0, "")
        assert "Usage" in text


@pytest.mark.parametrize("arguments", [[], ["set"]])
def test_no_verb_shows_the_help(call: Call, arguments: list[str]) -> None:
    code, text, error = call(*arguments)
    assert (code, error) == (2, "")
    assert "Usage" in text


def test_version_is_printed(call: Call) -> None:
    code, text, _ = call("--version")
    assert code == 0
    assert text.startswith("ganvas ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian", "fronts"], "Did you mean 'train'"),
        (["train"], "Missing argument 'SET'"),
        (["draw", "--sed", "3"], "--seed"),
        (["draw", "-n", "many"], "-n"),
    ],
)
def test_a_command_that_is_not_one_gets_one_line(call: Call, arguments: list[str], message: str) -> None:
    code, _, error = call(*arguments)
    assert code == 2
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "front"], "no set called 'front'"),
        (["judge", "some"], "no run called 'some'"),
        (["draw"], "Train one with"),
        (["show"], "Train one with"),
        (["info", "nothing"], "no run or set called"),
        (["add", "nowhere"], "nowhere"),
        (["set", "make", "a/b"], "cannot be used"),
        (["set", "make", "small", "--size", "0x10"], "0"),
        (["set", "make", "large", "--size", "100000x100000"], "100000"),
        (["set", "make", "odd", "--size", "big"], "width x height"),
        (["set", "delete", "nothing"], "no set called"),
    ],
)
def test_what_a_person_can_mend_gets_one_line(call: Call, studio: Path, arguments: list[str], message: str) -> None:
    code, _, error = call("-C", studio, *arguments)
    lines = [line for line in error.splitlines() if line.startswith("ganvas: ")]
    assert code == 1
    assert len(lines) == 1
    assert message in lines[0]
    assert "Traceback" not in error


def test_outside_a_studio_the_way_in_is_named(call: Call, tmp_path: Path) -> None:
    code, _, error = call("-C", tmp_path, "info")
    assert code == 1
    assert "ganvas new" in error


def test_a_studio_inside_a_studio_is_refused(call: Call, studio: Path) -> None:
    code, _, error = call("new", studio / "inner")
    assert code == 1
    assert "inside the studio" in error


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ganvas", "-C", str(tmp_path), "info", "--debug"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_a_terminal_without_the_letters_does_not_stop_a_command(studio: Path, pictures: Path) -> None:
    (pictures / "more.jpg").write_text("no picture either")
    command = [sys.executable, "-m", "ganvas", "-C", studio, "add", pictures]
    done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "1 ? text, not a picture" in done.stdout


def test_info_counts_images_and_what_was_dropped(call: Call, studio: Path) -> None:
    facts = json.loads(call("-C", studio, "info", "--json")[1])
    assert facts["images"] == 12
    assert facts["dropped"] == {"unreadable": 1}
    assert facts["sets"] == facts["runs"] == []
    assert "unreadable 1" in call("-C", studio, "info")[1]


def test_a_set_is_planned_made_once_and_deleted(call: Call, studio: Path) -> None:
    planned = json.loads(call("-C", studio, "set", "make", "small", "--size", "12x8", "--dry-run", "--json")[1])
    assert planned["images"] == 12
    assert json.loads(call("-C", studio, "info", "--json")[1])["sets"] == []
    made = json.loads(call("-C", studio, "set", "make", "small", "--size", "12x8", "--json")[1])
    assert (made["width"], made["height"], made["images"]) == (12, 8, 12)
    code, _, error = call("-C", studio, "set", "make", "small")
    assert code == 1
    assert "exists" in error
    assert call("-C", studio, "set", "delete", "small")[0] == 0
    assert StudioFolder.open(studio).catalog.sets() == []


def test_info_is_for_people_unless_json_is_asked_for(call: Call, studio: Path) -> None:
    call("-C", studio, "set", "make", "small", "--size", "12x8")
    catalog = StudioFolder.open(studio).catalog
    catalog.add_run(RunRow("one", "small", "0", "stopped", "two\nlines", {"network": {"name": "dcgan"}}))
    catalog.save_scores("one", [ScoreRow("000", "effnet-lite0", 50, "kid", 0.25, baseline=0.001)])
    assert "\nsplits.train: 11\n" in call("-C", studio, "info", "small")[1]
    text = call("-C", studio, "info", "one")[1]
    assert "\nreason: two lines\n" in text
    assert "settings.network.name: dcgan" in text
    assert text.splitlines()[-1].split() == ["kid", "0.25", "0.001", "50", "effnet-lite0", "000"]
    assert "{" not in text


def test_a_dry_run_of_a_set_takes_every_option(call: Call, studio: Path) -> None:
    options = ["--size", "12x8", "--channels", "1", "--fit", "pad", "--background", "red", "--split", "75/25"]
    planned = json.loads(call("-C", studio, "set", "make", "small", *options, "--dry-run", "--json")[1])
    made = json.loads(call("-C", studio, "set", "make", "small", *options, "--json")[1])
    assert (planned["fit"], planned["background"]) == ("pad", "#ff0000")
    shared = planned.keys() & made.keys() - {"bytes", "labels"}
    assert {key: planned[key] for key in shared} == {key: made[key] for key in shared}


def test_a_dry_run_of_training_prints_the_plan_and_trains_nothing(call: Call, studio: Path) -> None:
    call("-C", studio, "set", "make", "small", "--size", "16x16")
    code, text, _ = call("-C", studio, "train", "small", "--dry-run", "--json", "--set", "batch=8", "--epochs", "3")
    plan = json.loads(text)
    assert code == 0
    assert plan["settings"]["batch"] == 8
    assert plan["settings"]["budget"] == "3-epochs"
    assert {"network", "precision"} <= {choice["name"] for choice in plan["choices"]}
    assert all(choice["reason"] for choice in plan["choices"])
    assert list((studio / "runs").iterdir()) == []


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--budget", "soon"], "not a budget"),
        (["--budget", "10m", "--epochs", "2"], "give one of them"),
        (["--set", "bach=3"], "Did you mean batch"),
        (["--network", "dcgn"], "Did you mean dcgan"),
        (["--condition", "label"], "needs two or more"),
        (["--set", "batch"], "name=value"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
        (["--set", "device=tpu"], "not on this machine"),
    ],
)
def test_bad_settings_start_no_run(call: Call, studio: Path, option: list[str], message: str) -> None:
    call("-C", studio, "set", "make", "small", "--size", "16x16")
    code, _, error = call("-C", studio, "train", "small", *option)
    assert code == 1
    assert message in error
    assert list((studio / "runs").iterdir()) == []


def test_settings_come_from_file_then_set_then_options(tmp_path: Path) -> None:
    config = tmp_path / "train.toml"
    config.write_text('budget = "1h"\nbatch = 8\n[network]\nkernel = 5\nlatent = 32\n')
    given = gather(config, ["batch=16", "network.kernel=3"], "dcgan", {"budget": "5m"})
    assert given == {"budget": "5m", "batch": 16, "network": {"kernel": 3, "latent": 32, "name": "dcgan"}}
    config.write_text("budget = ")
    with pytest.raises(SettingsError, match="TOML"):
        gather(config, [], None, {})


def test_a_network_that_is_only_a_name_gives_way_to_the_option() -> None:
    assert gather(None, ["network=other"], "dcgan", {}) == {"network": {"name": "dcgan"}}


def test_every_setting_is_listed(call: Call) -> None:
    from ganvas.train.settings import setting_names

    text = call("train", "any", "--settings")[1]
    assert all(name in text for name in setting_names() if name != "network.name")


@pytest.mark.parametrize(("text", "size"), [("128x96", (128, 96)), ("64", (64, 64)), ("30×20", (30, 20))])
def test_sizes_are_width_by_height(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


def test_a_size_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="128x96"):
        parse_size("-3x4")


def test_ctrl_c_says_how_to_go_on(call: Call, studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ganvas.api.Studio.info", stopped)
    code, _, error = call("-C", studio, "info")
    assert code == 130
    assert error == "ganvas: stopped; the same command does what is left\n"


def test_an_unforeseen_fault_says_how_to_report_it(call: Call, studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.api.Studio.info", lambda self: 1 / 0)
    code, _, error = call("-C", studio, "info")
    assert code == 1
    assert "--debug" in error
    assert "ZeroDivisionError" in error
    assert error.count("\n") == 1


def test_a_log_tells_no_time_left_while_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ganvas.cli.screen.LOG_EVERY_S", 0.0)
    with LogScreen().task("searching", 4) as task:
        task.advance(0.0)
        task.advance(1.0)
    first, second, *_ = capsys.readouterr().err.splitlines()
    assert first == "searching  0%"
    assert second.startswith("searching  25%, ")
    assert second.endswith(" s left")
