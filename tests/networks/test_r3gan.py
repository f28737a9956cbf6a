"""R3GAN: blocks that start as the identity, resampling that keeps what is even, and a size that fits the budget."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganvas.errors import SettingsError
from ganvas.networks import Means, NetworkPair, Shape, architecture
from ganvas.networks.cost import cost_of
from ganvas.networks.r3gan import R3ganSettings, Stages, build, gamma, recipe, resolve
from ganvas.networks.r3gan_modules import Block, Halve, double
from ganvas.train.settings import TrainSettings

UNLIMITED = Means(pictures=5000)
TEN_MINUTES = Means(pictures=5000, macs=1.2e13)  # of two cores
ONE_HOUR = Means(pictures=5000, macs=7.2e13)
GPU_DAY = Means(pictures=5000, macs=4.3e16)
SMALL = Shape(16, 24, 3)


def pair_of(shape: Shape = SMALL, means: Means = UNLIMITED, **given: object) -> NetworkPair:
    torch.manual_seed(0)
    settings, _ = resolve(R3ganSettings(**{"width": 8, "blocks": 1, **given}), shape, means)
    return build(settings, shape)


def stages(**given: object) -> Stages:
    plain = {"sizes": [(4, 4), (8, 8)], "channels": [16, 8], "blocks": 2, "expansion": 2, "group_channels": 4}
    return Stages(**{**plain, "branch_start": 0.0, **given})  # type: ignore[arg-type]


def blocks_of(network: nn.Module) -> list[Block]:
    return [module for module in network.modules() if isinstance(module, Block)]


def test_every_block_starts_as_the_identity() -> None:
    for network in pair_of(blocks=2):
        assert len(blocks_of(network)) == 2 * 3
        for block in blocks_of(network):
            x = torch.randn(2, block.expand.in_channels, 5, 6)
            assert torch.equal(block(x), x)


def test_blocks_that_start_with_a_branch_keep_the_variance_bounded() -> None:
    torch.manual_seed(0)
    many = nn.Sequential(*(Block(64, stages(blocks=8, branch_start=1.0, group_channels=0)) for _ in range(16)))
    with torch.no_grad():
        x = many(torch.randn(4, 64, 16, 16))
    assert 1.2 < x.std() < math.sqrt(math.e)


def test_the_branch_learns_though_its_last_convolution_is_zero() -> None:
    block = Block(8, stages())
    block(torch.randn(2, 8, 5, 5)).square().sum().backward()
    assert block.reduce.weight.grad is not None
    assert block.reduce.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(("channels", "asked", "groups"), [(8, 4, 4), (8, 0, 1), (24, 16, 3), (8, 64, 1), (5, 1, 10)])
def test_groups_are_as_asked_or_the_nearest_that_divide(channels: int, asked: int, groups: int) -> None:
    block = Block(channels, stages(group_channels=asked))
    assert block.spread.groups == groups
    assert block.spread.weight.shape == (2 * channels, 2 * channels // groups, 3, 3)


@pytest.mark.parametrize("size", [(8, 8), (7, 12), (1, 5), (13, 9)])
def test_resampling_keeps_a_picture_of_one_colour(size: tuple[int, int]) -> None:
    half = (-(-size[0] // 2), -(-size[1] // 2))
    picture = torch.full((2, 3, *size), 0.7)
    assert torch.allclose(Halve(size)(picture), torch.full((2, 3, *half), 0.7))
    assert torch.allclose(double(torch.full((2, 3, *half), 0.7), size), picture)


def test_halving_smooths_by_one_two_one() -> None:
    x = torch.randn(1, 2, 9, 10, dtype=torch.float64)
    smooth = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64) / 4
    inside = F.conv2d(x.transpose(0, 1), (smooth[:, None] * smooth)[None, None]).transpose(0, 1)
    halved = Halve((9, 10)).double()(x)
    assert torch.allclose(halved[:, :, 1:-1, 1:], inside[:, :, 1:-1:2, 1::2])


def test_a_slope_stays_a_slope_when_enlarged() -> None:
    slope = torch.arange(6.0).expand(1, 1, 4, 6)
    enlarged = double(slope, (8, 12))[0, 0, 3, 1:-1]
    assert torch.allclose(enlarged.diff(), torch.full((9,), 0.5))


def test_each_stage_is_half_of_the_next_and_the_basis_about_four_pixels() -> None:
    generator, discriminator = pair_of(Shape(128, 96, 3))
    assert generator.sizes == [(4, 3), (8, 6), (16, 12), (32, 24), (64, 48), (128, 96)]
    assert generator.basis.maps.shape == (64, 4, 3)
    assert discriminator.basis.shape == (64, 4, 3)
    assert [stage[0].expand.in_channels for stage in generator.stages] == [64, 64, 64, 32, 16, 8]
    assert [stage[0].expand.in_channels for stage in discriminator.stages] == [8, 16, 32, 64, 64, 64]


def test_a_picture_changes_with_every_pixel_that_the_discriminator_sees() -> None:
    _, discriminator = pair_of(branch_start=1.0)
    picture = torch.randn(1, 3, 16, 24, requires_grad=True)
    (gradient,) = torch.autograd.grad(discriminator(picture).sum(), picture)
    assert (gradient.abs().sum(dim=1) > 0).all()


def test_pictures_of_a_batch_are_judged_and_drawn_apart() -> None:
    generator, discriminator = pair_of(branch_start=1.0)
    latents, pictures = torch.randn(5, 64), torch.randn(5, 3, 16, 24)
    for network, batch in ((generator, latents), (discriminator, pictures)):
        together = network(batch)
        alone = torch.cat([network(one) for one in batch.split(1)])
        assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("group_channels", [0, 4])
def test_both_penalties_can_be_differentiated(group_channels: int) -> None:
    _, discriminator = pair_of(Shape(12, 17, 1, 3), branch_start=1.0, group_channels=group_channels)
    pictures = torch.randn(3, 1, 12, 17, requires_grad=True)
    (gradient,) = torch.autograd.grad(discriminator(pictures, torch.eye(3)).sum(), pictures, create_graph=True)
    gradient.square().sum().backward()
    bent = [p.grad for name, p in discriminator.named_parameters() if name.endswith("weight") and p.grad is not None]
    assert sum(grad.abs().sum() > 0 for grad in bent) >= 3 * len(blocks_of(discriminator))
    assert all(torch.isfinite(grad).all() for grad in bent)


def test_the_generator_learns_to_draw_what_the_discriminator_is_shown() -> None:
    generator, discriminator = pair_of(Shape(8, 8, 1), TEN_MINUTES)
    players = [torch.optim.Adam(network.parameters(), 4e-3, (0.0, 0.99)) for network in (generator, discriminator)]
    real = torch.where(torch.arange(8) < 4, 0.8, -0.8).expand(4, 1, 8, 8)
    for _ in range(60):
        drawn = generator(torch.randn(4, 64))
        shown = [pictures.detach().requires_grad_() for pictures in (real, drawn)]
        logits = [discriminator(pictures) for pictures in shown]
        loss = F.softplus(logits[1] - logits[0]).mean()
        for pictures, opinions in zip(shown, logits, strict=True):
            (gradient,) = torch.autograd.grad(opinions.sum(), pictures, create_graph=True)
            loss = loss + 0.1 * gradient.square().sum(dim=(1, 2, 3)).mean()
        players[1].zero_grad()
        loss.backward()
        players[1].step()
        players[0].zero_grad()
        F.softplus(logits[0].detach() - discriminator(drawn)).mean().backward()
        players[0].step()
    assert (generator(torch.randn(64, 64)).mean(dim=0) - real[0]).abs().mean() < 0.4


def test_a_larger_budget_gets_a_dearer_network_that_is_shown_more() -> None:
    shape = Shape(128, 96, 3)
    costs = []
    for means in (TEN_MINUTES, ONE_HOUR, GPU_DAY):
        settings, reasons = resolve(R3ganSettings(), shape, means)
        costs.append(cost_of(settings, shape).training_macs(2))
        assert "pictures" in reasons["width"]
        assert means.macs is not None
        assert means.macs / costs[-1] > 15_000
    assert costs == sorted(costs)
    assert costs[0] < costs[1] < costs[2]


def test_a_short_budget_gives_up_the_groups_and_a_long_one_has_them() -> None:
    short, _ = resolve(R3ganSettings(), SMALL, TEN_MINUTES)
    assert (short.blocks, short.expansion, short.group_channels, short.branch_start) == (1, 1, 0, 1.0)
    for means in (UNLIMITED, GPU_DAY):
        paper, _ = resolve(R3ganSettings(), SMALL, means)
        assert (paper.blocks, paper.expansion, paper.group_channels, paper.branch_start) == (2, 2, 16, 0.0)


@pytest.mark.parametrize("means", [UNLIMITED, TEN_MINUTES, GPU_DAY])
def test_what_is_asked_for_stays(means: Means) -> None:
    asked = R3ganSettings(levels=1, blocks=3, width=5, expansion=4, group_channels=2, branch_start=0.5)
    assert resolve(asked, SMALL, means) == (asked, {})
    settings, reasons = resolve(R3ganSettings(width=5), SMALL, means)
    assert settings.width == 5
    assert settings.blocks in (1, 2)
    assert "width" not in reasons
    assert "blocks" in reasons


def test_more_levels_than_the_picture_has_pixels_are_refused() -> None:
    with pytest.raises(SettingsError, match="network.levels = 6 halves 28×28 away: 3 at most"):
        resolve(R3ganSettings(levels=6), Shape(28, 28, 1), UNLIMITED)


def test_gamma_is_the_papers_where_it_has_one_and_grows_between() -> None:
    assert [gamma(Shape(side, side, 3)) for side in (8, 32, 64, 256, 512)] == [0.05, 0.05, 2.0, 150.0, 150.0]
    between = [gamma(Shape(side, side, 3)) for side in range(32, 257, 16)]
    assert between == sorted(set(between))
    assert gamma(Shape(32, 128, 3)) == gamma(Shape(64, 64, 3))


@pytest.mark.parametrize("means", [UNLIMITED, TEN_MINUTES, GPU_DAY])
def test_the_recipe_names_settings_of_the_training(means: Means) -> None:
    settings, _ = resolve(R3ganSettings(), SMALL, means)
    proposed = {name: value for name, (value, _) in recipe(settings, SMALL, means).items()}
    network = architecture("r3gan").settings(name="r3gan")
    TrainSettings.model_validate({"network": network, **proposed})
    assert proposed["penalty"] == "r1+r2"
    assert 2e-4 <= proposed["generator_rate"] <= 2e-3
    assert (proposed["generator_rate"] > 5e-4) == (means is TEN_MINUTES)
