"""Training learns, measures, draws, and stops by itself when it only wastes time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.device import choose_device, choose_precision, processor_flags
from ganvas.errors import InputError, SettingsError, TrainingStopped
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Silent
from ganvas.studio import StudioFolder
from ganvas.train import draw, train
from ganvas.train.checkpoint import checkpoints, load_latest, save
from ganvas.train.data import TrainingOrder, step_seed, to_network, to_pictures
from ganvas.train.light_judge import cost_seconds, ticks_between
from ganvas.train.plan import make_plan
from ganvas.train.players import Players, make_players
from ganvas.train.run_folder import RunFolder, read_lines
from ganvas.train.schedule import ema_half_life, rate_scale
from ganvas.train.settings import train_settings


def test_a_short_training_draws_what_it_was_told(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", {**tiny, "budget": "6400-images", "condition": "label"})
    for label, sign in (("light above", 1), ("light below", -1)):
        pictures = draw(run, 20, label=label).pictures.astype(float)
        above, below = pictures[:, :, :8].mean(), pictures[:, :, -8:].mean()
        assert sign * (above - below) > 60


def test_every_tick_leaves_a_sheet_and_every_log_line_its_numbers(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", tiny)
    sheets = sorted(path.name for path in run.sheets.iterdir())
    assert sheets == [f"tick-{i:04d}.png" for i in range(5)]
    with Image.open(run.sheets / sheets[-1]) as sheet:
        assert sheet.mode == "L"
    lines = read_lines(run.metrics_file)
    assert {"images", "seconds", "epoch", "loss_d", "loss_g", "d_real", "d_fake", "fooled"} <= set(lines[-1])
    assert lines[-1]["images"] == 640
    assert all(0 <= line["fooled"] <= 1 and 0 <= line["d_real"] <= 1 for line in lines)
    row = studio.catalog.run_named(run.name)
    assert (row.state, row.images_seen) == ("finished", 640)
    assert row.train_seconds > 0


def test_the_last_tick_comes_also_when_the_clock_runs_out_in_a_wait(
    studio: StudioFolder, tiny: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def wait(seconds: float) -> float:
        now[0] += seconds
        return now[0]

    monkeypatch.setattr("ganvas.train.loop.time", SimpleNamespace(perf_counter=lambda: wait(0.01)))
    monkeypatch.setattr("ganvas.train.loop.synchronize", lambda device: wait(0.3))
    train(studio, "halves", {**tiny, "budget": "1s"}, name="one")
    assert studio.catalog.ticks("one")[-1].tick == tiny["ticks"]


def test_a_killed_run_is_known_with_what_it_did(
    studio: StudioFolder, tiny: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.train.loop.Training._finish", lambda *_: None)
    train(studio, "halves", tiny, name="one")
    row = studio.catalog.run_named("one")
    assert (row.state, row.images_seen) == ("training", 640)
    assert row.train_seconds > 0


def test_the_light_judge_scores_each_tick(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", {**tiny, "light_judge": 50, "ticks": 1, "budget": "160-images"})
    ticks = read_lines(run.ticks_file)
    assert len(ticks) == 2
    assert all(np.isfinite(tick["kid"]) and 0 <= tick["coverage"] <= 1 for tick in ticks)


def test_only_some_ticks_are_judged_and_always_the_first_and_the_last(studio: StudioFolder, tiny: dict) -> None:
    settings = {**tiny, "light_judge": 50, "ticks": 8, "judge_every": 3, "budget": "320-images"}
    run = train(studio, "halves", settings)
    ticks = read_lines(run.ticks_file)
    assert [tick["tick"] for tick in ticks] == list(range(9))
    assert [tick["tick"] for tick in ticks if "kid" in tick] == [0, 2, 5, 8]
    assert len(list(run.sheets.glob("*.png"))) == 9


@pytest.mark.parametrize(("seconds", "every"), [(10, 5), (60, 5), (180, 3), (600, 1), (7200, 1)])
def test_judgements_are_as_rare_as_their_price_asks_but_four_at_least(seconds: float, every: int) -> None:
    assert ticks_between(20, seconds, 256) == every
    judged = 20 / every
    assert judged * cost_seconds(256) < 0.06 * seconds or judged == 4


def test_the_same_seed_draws_the_same_pictures_however_many(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", tiny)
    many, few = draw(run, 70, seed=3), draw(run, 5, seed=3)
    assert np.array_equal(many.pictures[:5], few.pictures)
    assert many.labels[:5] == few.labels
    assert not np.array_equal(draw(run, 5, seed=4).pictures, few.pictures)


def test_labels_are_drawn_as_often_as_they_were_seen(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", tiny)
    labels = draw(run, 400).labels
    assert 140 < labels.count("light above") < 260


def test_an_unknown_label_and_a_wrong_number_are_refused(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", tiny)
    with pytest.raises(InputError, match="Did you mean light above"):
        draw(run, 4, label="light abve")
    with pytest.raises(InputError, match="1 or more"):
        draw(run, 0)
    untold = train(studio, "halves", {**tiny, "condition": "none"})
    with pytest.raises(InputError, match="told no labels"):
        draw(untold, 4, label="light above")


def change_weights(studio: StudioFolder, run: RunFolder, settings: dict, change: Callable[[Players], None]) -> None:
    """Put the run back to its first checkpoint, with other weights in it."""
    for path in checkpoints(run.checkpoints)[1:]:
        shutil.rmtree(path)
    players = make_players(make_plan(train_settings(settings), PackedSet.open(studio.sets / "halves")))
    load_latest(run.checkpoints, players)
    change(players)
    save(run.checkpoints, players, keep=1)
    studio.catalog.update_run(run.name, state="training")


@torch.no_grad()
def not_a_number(players: Players) -> None:
    players.discriminator.levels[0].weight[0] = float("nan")


@torch.no_grad()
def one_colour(players: Players) -> None:
    players.generator.picture.weight.zero_()


@pytest.mark.parametrize("extra", [{}, {"checkpoint_every": "16-images"}])
def test_not_a_number_stops_the_run_and_keeps_the_last_good_checkpoint(
    studio: StudioFolder, tiny: dict, extra: dict
) -> None:
    settings = {**tiny, **extra, "keep_checkpoints": 100}
    run = train(studio, "halves", settings, name="wild")
    change_weights(studio, run, settings, not_a_number)
    with pytest.raises(TrainingStopped, match="not a number"):
        train(studio, "halves", settings, name="wild")
    row = studio.catalog.run_named("wild")
    assert row.state == "stopped"
    assert "not a number" in row.reason
    assert len(checkpoints(run.checkpoints)) == 1


def test_one_colour_stops_the_run_after_its_patience(studio: StudioFolder, tiny: dict) -> None:
    settings = {**tiny, "generator_rate": 0, "alarms": {"one_colour_patience": 5}, "keep_checkpoints": 100}
    run = train(studio, "halves", settings, name="flat")
    change_weights(studio, run, settings, one_colour)
    with pytest.raises(TrainingStopped, match="the last 5 checks drew pictures of one colour"):
        train(studio, "halves", settings, name="flat")
    row = studio.catalog.run_named("flat")
    assert row.state == "stopped"
    assert row.images_seen == 5 * 16
    with pytest.raises(InputError, match="exists and is stopped"):
        train(studio, "halves", settings, name="flat")


def test_a_deleted_set_stops_training_but_not_drawing(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", tiny)
    shutil.rmtree(studio.sets / "halves")
    with pytest.raises(InputError, match="no set in"):
        train(studio, "halves", tiny)
    assert draw(run, 4).pictures.shape == (4, 1, 20, 16)


def test_a_damaged_set_is_said_so(studio: StudioFolder, tiny: dict) -> None:
    (studio.sets / "halves" / "members.csv").write_text("position,sha256\n")
    with pytest.raises(InputError, match="damaged"):
        train(studio, "halves", tiny)


def test_a_label_condition_needs_labels(studio: StudioFolder, tiny: dict) -> None:
    folder = studio.sets / "halves"
    members = (folder / "members.csv").read_text().replace("light above", "light below")
    (folder / "members.csv").write_text(members)
    facts = (folder / "set.json").read_text().replace('"light above",', "")
    (folder / "set.json").write_text(facts)
    with pytest.raises(SettingsError, match="needs two or more"):
        train(studio, "halves", {**tiny, "condition": "label"})


def test_a_label_condition_needs_every_picture_labelled(studio: StudioFolder, tiny: dict) -> None:
    members = studio.sets / "halves" / "members.csv"
    members.write_text(members.read_text().replace("light above", "", 3))
    with pytest.raises(SettingsError, match="3 training pictures of set halves have no label"):
        train(studio, "halves", {**tiny, "condition": "label"})
    assert draw(train(studio, "halves", tiny), 2).labels is None


def test_a_batch_larger_than_the_set_sees_every_picture_equally_often(studio: StudioFolder) -> None:
    indices = PackedSet.open(studio.sets / "halves").train
    order = TrainingOrder(indices, seed=1)
    seen = np.concatenate([order.batch(i * 200, 200) for i in range(4)])
    counts = np.unique(seen, return_counts=True)[1]
    assert counts.max() - counts.min() <= 1
    again = TrainingOrder(indices, seed=1)
    assert np.array_equal(again.batch(333, 50), seen[333:383])
    assert not np.array_equal(TrainingOrder(indices, seed=2).batch(0, 80), seen[:80])


def test_steps_and_seeds_share_no_random_numbers() -> None:
    seeds = {step_seed(seed, step) for seed in range(20) for step in range(200)}
    assert len(seeds) == 4000
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_pictures_survive_the_way_to_the_network_and_back() -> None:
    pictures = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    network = to_network(pictures, "cpu")
    assert network.min() == -1
    assert network.max() == 1
    assert np.array_equal(to_pictures(network), pictures)


def test_schedules_follow_progress() -> None:
    assert rate_scale(0.4, warmup=0.1, decay=0.5) == 1
    assert rate_scale(0.75, warmup=0.1, decay=0.5) == 0.5
    assert rate_scale(0.05, warmup=0.1, decay=0.5) == 0.5
    assert rate_scale(1.0, warmup=0.1, decay=0.5) == 0.01
    assert rate_scale(0.0, warmup=0.1, decay=0.0) == 0.01
    assert rate_scale(1.0, warmup=0.1, decay=0.0) == 1
    assert rate_scale(0.0, warmup=0.0, decay=0.0) == 1
    assert ema_half_life(0, share=0.05, batch=64) == 64
    assert ema_half_life(100_000, share=0.05, batch=64) == 5000


def test_a_device_that_is_not_here_is_refused_and_a_processor_is_read() -> None:
    with pytest.raises(SettingsError, match="not on this machine"):
        choose_device("tpu")
    assert choose_device("cpu").reason == "as asked"


@pytest.mark.parametrize(
    ("flags", "name"), [("avx2 amx_bf16", "bf16"), ("avx2 avx512_bf16", "bf16"), ("avx2 fma", "fp32")]
)
def test_bf16_is_chosen_where_the_processor_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, name: str
) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\n")
    monkeypatch.setattr("ganvas.device.processor_flags", lambda: processor_flags(listing))
    choice = choose_precision(None, "cpu")
    assert choice.name == name
    assert choice.reason


def test_bf16_trains_too(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", {**tiny, "precision": "bf16", "budget": "64-images"})
    with torch.no_grad():
        assert draw(run, 2).pictures.std() > 0


def test_the_best_judged_checkpoint_is_kept_beside_the_last(studio: StudioFolder, tiny: dict) -> None:
    settings = {**tiny, "light_judge": 50, "ticks": 10, "budget": "3200-images", "keep_checkpoints": 1}
    run = train(studio, "halves", settings)
    ticks = [tick for tick in read_lines(run.ticks_file) if tick["images"]]
    best = json.loads((run.checkpoints / "best" / "state.json").read_text())
    lowest = min(ticks, key=lambda tick: tick["kid"])
    assert best["kid"] <= lowest["kid"] + lowest["kid_sd"] + next(
        tick["kid_sd"] for tick in ticks if tick["images"] == best["images"]
    )
    assert draw(run, 4).checkpoint == f"{best['images']:09d}"
    assert draw(run, 4, checkpoint="last").checkpoint == "000003200"
    assert draw(run, 4, checkpoint="3200").checkpoint == "000003200"
    with pytest.raises(InputError, match="no checkpoint '17'.*there is best, last, and by images 3200"):
        draw(run, 4, checkpoint="17")
    (run.checkpoints / "best" / "state.json").rename(run.path / "aside.json")
    with pytest.raises(InputError, match="no checkpoint '17'"):
        draw(run, 4, checkpoint="17")
    (run.path / "aside.json").rename(run.checkpoints / "best" / "state.json")
    for kept in checkpoints(run.checkpoints):  # as in a longer run: it is long since only kept as the best
        shutil.rmtree(kept)
    assert draw(run, 4, checkpoint=str(best["images"])).checkpoint == f"{best['images']:09d}"


def test_of_several_averages_the_best_judged_one_is_drawn_from(studio: StudioFolder, tiny: dict) -> None:
    settings = {**tiny, "light_judge": 50, "ticks": 5, "budget": "6400-images", "ema_shares": [0.9, 0.02]}
    # Learned steadily, so that the later weights are the better ones.
    settings |= {"network": {**tiny["network"], "patch": 1}, "generator_rate": 8e-4, "discriminator_rate": 1.6e-3}
    run = train(studio, "halves", settings)
    # An average over nine tenths of so short a run still holds its beginning.
    assert read_lines(run.ticks_file)[-1]["ema_share"] == 0.02
    assert json.loads((checkpoints(run.checkpoints)[-1] / "state.json").read_text())["chosen"] == 1


def test_a_run_edited_by_hand_is_refused_in_one_line(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", {**tiny, "budget": "320-images"}, name="run")
    studio.catalog.update_run("run", state="interrupted")
    record = json.loads(run.settings_file.read_text())
    record["settings"]["network"]["latent"] = 9
    run.settings_file.write_text(json.dumps(record))
    with pytest.raises(InputError, match="does not fit the run's settings"):
        train(studio, "halves", {**tiny, "budget": "320-images"}, name="run")
    (run.path / "condition.json").unlink()
    with pytest.raises(InputError, match=r"condition\.json is missing or damaged"):
        draw(run, 2)


def test_another_machine_goes_on_and_says_that_bits_may_differ(studio: StudioFolder, tiny: dict) -> None:
    run = train(studio, "halves", tiny, name="run")
    for path in checkpoints(run.checkpoints)[1:]:
        shutil.rmtree(path)
    studio.catalog.update_run("run", state="interrupted")
    record = json.loads(run.settings_file.read_text())
    record["versions"]["torch"] = "2.6.0"
    record["machine"]["threads"] = 99
    run.settings_file.write_text(json.dumps(record))
    notes: list[str] = []
    progress = Silent()
    progress.note = notes.append
    train(studio, "halves", tiny, name="run", progress=progress)
    assert any("torch 2.6.0 →" in note and "threads 99 →" in note and "not bit for bit" in note for note in notes)
