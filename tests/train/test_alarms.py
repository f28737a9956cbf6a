"""Each alarm is provoked for real, and says what happened and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from ganvas.errors import TrainingStopped
from ganvas.pictures.packed import PackedSet
from ganvas.studio import StudioFolder
from ganvas.train import checkpoint, train
from ganvas.train.alarms import Watch, outlook
from ganvas.train.by_heart import ByHeart, coarse, copies
from ganvas.train.condition import Conditions
from ganvas.train.plan import make_plan
from ganvas.train.players import Players, make_players
from ganvas.train.run_folder import RunFolder, read_lines
from ganvas.train.settings import AlarmSettings, train_settings
from ganvas.train.tick import Ticker


def sabotaged(studio: StudioFolder, settings: dict, keep: int, change: Callable[[Players], None]) -> RunFolder:
    """A run put back to its `keep`-th checkpoint, with other weights in it."""
    settings = {**settings, "keep_checkpoints": 100}
    run = train(studio, "halves", settings, name="run")
    for path in checkpoint.checkpoints(run.checkpoints)[keep:]:
        shutil.rmtree(path)
    players = make_players(make_plan(train_settings(settings), PackedSet.open(studio.sets / "halves")))
    checkpoint.load_latest(run.checkpoints, players)
    change(players)
    checkpoint.save(run.checkpoints, players, keep=100)
    studio.catalog.update_run(run.name, state="training")
    return run


@torch.no_grad()
def deaf_to_latents(players: Players) -> None:
    for network in (players.generator, *players.averages):
        network.project.weight.zero_()
        network.project_norm.bias.copy_(torch.linspace(-1, 1, len(network.project_norm.bias)))


@torch.no_grad()
def without_an_opinion(players: Players) -> None:
    for parameter in players.discriminator.head.parameters():
        parameter.zero_()


def test_a_mode_collapse_is_seen_by_the_diversity_of_what_is_drawn(studio: StudioFolder, tiny: dict) -> None:
    alarms = {"one_colour_patience": 0, "diversity_patience": 2}
    settings = {**tiny, "condition": "none", "generator_rate": 0, "alarms": alarms, "light_judge": 50}
    sabotaged(studio, settings, 2, deaf_to_latents)
    with pytest.raises(TrainingStopped, match="a mode collapse; draw from the best checkpoint"):
        train(studio, "halves", {**settings, "keep_checkpoints": 100}, name="run")
    assert studio.catalog.run_named("run").state == "stopped"


def test_a_discriminator_that_wins_stops_the_run(studio: StudioFolder, tiny: dict) -> None:
    settings = {**tiny, "loss": "non-saturating", "generator_rate": 0, "gamma": 0, "discriminator_rate": 0.02}
    settings |= {"budget": "3200-images", "alarms": {"one_sided_patience": 5}, "augment": []}
    with pytest.raises(TrainingStopped, match="told all drawn pictures from real ones"):
        train(studio, "halves", settings)


def test_a_discriminator_without_an_opinion_stops_the_run(studio: StudioFolder, tiny: dict) -> None:
    settings = {**tiny, "discriminator_rate": 0, "alarms": {"one_sided_patience": 5}}
    sabotaged(studio, settings, 1, without_an_opinion)
    with pytest.raises(TrainingStopped, match="saw no difference at all"):
        train(studio, "halves", {**settings, "keep_checkpoints": 100}, name="run")


def poison(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Put numbers that are none into the generator right after tick 2, the first `times` times it comes."""
    tick, poisoned = Ticker.tick, []

    def tick_and_poison(self: Ticker, players: Players) -> dict[str, float]:
        scores = tick(self, players)
        if players.tick == 2 and len(poisoned) < times:
            poisoned.append(checkpoint.save(self._folder.checkpoints, players, keep=3))
            with torch.no_grad():
                players.generator.picture.weight[0] = float("nan")
        return scores

    monkeypatch.setattr(Ticker, "tick", tick_and_poison)


def test_one_bad_moment_costs_only_the_work_since_the_last_checkpoint(
    studio: StudioFolder, tiny: dict, monkeypatch: pytest.MonkeyPatch, notes: Any
) -> None:
    poison(monkeypatch, times=1)
    run = train(studio, "halves", {**tiny, "checkpoint_every": "10000-images"}, name="run", progress=notes)
    assert any("back to the checkpoint of 320 images, with 0.3 times the learning rates" in n for n in notes.lines)
    row = studio.catalog.run_named("run")
    assert (row.state, row.images_seen) == ("finished", 640)
    images = [line["images"] for line in read_lines(run.metrics_file)]
    assert images == sorted(set(images))


