"""The pieces of a training step: penalties, drifting, micro-batches, conditions, orders, memory that runs out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ganvas.encode.words.learned import LearnedWords
from ganvas.errors import InputError, SettingsError
from ganvas.pictures.packed import PackedSet
from ganvas.studio import StudioFolder
from ganvas.train import checkpoint, draw, train
from ganvas.train.begin import forked_settings
from ganvas.train.condition import Conditions, WordMap
from ganvas.train.data import BalancedOrder, to_network
from ganvas.train.drift import drift, drift_loss
from ganvas.train.penalties import PENALTIES, interpolated, squared_gradient
from ganvas.train.plan import make_plan
from ganvas.train.players import Players, make_players
from ganvas.train.processes import Processes
from ganvas.train.run_folder import RunFolder, read_lines
from ganvas.train.schedule import between, rate_scale
from ganvas.train.settings import train_settings
from ganvas.train.step import Game, train_step

NETWORK = {"name": "dcgan", "generator_filters": 4, "discriminator_filters": 4, "conv_layers": 1, "latent": 8}


def stepped(toys: PackedSet, steps: int = 3, **given: object) -> Players:
    asked = {"network": NETWORK, "batch": 16, "condition": "label", "augment": [], "mirror": False, "device": "cpu"}
    plan = make_plan(train_settings({**asked, **given}), toys)
    players, game = make_players(plan), Game.of(plan.settings, Processes())
    table = torch.from_numpy(plan.conditions.table)
    for step in range(steps):
        shown = toys.train[16 * step : 16 * step + 16]
        rows = torch.from_numpy(plan.conditions.rows_of(toys.labels[shown]))
        train_step(players, game, to_network(toys.images[shown], "cpu"), table[rows], rows, step / steps)
    return players


def test_the_gradient_penalty_of_a_linear_discriminator_is_known() -> None:
    weights = torch.randn(3, 4, 5)
    pictures = torch.randn(6, 3, 4, 5, requires_grad=True)
    norm = weights.norm()

    def judge(x: torch.Tensor) -> torch.Tensor:
        return (x * weights).sum(dim=(1, 2, 3))

    assert squared_gradient(pictures, judge(pictures)).item() == pytest.approx(norm.square().item(), rel=1e-5)
    between_both = interpolated(judge, pictures.detach(), torch.randn(6, 3, 4, 5))
    assert between_both.item() == pytest.approx((norm - 1).square().item(), rel=1e-4)
    with pytest.raises(SettingsError, match="Did you mean r1"):
        PENALTIES["r1r2"]


def test_drifting_pulls_to_real_pictures_of_the_same_kind_and_pushes_drawn_ones_apart() -> None:
    real = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    kinds = torch.tensor([0, 1])
    pulled = drift(torch.tensor([[0.5, 0.1], [0.1, 0.6]]), real, kinds, kinds)
    assert (pulled * (real - torch.tensor([[0.5, 0.1], [0.1, 0.6]]))).sum(dim=1).abs().max() == 0  # nothing to push off
    together = torch.tensor([[0.0, 0.0], [0.01, 0.0]])
    same = torch.zeros(2, dtype=torch.long)
    apart = drift(together, torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), same, same)
    assert apart[0, 0] < apart[1, 0]


def test_drifting_alone_brings_points_to_the_real_ones() -> None:
    torch.manual_seed(0)
    real = torch.cat([torch.randn(64, 2) * 0.1 + 3, torch.randn(64, 2) * 0.1 - 3])
    drawn = torch.randn(64, 2).requires_grad_()
    rows = torch.zeros(64, dtype=torch.long)
    optimizer = torch.optim.Adam([drawn], 0.05)
    for _ in range(300):
        optimizer.zero_grad()
        drift_loss(drawn, real, rows, torch.zeros(128, dtype=torch.long)).backward()
        optimizer.step()
    nearest = torch.cdist(drawn.detach(), real).min(dim=1).values
    assert nearest.median() < 0.3
    assert (drawn[:, 0] > 0).float().mean() == pytest.approx(0.5, abs=0.2)  # both heaps, not one


@pytest.mark.parametrize("given", [{"loss": "hinge"}, {"loss": "relativistic", "penalty": "r1+r2", "penalty_every": 1}])
def test_micro_batches_teach_the_discriminator_what_the_whole_batch_does(toys: PackedSet, given: dict) -> None:
    # The generator's batch norms see the micro-batch alone, so with the generator they would be other pictures.
    still = {"generator_rate": 0, "network": {**NETWORK, "upsampling": "nearest"}}
    whole, parts = (stepped(toys, **given, **still, micro_batch=size) for size in (None, 8))
    for ours, theirs in zip(whole.discriminator.parameters(), parts.discriminator.parameters(), strict=True):
        assert (ours - theirs).norm() <= 0.2 * ours.norm() + 1e-4


def test_r2_is_taken_where_drawn_pictures_are(toys: PackedSet) -> None:
    real_only, both = (stepped(toys, penalty=name, penalty_every=1, gamma=10) for name in ("r1", "r1+r2"))
    assert not torch.equal(real_only.discriminator.head.linear.weight, both.discriminator.head.linear.weight)


def test_schedules_move_over_the_run(toys: PackedSet) -> None:
    assert between(2.0, 0.2, 0.0) == pytest.approx(2.0)
    assert between(2.0, 0.2, 0.5) == pytest.approx(1.1)
    assert between(2.0, 0.2, 1.0) == pytest.approx(0.2)
    assert rate_scale(1.0, warmup=0, decay=0.5, end=0.25) == 0.25
    players = stepped(toys, beta2=0.9, beta2_end=0.99, decay=1.0, rate_end=0.5, warmup=0)
    group = players.generator_optimizer.param_groups[0]
    assert 0.9 < group["betas"][1] < 0.99
    assert group["lr"] == pytest.approx(8e-4 * (0.5 + 0.5 / 3))


def test_a_balanced_order_shows_rare_labels_as_often_as_common_ones(toys: PackedSet) -> None:
    labels = np.zeros(96, np.int64)
    labels[:6] = 1
    order = BalancedOrder(np.arange(96), labels, seed=3)
    shown = np.concatenate([order.batch(i * 30, 30) for i in range(10)])
    assert (labels[shown] == 1).sum() == 150
    assert len(set(shown[labels[shown] == 1])) == 6
    assert len(set(shown[labels[shown] == 0])) == 90
    assert np.array_equal(BalancedOrder(np.arange(96), labels, seed=3).batch(77, 40), shown[77:117])


def test_a_map_of_words_keeps_what_distinguishes_them() -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    placed = WordMap.fitted(vectors)
    coordinates = placed.place(vectors)
    assert coordinates.shape == (5, 4)
    assert np.allclose(np.linalg.norm(coordinates, axis=1), 1, atol=1e-5)
    near = placed.place(vectors[2:3] + 0.05 * vectors[4:5])
    assert (coordinates @ near[0]).argmax() == 2


@pytest.mark.parametrize("design", ["map", "mixture"])
def test_conditions_survive_in_the_run_s_folder(tmp_path: Path, design: str) -> None:
    vectors = np.eye(3, 8, dtype=np.float32)
    words = LearnedWords("minilm", "1", ("a", "b", "c"), ("apple", "bean", "cake"), vectors)
    told = Conditions.of_words(words, [10, 30, 60], design)
    told.save(tmp_path)
    again = Conditions.load(tmp_path)
    assert np.array_equal(again.table, told.table)
    assert again.names == ["a", "b", "c"]
    assert again.words.words == words.words
    assert (again.drawn(np.array([0.05, 0.2, 0.99])) == [0, 1, 2]).all()
    (tmp_path / "condition.json").write_text("{")
    with pytest.raises(InputError, match="missing or damaged"):
        Conditions.load(tmp_path)


def test_uneven_labels_are_balanced_and_it_is_said(studio: StudioFolder, tiny: dict) -> None:
    members = studio.sets / "halves" / "members.csv"
    lines = members.read_text().splitlines()
    rare = [line.replace("light above", "light below") if i > 24 else line for i, line in enumerate(lines)]
    members.write_text("\n".join(rare) + "\n")
    plan = make_plan(train_settings({**tiny, "condition": "label"}), PackedSet.open(studio.sets / "halves"))
    assert plan.settings.balance
    assert any(choice.name == "balance" and "the rarest 12" in choice.reason for choice in plan.choices)
    train(studio, "halves", {**tiny, "condition": "label"})


GREEDY = """
import resource, sys
import torch
from ganvas.train.losses import register

