"""Every registered architecture fits every shape, with and without labels, and can be learned with."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from ganvas.errors import SettingsError
from ganvas.networks import Means, Shape, architecture, architecture_names, build
from ganvas.networks.dcgan_modules import NearestThenConv

MEANS = Means(pictures=5000)
SHAPES = [(28, 28), (96, 128), (128, 96), (60, 100), (17, 33), (8, 8), (5, 64)]


@pytest.mark.parametrize(("told", "channels"), [(0, 1), (0, 3), (3, 1), (3, 3)])
@pytest.mark.parametrize(("height", "width"), SHAPES)
@pytest.mark.parametrize("name", architecture_names())
def test_any_shape_with_or_without_a_condition(name: str, height: int, width: int, told: int, channels: int) -> None:
    kind = architecture(name)
    shape = Shape(height, width, channels, told)
    settings, _ = kind.resolve(kind.settings(name=name), shape, MEANS)
    generator, discriminator = build(settings, shape)
    condition = torch.eye(told)[:2] if told else None
    pictures = generator(torch.randn(2, settings.latent), condition)
    assert pictures.shape == (2, channels, height, width)
    logits, beside = discriminator.on_real(pictures, condition)
    assert logits.shape == (2,)
    (logits.sum() + (0 if beside is None else beside)).backward()
    gradients = [p.grad for network in (generator, discriminator) for p in network.parameters()]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize("side", [4, 30, 906, 1024, 4096])
@pytest.mark.parametrize("name", architecture_names())
def test_what_was_chosen_for_any_size_can_be_read_again(name: str, side: int) -> None:
    kind = architecture(name)
    settings, _ = kind.resolve(kind.settings(name=name), Shape(side, side, 3), MEANS)
    assert kind.settings.model_validate(settings.model_dump()) == settings


@pytest.mark.parametrize("upsampling", ["nearest", "transposed"])
@pytest.mark.parametrize("kernel", [2, 3, 4, 5, 6, 7])
def test_dcgan_takes_any_kernel(kernel: int, upsampling: str) -> None:
    kind = architecture("dcgan")
    shape = Shape(30, 50, 3)
    settings, _ = kind.resolve(kind.settings(name="dcgan", kernel=kernel, upsampling=upsampling), shape, MEANS)
    generator, discriminator = build(settings, shape)
    pictures = generator(torch.randn(3, settings.latent))
    assert pictures.shape == (3, 3, 30, 50)
    assert discriminator(pictures).shape == (3,)


def test_enlarging_and_convolving_in_one_gives_the_same_as_one_after_the_other() -> None:
    level = NearestThenConv(3, 5).double()
    x = torch.randn(2, 3, 6, 7, dtype=torch.float64)
    weight = level.kernel.flip(2, 3).transpose(0, 1)
    expected = F.conv2d(F.interpolate(x, scale_factor=2), weight, padding=1)
    assert torch.allclose(level(x), expected, atol=1e-12)


def test_the_classic_settings_change_the_networks() -> None:
    kind, shape = architecture("dcgan"), Shape(64, 64, 3)

    def parameters(**given: object) -> list[int]:
        settings, _ = kind.resolve(kind.settings(name="dcgan", **given), shape, MEANS)
        return [sum(p.numel() for p in network.parameters()) for network in build(settings, shape)]

    plain = parameters(conv_layers=3, generator_filters=8, discriminator_filters=8)
    assert parameters(conv_layers=4, generator_filters=8, discriminator_filters=8) != plain
    wider_generator = parameters(conv_layers=3, generator_filters=16, discriminator_filters=8)
    assert wider_generator[0] > plain[0]
    assert wider_generator[1] == plain[1]


def test_small_pictures_in_a_hurry_are_drawn_by_patches_whose_pixels_start_alike() -> None:
    kind, shape = architecture("dcgan"), Shape(28, 28, 3)
    hurry, patience = Means(5000, macs=1e12), Means(5000, macs=1e14)
    settings, reasons = kind.resolve(kind.settings(name="dcgan"), shape, hurry)
    assert settings.patch == 2
    assert "patch" in reasons
    pictures = build(settings, shape).generator(torch.randn(2, settings.latent))
    patches = pictures.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
    assert torch.allclose(patches, patches[..., :1].expand_as(patches), atol=1e-6)
    assert pictures.std() > 0.01
    assert kind.resolve(kind.settings(name="dcgan"), shape, patience)[0].patch == 1
    assert kind.resolve(kind.settings(name="dcgan"), Shape(96, 128, 3), hurry)[0].patch == 1
    assert (
        kind.recipe(settings, shape, hurry)["generator_rate"] > kind.recipe(settings, shape, patience)["generator_rate"]
    )


def test_a_gpu_is_given_more_pictures_a_step_where_a_clock_ends_the_training() -> None:
    kind, shape = architecture("dcgan"), Shape(28, 28, 1)
    settings, _ = kind.resolve(kind.settings(name="dcgan"), shape, MEANS)

    def proposed(macs: float | None, gpu: bool) -> dict[str, float]:
        return {name: value for name, (value, _) in kind.recipe(settings, shape, Means(5000, macs, gpu)).items()}

    on_gpu, on_processor = proposed(1e14, gpu=True), proposed(1e14, gpu=False)
    assert on_gpu["batch"] == 4 * on_processor["batch"]
    assert on_gpu["discriminator_rate"] > on_processor["discriminator_rate"]
    assert proposed(None, gpu=True) == proposed(None, gpu=False)  # as many pictures in fewer steps would teach less


def test_a_label_changes_what_is_drawn_and_what_is_thought_of_it() -> None:
    kind, shape = architecture("dcgan"), Shape(16, 16, 1, condition=2)
    settings, _ = kind.resolve(kind.settings(name="dcgan"), shape, MEANS)
    generator, discriminator = build(settings, shape)
    generator.eval()
    latent = torch.randn(1, settings.latent)
    one, other = (generator(latent, told) for told in torch.eye(2).split(1))
    assert not torch.equal(one, other)
    torch.nn.init.normal_(discriminator.head.embedding.weight)
    assert discriminator(one, torch.eye(2)[:1]) != discriminator(one, torch.eye(2)[1:])


def test_more_levels_than_the_picture_has_pixels_are_refused() -> None:
    kind = architecture("dcgan")
    with pytest.raises(SettingsError, match="at most"):
        kind.resolve(kind.settings(name="dcgan", conv_layers=6), Shape(28, 28, 1), MEANS)


def test_a_misspelt_network_is_guessed() -> None:
    with pytest.raises(SettingsError, match="Did you mean dcgan"):
        architecture("dcgann")
