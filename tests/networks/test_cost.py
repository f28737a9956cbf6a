"""Parameters and multiply-adds are counted exactly, without touching what is counted."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganvas.networks import Means, NetworkPair, NetworkSettings, Shape, architecture, architecture_names, build
from ganvas.networks.cost import Cost, cost, cost_of, dearest

SHAPES = [Shape(28, 28, 1, 10), Shape(33, 17, 3)]


def resolved(name: str, shape: Shape, **given: object) -> NetworkSettings:
    kind = architecture(name)
    return kind.resolve(kind.settings(name=name, **given), shape, Means(pictures=1000))[0]


class Chain(nn.Sequential):
    latent = 6

    def forward(self, x: torch.Tensor, told: None = None) -> torch.Tensor:
        return super().forward(x)


def test_convolutions_groups_and_matrices_are_counted_by_hand() -> None:
    strided = nn.Conv2d(3, 8, (3, 5), stride=2, padding=(1, 2))  # 9 × 12 -> 5 × 6
    grouped = nn.Conv2d(8, 12, 3, groups=4, padding=1)
    enlarging = nn.ConvTranspose2d(12, 5, 4, 2, 1, bias=False)
    generator = Chain(nn.Linear(6, 12 * 16), nn.Unflatten(1, (12, 4, 4)), enlarging)
    discriminator = Chain(strided, grouped, nn.ReLU(), nn.Flatten(), nn.Linear(12 * 30, 1))
    counted = cost(NetworkPair(generator, discriminator), Shape(9, 12, 3))
    assert counted.generator_parameters == 7 * 192 + 12 * 5 * 16
    assert counted.generator_macs == 6 * 192 + 12 * 5 * 16 * 16
    assert counted.discriminator_parameters == 8 * 46 + 12 * 2 * 9 + 12 + 361
    assert counted.discriminator_macs == 8 * 45 * 30 + 12 * 2 * 9 * 30 + 360


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", architecture_names())
def test_what_settings_cost_is_what_their_networks_cost(name: str, shape: Shape) -> None:
    settings = resolved(name, shape)
    pair = build(settings, shape)
    counted = cost(pair, shape)
    assert counted == cost_of(settings, shape)
    assert sum(p.numel() for p in pair.generator.parameters()) == counted.generator_parameters
    assert sum(p.numel() for p in pair.discriminator.parameters()) == counted.discriminator_parameters


@pytest.mark.parametrize("name", architecture_names())
def test_counting_changes_neither_networks_nor_random_numbers(name: str) -> None:
    shape = SHAPES[0]
    pair = build(resolved(name, shape), shape)
    before = [copy.deepcopy(network.state_dict()) for network in pair]
    random_state = torch.random.get_rng_state()
    cost(pair, shape)
    cost_of(resolved(name, shape), shape)
    assert torch.equal(torch.random.get_rng_state(), random_state)
    for network, state in zip(pair, before, strict=True):
        assert network.training
        assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize("penalised", [False, True])
def test_what_a_training_picture_costs_is_what_a_step_really_multiplies(penalised: bool) -> None:
    shape, batch = Shape(64, 64, 3), 2
    pair = build(resolved("dcgan", shape), shape)
    with Products() as counted:
        one_step(pair, shape, batch, penalised)
    expected = cost(pair, shape).training_macs(penalties=2 if penalised else 0)
    # less by what needs no gradient: the generator's first product, the discriminator's picture
    assert 0.9 * expected < counted.macs / batch < expected


class Products(TorchDispatchMode):
    """Counts what is multiplied, both ways (torch's own counter of modules does not bear a gradient of a gradient)."""

    macs = 0.0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = function(*args, **(kwargs or {}))
        if function._overloadpacket in flop_registry:
            self.macs += flop_registry[function._overloadpacket](*args, **(kwargs or {}), out_val=result) / 2
        return result


def one_step(pair: NetworkPair, shape: Shape, batch: int, penalised: bool) -> None:
    generator, discriminator = pair
    real = torch.randn(batch, shape.channels, shape.height, shape.width, requires_grad=penalised)
    drawn = generator(torch.randn(batch, generator.latent))
    apart = drawn.detach().requires_grad_(penalised)
    opinions = [(pictures, discriminator(pictures)) for pictures in (real, apart)]
    total = opinions[0][1].mean() - opinions[1][1].mean()
    for pictures, logits in opinions if penalised else []:
        (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
        total = total + gradient.square().mean()
    total.backward()
    discriminator.requires_grad_(False)
    discriminator(drawn).mean().backward()
    discriminator.requires_grad_(True)


def test_a_budget_is_spent_half_on_the_network_and_half_on_showing_it_more() -> None:
    shape = Shape(16, 16, 1)
    candidates = [resolved("dcgan", shape, generator_filters=n, discriminator_filters=n) for n in range(4, 65)]
    prices = [cost_of(candidate, shape).training_macs() for candidate in candidates]
    assert prices == sorted(prices)
    enough = 1000 * prices[0]
    assert dearest(candidates, shape, enough, 1000, penalties=0) == (candidates[0], 1000)
    assert dearest(candidates, shape, enough / 4, 1000, penalties=0) == (candidates[0], 250)
    found, seen = dearest(candidates, shape, 100 * enough, 1000, penalties=0)
    dearer = prices[candidates.index(found)] / prices[0]
    assert 8 < dearer <= 10
    assert seen >= 1000 * dearer
    assert dearest(candidates, shape, 1e9 * enough, 1000, penalties=0)[0] == candidates[-1]


def test_a_penalty_costs_three_forwards_of_the_discriminator() -> None:
    counted = Cost(generator_parameters=0, discriminator_parameters=0, generator_macs=7, discriminator_macs=10)
    assert counted.training_macs() == 3 * 7 + 8 * 10
    assert counted.training_macs(penalties=2) - counted.training_macs() == 2 * 3 * 10
