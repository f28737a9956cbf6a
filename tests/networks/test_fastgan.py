"""FastGAN: small maps excite large ones, a latent keeps its noise, and the discriminator learns to rebuild pictures."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ganvas.errors import SettingsError
from ganvas.networks import Means, NetworkPair, NetworkSettings, Recipe, Shape
from ganvas.networks.cost import cost_of
from ganvas.networks.fastgan_modules import Excitation, LatentNoise, SpectralNorm
from ganvas.train.settings import TrainSettings

UNLIMITED = Means(pictures=200)
TEN_MINUTES = Means(pictures=200, macs=1.2e13)  # of two cores
ONE_HOUR = Means(pictures=200, macs=7.2e13)
SMALL = Shape(28, 20, 3)


def resolved(
    shape: Shape = SMALL, means: Means = UNLIMITED, **given: object
) -> tuple[NetworkSettings, dict[str, str], Recipe]:
    from ganvas.networks.fastgan import FastganSettings, recipe, resolve

    settings, reasons = resolve(FastganSettings(**given), shape, means)
    return settings, reasons, recipe(settings, shape, means)


def pair_of(shape: Shape = SMALL, **given: object) -> NetworkPair:
    from ganvas.networks.fastgan import build

    torch.manual_seed(0)
    settings, _, _ = resolved(shape, **{"width": 4, "latent": 16, **given})
    return build(settings, shape)  # type: ignore[arg-type]


def pictures_of(shape: Shape = SMALL, count: int = 3) -> Tensor:
    return torch.rand(count, shape.channels, shape.height, shape.width) * 2 - 1


def give_noise(generator: nn.Module) -> None:
    for module in generator.modules():
        if isinstance(module, LatentNoise):
            nn.init.ones_(module.strength)


def test_the_excitation_is_a_share_of_each_channel() -> None:
    for size in ((4, 3), (1, 9), (8, 6)):
        gate = Excitation(6, 5, size)(torch.randn(7, 6, *size) * 10)
        assert gate.shape == (7, 5, 1, 1)
        assert (gate > 0).all()
        assert (gate < 1).all()
        assert gate.std() > 0


@pytest.mark.parametrize(
    ("side", "excited"),
    [
        (512, {4: 64, 8: 128, 16: 256, 32: 512}),
        (256, {4: 64, 8: 128, 16: 256}),
        (64, {4: 32, 8: 64}),
        (28, {4: 14, 7: 28}),
        (8, {4: 8}),
    ],
)
def test_small_maps_excite_those_sixteen_times_as_large_or_the_largest_there_are(
    side: int, excited: dict[int, int]
) -> None:
    with torch.device("meta"):
        generator = pair_of(Shape(side, side, 3)).generator
    sides = [height for height, _ in generator.sizes]
    found = {sides[small]: sides[small + generator.apart] for small in range(len(generator.excitations))}
    assert found == excited


def test_a_closed_gate_lets_nothing_through() -> None:
    generator = pair_of().generator.eval()
    for excitation in generator.excitations:
        nn.init.constant_(excitation.excite.bias, -1e4)
    first, second = generator(torch.randn(2, 16))
    assert torch.equal(first, second)


def test_a_latent_gives_the_same_picture_whatever_is_drawn_beside_it() -> None:
    generator = pair_of().generator
    give_noise(generator)
    generator.eval()
    latents = torch.randn(5, 16)
    together = generator(latents)
    assert torch.equal(generator(latents), together)
    alone = torch.cat([generator(one) for one in latents.split(1)])
    assert torch.allclose(together, alone, atol=1e-6)


def test_drawing_takes_no_random_numbers_even_in_training() -> None:
    generator = pair_of().generator
    give_noise(generator)
    state = torch.random.get_rng_state()
    generator(torch.randn(2, 16, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_noise_starts_at_nothing_and_is_white() -> None:
    torch.manual_seed(0)
    noise = LatentNoise(64, (12, 9))
    latents = torch.randn(4000, 64)
    assert not noise(latents).any()
    nn.init.ones_(noise.strength)
    drawn = noise(latents)[:, 0].flatten(1)
    correlation = torch.corrcoef(drawn.T)
    assert 0.7 < drawn.std() < 1.4
    assert (correlation - torch.eye(len(correlation))).square().mean().sqrt() < 0.2


def test_averages_by_parameter_leave_the_noise_patterns_alike() -> None:
    generator = pair_of().generator
    average = copy.deepcopy(generator)
    names = [name for name, _ in generator.named_parameters()]
    assert names == [name for name, _ in average.named_parameters()]
    assert not any("rows" in name or "columns" in name for name in names)
    generator.train()(torch.randn(4, 16))
    for name, value in generator.named_buffers():
        if "noise" in name:
            assert torch.equal(value, average.get_buffer(name))


@pytest.mark.parametrize("size", [(28, 28), (128, 96), (60, 100), (17, 33), (8, 8), (5, 64)])
def test_every_parameter_learns_at_any_size(size: tuple[int, int]) -> None:
    shape = Shape(*size, 3, 2)
    generator, discriminator = pair_of(shape)
    drawn = generator(torch.randn(2, 16), torch.eye(2))
    logits, rebuilding = discriminator.on_real(drawn, torch.eye(2))
    assert drawn.shape == (2, 3, *size)
    assert logits.shape == (2,)
    (logits.sum() + rebuilding).backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name


def test_rebuilding_is_learned() -> None:
    discriminator = pair_of().discriminator
    dark_above = torch.linspace(-1, 1, 28)[None, None, :, None].expand(1, 3, 28, 20)
    pictures = torch.cat([dark_above, -dark_above, dark_above.abs(), torch.zeros_like(dark_above)])
    optimizer = torch.optim.Adam(discriminator.parameters(), 2e-3)
    losses = []
    for _ in range(60):
        _, loss = discriminator.on_real(pictures)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-10:]) < 0.4 * sum(losses[:10])


def test_real_pictures_are_judged_the_same_with_and_without_rebuilding() -> None:
    discriminator = pair_of().discriminator.eval()
    pictures = pictures_of()
    logits, loss = discriminator.on_real(pictures)
    assert torch.equal(logits, discriminator(pictures))
    assert loss is not None
    without = pair_of(reconstruction=0.0).discriminator
    assert without.on_real(pictures)[1] is None
    assert len(list(without.parameters())) < len(list(discriminator.parameters()))
    heavier = pair_of(reconstruction=3.0).discriminator.eval()
    torch.manual_seed(1)
    one = discriminator.on_real(pictures)[1]
    torch.manual_seed(1)
    assert torch.allclose(heavier.on_real(pictures)[1], 3 * one)


def test_pictures_of_a_batch_are_judged_apart() -> None:
    discriminator = pair_of().discriminator.eval()
    pictures = pictures_of(count=4)
    alone = torch.cat([discriminator(one) for one in pictures.split(1)])
    assert torch.allclose(discriminator(pictures), alone, atol=1e-6)


@pytest.mark.parametrize("spectral_norm", [True, False])
def test_a_penalty_can_be_differentiated_beside_rebuilding(spectral_norm: bool) -> None:
    discriminator = pair_of(spectral_norm=spectral_norm).discriminator
    pictures = pictures_of().requires_grad_()
    logits, rebuilding = discriminator.on_real(pictures)
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    (gradient.square().sum() + rebuilding).backward()
    gradients = [p.grad for name, p in discriminator.named_parameters() if "head.linear.bias" not in name]
    assert all(grad is not None and torch.isfinite(grad).all() for grad in gradients)


def test_the_spectral_norm_comes_to_one() -> None:
    torch.manual_seed(0)
    weight = torch.randn(6, 3, 4, 4)
    norm = SpectralNorm(weight)
    for _ in range(30):
        norm(weight)
    assert torch.linalg.matrix_norm(norm.eval()(weight).flatten(1), 2) == pytest.approx(1, abs=1e-3)
    kept = norm.left.clone()
    norm(weight)
    assert torch.equal(norm.left, kept)


def test_a_discriminator_goes_on_from_a_file_with_the_same_bits(tmp_path: Path) -> None:
    first, second = (pair_of().discriminator for _ in range(2))
    pictures = pictures_of()
    for _ in range(3):
        first(pictures)
    assert not torch.equal(first(pictures), second(pictures))
    save_file({name: value.contiguous() for name, value in first.state_dict().items()}, tmp_path / "weights")
    second.load_state_dict(load_file(tmp_path / "weights"))
    for _ in range(3):
        assert torch.equal(first(pictures), second(pictures))


def test_a_larger_budget_gets_wider_networks_that_are_shown_more() -> None:
    shape = Shape(128, 96, 3)
    prices = []
    for means in (TEN_MINUTES, ONE_HOUR):
        settings, reasons, _ = resolved(shape, means)
        assert "pictures" in reasons["width"]
        prices.append(cost_of(settings, shape).training_macs())
        assert means.macs is not None
        assert means.macs / prices[-1] > 20_000
    assert prices[0] < prices[1]


def test_what_is_asked_for_stays_and_too_many_levels_are_refused() -> None:
    settings, reasons, _ = resolved(means=TEN_MINUTES, width=5, levels=2)
    assert (settings.width, settings.levels, reasons) == (5, 2, {})  # type: ignore[attr-defined]
    with pytest.raises(SettingsError, match="network.levels = 6 halves 20×28 away"):
        resolved(levels=6)


@pytest.mark.parametrize("means", [UNLIMITED, TEN_MINUTES])
def test_the_recipe_names_settings_of_the_training(means: Means) -> None:
    settings, _, recipe = resolved(means=means)
    proposed = {name: value for name, (value, _) in recipe.items()}
    TrainSettings(network=settings, **proposed)
    assert (proposed["loss"], proposed["batch"], proposed["beta1"]) == ("hinge", 8, 0.5)
    assert (proposed["generator_rate"] > 2e-4) == (means is TEN_MINUTES)