def test_numbers_that_are_none_a_second_time_stop_the_run_with_the_reason(
    studio: StudioFolder, tiny: dict, notes: Any
) -> None:
    # Rates at which float32 overflows within some steps.
    settings = {**tiny, "loss": "wasserstein", "penalty": "r1", "gamma": 1e4, "warmup": 0}
    settings |= {"discriminator_rate": 1e4, "generator_rate": 1e4, "budget": "64000-images"}
    settings["network"] |= {"discriminator_filters": 32, "conv_layers": 3}
    settings["alarms"] = {"one_colour_patience": 0, "one_sided_patience": 0}
    with pytest.raises(TrainingStopped, match="not a number any more; train again with lower rates"):
        train(studio, "halves", settings, name="wild", progress=notes)
    assert sum("back to the checkpoint of" in line for line in notes.lines) == 1


def test_a_plateau_ends_the_run_early_as_finished(studio: StudioFolder, tiny: dict) -> None:
    settings = {**tiny, "light_judge": 50, "ticks": 40, "budget": "19200-images", "decay": 0, "ema_shares": [0.02]}
    run = train(studio, "halves", {**settings, "alarms": {"plateau_patience": 3}})
    row = studio.catalog.run_named(run.name)
    assert row.state == "finished"
    assert "more time would likely bring nothing" in row.reason
    assert row.images_seen < 19200
    ticks = read_lines(run.ticks_file)
    assert min(tick["kid"] for tick in ticks[:-3]) <= min(tick["kid"] for tick in ticks[-3:])
    assert min(tick["kid"] for tick in ticks) < 0.25 * ticks[0]["kid"]


def test_many_small_steps_forward_are_no_plateau_and_noise_is_one() -> None:
    def watched(kids: list[float], high_rates: bool = False) -> int:
        watch = Watch(AlarmSettings(plateau_patience=8), {}, real_spread=1.0)
        for seen, kid in enumerate([3.0, *kids]):
            watch.check_tick({"kid": kid}, 1000 * seen, high_rates)
        return len(kids)

    assert watched([0.3 * 0.98**i for i in range(60)]) == 60
    assert watched([0.3] * 60, high_rates=True) == 60
    with pytest.raises(TrainingStopped, match="ended early at 10,000 images: KID×1000 has stayed about 291"):
        watched([0.3 * (1 + 0.03 * (-1) ** i) for i in range(60)])


def test_a_slow_start_is_no_plateau(studio: StudioFolder, tiny: dict) -> None:
    settings = {**tiny, "generator_rate": 0, "light_judge": 50, "ticks": 8, "ema_shares": [0.02]}
    run = train(studio, "halves", {**settings, "alarms": {"plateau_patience": 3}})
    assert studio.catalog.run_named(run.name).images_seen == 640


def test_knowing_the_pictures_by_heart_is_warned_of_once(studio: StudioFolder, tiny: dict, notes: Any) -> None:
    settings = {**tiny, "gamma": 0, "loss": "hinge", "discriminator_rate": 0.005, "augment": [], "mirror": False}
    settings["network"] |= {"discriminator_filters": 16}
    settings |= {"budget": "9600-images", "condition": "none"}
    alarms = {"one_sided_patience": 0, "overfit": 0.05}
    run = train(studio, "halves", {**settings, "alarms": alarms}, progress=notes)
    assert max(tick["overfit"] for tick in read_lines(run.ticks_file)) > 0.05
    assert sum("knows its training pictures by heart" in line for line in notes.lines) == 1


def test_pictures_that_are_replayed_are_counted_as_copies(studio: StudioFolder, tiny: dict) -> None:
    packed = PackedSet.open(studio.sets / "halves")
    players = make_players(make_plan(train_settings({**tiny, "condition": "none"}), packed))
    replayed = np.asarray(packed.images[packed.train[:40]])
    told = np.zeros((40, 0), np.float32)
    scores = ByHeart(packed, Conditions.none()).scores(players, replayed, told)
    assert scores["copies"] == 1
    assert scores["copies_baseline"] == 0
    fresh = np.asarray(packed.images[packed.held_out])
    half = np.concatenate([replayed[:16], fresh])
    assert copies(coarse(half), coarse(np.asarray(packed.images[packed.train]))) == 0.5


def test_the_outlook_follows_the_power_law_of_the_scores() -> None:
    falling = [{"images": 1000 * 2**i, "kid": 0.8 * 2 ** (-i / 2)} for i in range(8)]
    assert "about 71; twice the time would likely bring about 50" in outlook(falling)
    flat = [{"images": 1000 * 2**i, "kid": 0.3} for i in range(8)]
    assert "stopped to fall at about 300" in outlook(flat)
    assert outlook(falling[:2]) is None
