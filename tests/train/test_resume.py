"""A run that was stopped, killed or damaged goes on, and ends with the same bits as one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganvas.errors import InputError
from ganvas.studio import StudioFolder
from ganvas.train import draw, train
from ganvas.train.checkpoint import checkpoints
from ganvas.train.run_folder import RunFolder, read_lines
from tests.standstill import stands_still

ROOT = Path(__file__).parents[2]

LONG = """
budget = "1600-images"
batch = 16
ticks = 4
sheet = 16
light_judge = 0
checkpoint_every = "480-images"
network = {generator_filters = 4, discriminator_filters = 4, latent = 8}
"""
STEPS = 40  # of its 100: past the first checkpoint after the beginning, and before the second
STEPPING = f"""
import sys
from ganvas.cli import main
from ganvas.train import loop
from tests.standstill import stops_after
stops_after({STEPS}, loop, "train_step")
main(sys.argv[1:])
"""


def weights(folder: RunFolder) -> dict[str, bytes]:
    newest = checkpoints(folder.checkpoints)[-1]
    return {file.name: file.read_bytes() for file in sorted(newest.glob("*.safetensors"))}


def cut_back(folder: RunFolder, studio: StudioFolder, keep: int = 1) -> None:
    """As if the process had been killed right after its `keep`-th checkpoint."""
    import shutil

    for path in checkpoints(folder.checkpoints)[keep:]:
        shutil.rmtree(path)
    studio.catalog.update_run(folder.name, state="training")


DCGAN = {"name": "dcgan", "generator_filters": 4, "discriminator_filters": 4, "conv_layers": 2, "latent": 8}
EXACT = {
    "as chosen": {},
    "dropout, hinge": {"loss": "hinge", "network": {**DCGAN, "dropout": 0.3}},
    "r3gan": {"network": {"name": "r3gan", "width": 4, "latent": 8, "levels": 2, "blocks": 1}, "gamma_end": 0.1},
    "fastgan": {"network": {"name": "fastgan", "width": 4, "latent": 8, "levels": 2}},
    "wasserstein, interpolated": {"loss": "wasserstein"},
    "drifting": {"loss": "drifting", "batch": 16},
    "drifting beside a game": {"drift_weight": 0.5, "penalty": "r1+r2", "penalty_every": 2},
    "words": {"condition": "word", "word_design": "map"},
    "augmented": {"augment": ["translation", "colour", "cutout", "flip"], "augment_target": -1, "mirror": True},
    "balanced, in micro-batches": {"balance": True, "micro_batch": 8, "condition": "label"},
    "averages that are judged": {"light_judge": 50, "ema_shares": [0.3, 0.05]},
    "modulated": {"network": {**DCGAN, "modulation": True}, "decay": 0.5, "beta2_end": 0.999},
}


@pytest.mark.parametrize("extra", EXACT.values(), ids=EXACT.keys())
def test_a_continued_run_equals_an_uninterrupted_one_bit_for_bit(studio: StudioFolder, tiny: dict, extra: dict) -> None:
    settings = {**tiny, **extra, "keep_checkpoints": 10}
    run = train(studio, "halves", settings, name="one")
    whole, told = weights(run), timeless(run)
    for kept in (1, 3):
        cut_back(run, studio, kept)
        train(studio, "halves", settings, name="one")
        assert weights(run) == whole
    assert timeless(run) == told
    assert [row.tick for row in studio.catalog.ticks("one")] == [0, 1, 2, 3, 4]


def timeless(run: RunFolder) -> list[dict[str, Any]]:
    return [{k: v for k, v in line.items() if "seconds" not in k} for line in read_lines(run.ticks_file)]


def test_checkpoints_between_ticks_change_nothing(studio: StudioFolder, tiny: dict) -> None:
    plain = train(studio, "halves", tiny, name="plain")
    often = train(studio, "halves", {**tiny, "checkpoint_every": "64-images", "keep_checkpoints": 20}, name="often")
    assert len(checkpoints(often.checkpoints)) > len(checkpoints(plain.checkpoints))
    assert weights(plain) == weights(often)


@pytest.fixture
def amid(studio: StudioFolder, tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """`amid(name)`: the command that trains a run, standing still in the midst of it."""
    settings = tmp_path / "long.toml"
    settings.write_text(LONG)
    started: list[subprocess.Popen[str]] = []

    def start(name: str) -> subprocess.Popen[str]:
        command = ["-C", studio.root, "train", "halves", "--name", name, "--config", settings]
        process = subprocess.Popen(
            [sys.executable, "-c", STEPPING, *command], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        stands_still(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_killed_process_loses_only_the_work_since_its_last_checkpoint(
    studio: StudioFolder, amid: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = amid("killed")
    process.kill()
    process.wait()
    killed = RunFolder(studio.runs / "killed")
    assert [int(path.name) for path in checkpoints(killed.checkpoints)] == [0, 480]
    train(studio, "halves", tomllib.loads(LONG), name="killed")
    assert weights(killed) == weights(train(studio, "halves", tomllib.loads(LONG), name="whole"))
    seen = [line["images"] for line in read_lines(killed.metrics_file)]
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_saves_and_says_how_to_go_on(
    studio: StudioFolder, amid: Callable[[str], subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = amid("stopped")
    process.send_signal(number)
    process.send_signal(signal.SIGCONT)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    assert "the same command goes on" in said
    assert "Traceback" not in said
    row = studio.catalog.run_named("stopped")
    assert (row.state, row.images_seen) == ("interrupted", STEPS * 16)
    assert int(checkpoints(studio.runs / "stopped" / "checkpoints")[-1].name) == row.images_seen


def test_two_processes_cannot_train_one_run(studio: StudioFolder, amid: Callable[[str], subprocess.Popen[str]]) -> None:
    amid("shared")
    with pytest.raises(InputError, match="another process"):
        train(studio, "halves", tomllib.loads(LONG), name="shared")


def test_a_checkpoint_cut_in_half_is_passed_over(studio: StudioFolder, tiny: dict, notes: Any) -> None:
    settings = {**tiny, "keep_checkpoints": 10}
    whole = weights(train(studio, "halves", settings, name="run"))
    folder = RunFolder(studio.runs / "run")
    cut_back(folder, studio, keep=3)
    newest = checkpoints(folder.checkpoints)[-1] / "average-0.safetensors"
    os.truncate(newest, newest.stat().st_size // 2)
    assert draw(folder, 3).checkpoint == checkpoints(folder.checkpoints)[-2].name
    train(studio, "halves", settings, name="run", progress=notes)
    assert any("damaged checkpoint" in line and "average-0.safetensors" in line for line in notes.lines)
    assert weights(folder) == whole


def test_what_a_kill_left_of_a_checkpoint_is_swept_away(studio: StudioFolder, tiny: dict) -> None:
    folder = train(studio, "halves", tiny, name="run")
    cut_back(folder, studio)
    left = folder.checkpoints / ".partial-1"
    left.mkdir()
    (left / "generator.safetensors").write_bytes(b"half")
    train(studio, "halves", tiny, name="run")
    assert [path.name for path in folder.checkpoints.glob(".*")] == []


def test_a_run_whose_every_checkpoint_is_damaged_cannot_be_drawn_from(studio: StudioFolder, tiny: dict) -> None:
    folder = train(studio, "halves", tiny)
    for path in checkpoints(folder.checkpoints):
        (path / "state.json").write_text('{"format": 1, "sha')
    with pytest.raises(InputError, match="cut short"):
        draw(folder, 3)


def test_an_unfinished_run_goes_on_without_its_name_only_with_the_same_settings(
    studio: StudioFolder, tiny: dict
) -> None:
    first = train(studio, "halves", {**tiny, "keep_checkpoints": 10})
    cut_back(first, studio)
    other = train(studio, "halves", {**tiny, "seed": 5})
    assert other.name != first.name
    again = train(studio, "halves", {**tiny, "keep_checkpoints": 10})
    assert again.name == first.name
    assert studio.catalog.run_named(first.name).state == "finished"
    third = train(studio, "halves", {**tiny, "keep_checkpoints": 10})
    assert third.name not in {first.name, other.name}


def test_a_named_run_refuses_other_settings_and_a_second_training(studio: StudioFolder, tiny: dict) -> None:
    folder = train(studio, "halves", tiny, name="one")
    with pytest.raises(InputError, match="exists and is finished"):
        train(studio, "halves", tiny, name="one")
    cut_back(folder, studio)
    with pytest.raises(InputError, match="batch: 16 → 8"):
        train(studio, "halves", {**tiny, "batch": 8}, name="one")


def test_a_run_of_a_changed_set_does_not_go_on(studio: StudioFolder, tiny: dict) -> None:
    folder = train(studio, "halves", tiny, name="one")
    cut_back(folder, studio)
    facts = studio.sets / "halves" / "set.json"
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "fingerprint": "other"}))
    with pytest.raises(InputError, match="not the one run one was trained on"):
        train(studio, "halves", tiny, name="one")


def test_a_run_goes_on_with_what_was_chosen_when_it_began(
    studio: StudioFolder, tiny: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**tiny, "network": "dcgan", "keep_checkpoints": 10}
    run = train(studio, "halves", settings, name="one")
    whole, record = weights(run), json.loads(run.settings_file.read_text())
    cut_back(run, studio)
    # as if this ganvas would choose wider networks than the one that began the run
    monkeypatch.setattr("ganvas.networks.dcgan.DcganSettings.model_copy", lambda self, update: self)
    train(studio, "halves", settings, name="one")
    assert weights(run) == whole
    assert json.loads(run.settings_file.read_text()) == record


def test_a_run_whose_folder_is_gone_is_neither_continued_nor_begun_again(studio: StudioFolder, tiny: dict) -> None:
    folder = train(studio, "halves", tiny, name="one")
    cut_back(folder, studio)
    folder.path.rename(studio.root / "elsewhere")
    with pytest.raises(InputError, match="in the catalog, but not in"):
        train(studio, "halves", tiny, name="one")
    assert not folder.path.exists()
    assert train(studio, "halves", tiny).name == "halves-1"


def test_a_run_that_the_catalog_does_not_know_is_left_as_it_is(studio: StudioFolder, tiny: dict) -> None:
    folder = train(studio, "halves", tiny)
    before = weights(folder)
    studio.catalog.delete_run(folder.name)
    with pytest.raises(InputError, match="the catalog does not know"):
        train(studio, "halves", tiny, name=folder.name)
    assert train(studio, "halves", tiny).name == "halves-2"
    assert weights(folder) == before


def test_a_kill_before_the_catalog_knew_the_run_takes_no_name(studio: StudioFolder, tiny: dict) -> None:
    left = studio.runs / "one"
    (left / "sheets").mkdir(parents=True)
    (left / "settings.json").write_text("{}")
    assert train(studio, "halves", tiny, name="one").path == left
    with pytest.raises(InputError, match="stands for the newest run"):
        train(studio, "halves", tiny, name="last")


def test_an_unfinished_run_of_an_older_set_is_passed_over(studio: StudioFolder, tiny: dict) -> None:
    cut_back(train(studio, "halves", tiny), studio)
    facts = studio.sets / "halves" / "set.json"
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "fingerprint": "other"}))
    assert train(studio, "halves", tiny).name == "halves-2"
