"""Every registered augmentation keeps shape and format, meets the share it is told, and can be differentiated twice."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganvas.errors import SettingsError
from ganvas.train.augment import AUGMENTATIONS, augment, mirror, next_strength, sign_on_real

NAMES = list(AUGMENTATIONS)
SHAPES = [(28, 28, 1), (12, 9, 3), (5, 64, 3), (3, 3, 1), (1, 7, 1), (7, 1, 3)]
FORMATS = [torch.contiguous_format, torch.channels_last]
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def seeded(seed: int = 0, device: str = "cpu") -> torch.Generator:
    return torch.Generator(device).manual_seed(seed)


def some_pictures(count: int, height: int, width: int, channels: int, seed: int = 0) -> Tensor:
    return torch.rand(count, channels, height, width, generator=seeded(seed)) * 1.8 - 0.9


def changed(before: Tensor, after: Tensor) -> Tensor:
    return (before - after).abs().amax(dim=(1, 2, 3)) > 0


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("memory", FORMATS)
@pytest.mark.parametrize(("height", "width", "channels"), SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_shape_type_and_memory_format_stay(
    name: str, height: int, width: int, channels: int, memory: torch.memory_format, device: str
) -> None:
    pictures = some_pictures(6, height, width, channels).to(device).contiguous(memory_format=memory).requires_grad_()
    out = augment(pictures, 1.0, [name], seeded(device=device))
    assert (out.shape, out.dtype, out.device) == (pictures.shape, pictures.dtype, pictures.device)
    assert out.is_contiguous(memory_format=memory)
    (gradient,) = torch.autograd.grad(out.sum(), pictures)
    assert gradient.shape == pictures.shape
    assert torch.isfinite(out).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_and_its_gradient_are_right(name: str, channels: int) -> None:
    pictures = some_pictures(2, 6, 5, channels).double().requires_grad_()

    def same_changes(x: Tensor) -> Tensor:
        return augment(x, 1.0, [name], seeded())

    assert torch.autograd.gradcheck(same_changes, pictures)
    assert torch.autograd.gradgradcheck(lambda x: same_changes(x).square(), pictures)


def test_a_gradient_penalty_through_all_of_them_reaches_the_weights() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(4 * 6 * 4, 1))
    pictures = some_pictures(8, 12, 8, 3).contiguous(memory_format=torch.channels_last).requires_grad_()
    logits = network(augment(pictures, 0.8, NAMES, seeded()))
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    gradient.square().sum().backward()
    assert network[0].weight.grad is not None
    assert network[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("name", NAMES)
def test_each_picture_is_met_with_the_probability_that_is_asked(name: str) -> None:
    pictures = some_pictures(4000, 16, 16, 1)
    after = augment(pictures, 0.3, [name], seeded())
    share = changed(pictures, after).float().mean().item()
    # a flip is mirrored by a coin; 1 of 5 × 5 translations stays where it was
    expected = 0.3 * {"flip": 0.5, "translation": 24 / 25}.get(name, 1.0)
    assert share == pytest.approx(expected, abs=0.035)  # five standard deviations
    assert torch.equal(after[~changed(pictures, after)], pictures[~changed(pictures, after)])


def test_kinds_meet_a_picture_independently() -> None:
    pictures = some_pictures(4000, 16, 16, 3)
    after = augment(pictures, 0.4, ["colour", "cutout"], seeded())
    spared = 1 - changed(pictures, after).float().mean().item()
    assert spared == pytest.approx(0.6 * 0.6, abs=0.04)


def test_no_strength_returns_the_pictures_themselves() -> None:
    pictures = some_pictures(4, 8, 8, 3)
    before = torch.get_rng_state()
    assert augment(pictures, 0.0, NAMES) is pictures
    assert augment(pictures, 1.0, []) is pictures
    assert torch.equal(torch.get_rng_state(), before)


def test_changes_follow_from_the_seed_and_differ_from_call_to_call() -> None:
    pictures = some_pictures(16, 12, 12, 3)
    torch.manual_seed(5)
    first, second = (augment(pictures, 0.8, NAMES) for _ in range(2))
    torch.manual_seed(5)
    assert torch.equal(augment(pictures, 0.8, NAMES), first)
    assert not torch.equal(first, second)
    assert torch.equal(augment(pictures, 0.8, NAMES, seeded(5)), first)


def test_the_order_in_which_kinds_are_named_is_immaterial() -> None:
    pictures = some_pictures(16, 12, 12, 3)
    one, other = (augment(pictures, 0.8, names, seeded()) for names in (NAMES, NAMES[::-1]))
    assert torch.equal(one, other)


def test_a_misspelt_kind_is_guessed() -> None:
    with pytest.raises(SettingsError, match="Did you mean colour"):
        augment(some_pictures(2, 4, 4, 1), 0.0, ["color"])


def test_mirroring_shows_half_of_the_pictures_mirrored_and_nothing_else() -> None:
    pictures = some_pictures(1000, 6, 5, 3)
    after = mirror(pictures, seeded())
    moved = changed(pictures, after)
    assert moved.float().mean().item() == pytest.approx(0.5, abs=0.08)
    assert torch.equal(after[moved], pictures[moved].flip(3))
    assert torch.equal(after[~moved], pictures[~moved])


def test_a_translation_moves_up_to_an_eighth_and_leaves_gray_behind() -> None:
    pictures = torch.full((500, 1, 24, 16), -1.0)
    pictures[:, :, 12, 8] = 1.0
    after = augment(pictures, 1.0, ["translation"], seeded())
    rows, columns = (after == 1).nonzero()[:, 2:].T
    assert (len(rows), *(int(v) for v in (rows.min(), rows.max(), columns.min(), columns.max()))) == (500, 9, 15, 6, 10)
    down, right = rows - 12, columns - 8
    gray = (after == 0).sum(dim=(1, 2, 3))
    assert torch.equal(gray, 24 * 16 - (24 - down.abs()) * (16 - right.abs()))


def test_a_cutout_is_one_gray_rectangle_of_at_most_half_of_each_side() -> None:
    cut = augment(torch.ones(300, 3, 20, 12), 1.0, ["cutout"], seeded()) == 0
    height, width = cut.any(dim=3).sum(dim=2)[:, 0], cut.any(dim=2).sum(dim=2)[:, 0]
    assert torch.equal(cut.sum(dim=(1, 2, 3)), 3 * height * width)
    assert (int(height.max()), int(width.max())) == (10, 6)
    assert int((height * width).min()) > 0


def test_colour_stays_within_its_ranges_and_leaves_gray_gray() -> None:
    gray = some_pictures(2000, 4, 4, 1)
    after = augment(gray.expand(-1, 3, -1, -1), 1.0, ["colour"], seeded())
    assert torch.allclose(after, after[:, :1].expand_as(after), atol=1e-5)
    brightness = (after - gray).mean(dim=(1, 2, 3))
    contrast = after[:, 0].std(dim=(1, 2)) / gray[:, 0].std(dim=(1, 2))
    for values, low, high in ((brightness, -0.5, 0.5), (contrast, 0.5, 1.5)):
        assert low - 1e-3 < values.min() < low + 0.02
        assert high - 0.02 < values.max() < high + 1e-3


def test_colour_makes_pictures_grayer_and_more_colourful() -> None:
    pictures = some_pictures(2000, 4, 4, 3)

    def colourfulness(x: Tensor) -> Tensor:
        return (x - x.mean(dim=1, keepdim=True)).square().mean(dim=(1, 2, 3)).sqrt()

    ratio = colourfulness(augment(pictures, 1.0, ["colour"], seeded())) / colourfulness(pictures)
    assert ratio.min() < 0.02
    assert 2.5 < ratio.max() < 3.0 + 1e-3  # twice the saturation, one and a half times the contrast


def test_strength_rises_while_the_discriminator_recognises_the_real_and_falls_when_it_does_not() -> None:
    assert next_strength(0.2, 0.9, images=1000, images_to_full=10_000) == pytest.approx(0.3)
    assert next_strength(0.2, 0.1, images=1000, images_to_full=10_000) == pytest.approx(0.1)
    assert next_strength(0.2, 0.6, images=1000) == 0.2
    assert next_strength(0.05, -1.0, images=10_000, images_to_full=10_000) == 0.0
    assert next_strength(0.75, 1.0, images=10_000, images_to_full=10_000) == 0.8


def test_strength_settles_where_the_target_is_met() -> None:
    strength = 0.0
    for _ in range(200):
        strength = next_strength(strength, sign=1 - strength, images=64, images_to_full=6400)
    assert strength == pytest.approx(0.4, abs=0.011)


def test_the_sign_on_real_counts_how_many_are_recognised() -> None:
    real, drawn = torch.tensor([2.0, 3.0, 1.0, -1.0]), torch.tensor([-2.0, -3.0, -1.0, 1.0])
    assert sign_on_real(real, drawn, paired=False).item() == pytest.approx(0.5)
    assert sign_on_real(real, drawn, paired=True).item() == pytest.approx(0.5)
    assert sign_on_real(real + 100, drawn + 100, paired=False).item() == 1.0
    assert sign_on_real(real + 100, drawn + 100, paired=True).item() == pytest.approx(0.5)
