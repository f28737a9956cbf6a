"""Every network with every loss and every kind of condition learns a toy distribution: light above, or light below."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganvas.encode.words.learned import LearnedWords
from ganvas.networks import architecture_names
from ganvas.pictures.packed import PackedSet
from ganvas.train.condition import Conditions
from ganvas.train.data import TrainingOrder, to_network
from ganvas.train.losses import LOSSES
from ganvas.train.plan import Plan, make_plan
from ganvas.train.players import make_players
from ganvas.train.processes import Processes
from ganvas.train.settings import train_settings
from ganvas.train.step import Game, train_step

SMALL = {
    "dcgan": {"generator_filters": 8, "discriminator_filters": 8, "conv_layers": 1, "latent": 8},
    "r3gan": {"width": 8, "levels": 1, "blocks": 1, "latent": 8},
    "fastgan": {"width": 8, "levels": 1, "latent": 8},
}
STEPS = 150


def conditions_of(kind: str, packed: PackedSet) -> Conditions:
    names, counts = packed.label_names, packed.label_counts
    if kind == "none":
        return Conditions.none()
    if kind == "label":
        return Conditions.of_labels(names, counts)
    vectors = np.random.default_rng(0).normal(size=(len(names), 20)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Conditions.of_words(LearnedWords("toy", "1", tuple(names), tuple(names), vectors), counts, "map")


def learned(plan: Plan, packed: PackedSet, steps: int) -> torch.nn.Module:
    """The generator after some steps."""
    players, game = make_players(plan), Game.of(plan.settings, Processes())
    order, table = TrainingOrder(packed.train, 0), torch.from_numpy(plan.conditions.table)
    for step in range(steps):
        shown = order.batch(players.images, plan.batch)
        rows = torch.from_numpy(plan.conditions.rows_of(packed.labels[shown]))
        result = train_step(players, game, to_network(packed.images[shown], "cpu"), table[rows], rows, step / steps)
        assert all(torch.isfinite(value) for value in result.metrics.values())
    return players.generator


@pytest.mark.parametrize("condition", ["none", "label", "word"])
@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("network", architecture_names())
def test_every_pairing_learns(toys: PackedSet, network: str, loss: str, condition: str) -> None:
    asked = {"network": {"name": network, **SMALL[network]}, "loss": loss, "batch": 16, "budget": "2400-images"}
    asked |= {
        "condition": condition,
        "device": "cpu",
        "mirror": False,
        "augment": [],
        "generator_rate": 2e-3,
        "discriminator_rate": 2e-3,
    }
    told = conditions_of(condition, toys)
    plan = make_plan(train_settings(asked), toys, told)
    generator = learned(plan, toys, STEPS)
    latents = torch.randn(64, plan.settings.network.latent, generator=torch.Generator().manual_seed(1))
    rows = torch.arange(64) % len(told.table)
    with torch.no_grad():
        pictures = generator(latents, torch.from_numpy(told.table)[rows])[:, 0]
    slopes = pictures[:, :4].mean(dim=(1, 2)) - pictures[:, 4:].mean(dim=(1, 2))
    # real pictures: +0.75 with the light above, −0.75 below
    assert slopes.abs().mean() > 0.3
    if condition != "none":
        assert slopes[rows == 0].mean() > 0.3
        assert slopes[rows == 1].mean() < -0.3