@register("greedy")
class Greedy:
    # what it needs grows with the square of the pictures at once: 16 GB for 512, 4 GB for 256, none of it ever touched
    @staticmethod
    def discriminator(real, fake):
        return torch.nn.functional.softplus(fake - real).mean()

    @staticmethod
    def generator(fake, real):
        torch.empty(len(fake), len(fake), 2**14)
        return torch.nn.functional.softplus(real - fake).mean()

used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 10 * 10**9, used + 10 * 10**9))
from ganvas.cli import main
main()
"""


def test_two_labels_of_one_word_are_named(studio: StudioFolder, tiny: dict) -> None:
    packed = PackedSet.open(studio.sets / "halves")
    alias = {"light above": "light", "light below": "light"}
    plan = make_plan(train_settings({**tiny, "condition": "word", "alias": alias}), packed)
    (choice,) = [choice for choice in plan.choices if choice.name == "condition"]
    assert "light above and light below are of one word" in choice.reason


def test_a_step_that_does_not_fit_into_memory_is_made_in_parts(studio: StudioFolder) -> None:
    command = [sys.executable, "-c", GREEDY, "-C", str(studio.root), "train", "halves", "--name", "large"]
    command += ["--budget", "1024-images", "--set", "batch=512", "--set", "ticks=1", "--set", "light_judge=0"]
    command += ["--set", "network.generator_filters=4", "--set", "network.discriminator_filters=4"]
    done = subprocess.run(
        [*command, "--set", "loss=greedy", "--set", "penalty=none"], capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("pictures at once from here on") == 1
    assert "256 pictures at once from here on, as many a step as before" in " ".join(done.stderr.split())
    assert studio.catalog.run_named("large").images_seen == 1024
    losses = [line["loss_d"] for line in read_lines(RunFolder(studio.runs / "large").metrics_file)]
    assert np.isfinite(losses).all()


def test_a_fork_goes_on_with_other_settings_as_a_new_run(studio: StudioFolder, tiny: dict) -> None:
    parent = train(studio, "halves", tiny, name="parent")
    with pytest.raises(InputError, match="--fork parent"):
        train(studio, "halves", {**tiny, "gamma": 3}, name="parent")
    child = train(studio, "halves", {"gamma": 3, "budget": "960-images"}, name="child", fork="parent")
    assert child.read_settings()["settings"]["gamma"] == 3
    assert child.read_settings()["settings"]["batch"] == tiny["batch"]
    images = [line["images"] for line in read_lines(child.metrics_file)]
    assert images[-1] == 960
    assert images == sorted(images)
    assert studio.catalog.run_named("parent").images_seen == 640
    assert len(read_lines(parent.metrics_file)) < len(images)
    assert [int(path.name) for path in checkpoint.checkpoints(child.checkpoints)][-1] == 960
    assert [tick["images"] for tick in read_lines(child.ticks_file)][-1] == 960
    with pytest.raises(InputError, match="has used its budget of 640-images"):
        train(studio, "halves", {"gamma": 3}, name="short", fork="parent")
    with pytest.raises(SettingsError, match="--fork cannot change network"):
        train(studio, "halves", {"network": {"latent": 16}}, fork="parent")


def test_a_fork_is_judged_as_often_as_its_own_budget_asks(studio: StudioFolder, tiny: dict) -> None:
    short = {**tiny, "judge_every": None, "light_judge": 50, "ticks": 8, "budget": "320-images"}
    parent = train(studio, "halves", short, name="parent")
    packed = PackedSet.open(studio.sets / "halves")
    assert parent.read_settings()["settings"]["judge_every"] == 2  # four times, however short
    longer = forked_settings(parent, packed, {"budget": "300M-images"})
    assert make_plan(longer, packed).settings.judge_every == 1


def test_a_fork_that_was_stopped_goes_on_with_the_same_command(studio: StudioFolder, tiny: dict) -> None:
    train(studio, "halves", tiny, name="parent")
    given = {"budget": "1280-images", "keep_checkpoints": 10}
    child = train(studio, "halves", given, fork="parent")
    whole = checkpoint.network_tensors(checkpoint.checkpoints(child.checkpoints)[-1], "generator")
    for path in checkpoint.checkpoints(child.checkpoints)[-1:]:
        shutil.rmtree(path)
    studio.catalog.update_run(child.name, state="interrupted")
    again = train(studio, "halves", given, fork="parent")
    assert again.name == child.name
    resumed = checkpoint.network_tensors(checkpoint.checkpoints(child.checkpoints)[-1], "generator")
    assert all(torch.equal(resumed[name], tensor) for name, tensor in whole.items())
    assert train(studio, "halves", {**tiny, **given}).name != child.name
    with pytest.raises(InputError, match="need a run's name"):
        train(studio, "halves", given, fork="last")


def test_a_fork_has_its_own_settings_and_no_alarm_of_its_parent(studio: StudioFolder, tiny: dict) -> None:
    parent = train(studio, "halves", {**tiny, "alarms": {"one_colour_patience": 7}}, name="parent")
    newest = checkpoint.checkpoints(parent.checkpoints)[-1]
    state = json.loads((newest / "state.json").read_text())
    state |= {"rate_factor": 0.3, "counts": {**state["counts"], "collapse": 3}}
    (newest / "state.json").write_text(json.dumps(state))
    given = {"budget": "656-images", "augment_strength": 0.25, "alarms": {"plateau_patience": 0}, "network": "dcgan"}
    child = train(studio, "halves", given, fork="parent")
    assert child.read_settings()["settings"]["alarms"]["one_colour_patience"] == 7
    state = checkpoint.state_of(checkpoint.checkpoints(child.checkpoints)[-1])
    assert (state["rate_factor"], state["strength"]) == (1, 0.25)
    assert state["counts"].get("collapse", 0) == 0


def test_uneven_parts_of_a_batch_weigh_by_their_pictures(toys: PackedSet) -> None:
    still = {"generator_rate": 0, "loss": "hinge", "network": {**NETWORK, "upsampling": "nearest"}}
    whole, parts = (stepped(toys, **still, micro_batch=size) for size in (None, 12))
    for ours, theirs in zip(whole.discriminator.parameters(), parts.discriminator.parameters(), strict=True):
        assert (ours - theirs).norm() <= 0.2 * ours.norm() + 1e-4


def test_a_transfer_starts_from_what_another_run_learned(studio: StudioFolder, tiny: dict) -> None:
    settings = {**tiny, "budget": "6400-images", "condition": "none"}
    parent = train(studio, "halves", settings, name="parent")
    child = train(studio, "halves", {**settings, "budget": "16-images", "start_from": "parent"}, name="child")
    fresh = train(studio, "halves", {**settings, "budget": "16-images"}, name="fresh")
    taught, started, new = (draw(run, 32, checkpoint="last").pictures.astype(float) for run in (parent, child, fresh))
    assert np.abs(taught - started).mean() < 0.3 * np.abs(taught - new).mean()
    other = {**tiny["network"], "latent": 5, "generator_filters": 3, "discriminator_filters": 3}
    with pytest.raises(InputError, match="too little of run parent fits"):
        train(studio, "halves", {**settings, "network": other, "start_from": "parent"}, name="other")
    with pytest.raises(InputError, match="no run called 'nobody'"):
        train(studio, "halves", {**settings, "start_from": "nobody"}, name="nobody's")
