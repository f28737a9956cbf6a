"""Augmentation inside the gradient: `discriminator(augment(pictures, 0.4, ("colour", "translation", "cutout")))`.

After DiffAugment (Zhao et al. 2020, arXiv 2006.10738) the discriminator sees real and drawn pictures through the same
random changes, and the generator learns through them; after ADA (Karras et al. 2020, arXiv 2006.06676) each change
meets each picture with a probability, the strength, that `next_strength` moves as the discriminator overfits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ganvas.registry import Registry

FARTHEST = 1 / 8  # translation, as a share of each side
CUT = 1 / 2  # cutout, as a share of each side

# A kind changes the pictures [N, C, H, W] where `applied` (bool [N]) says so, and leaves the others bit for bit.
Kind = Callable[[Tensor, Tensor, torch.Generator | None], Tensor]
AUGMENTATIONS: Registry[Kind] = Registry("augmentation")


def register(name: str) -> Callable[[Kind], Kind]:
    """Decorator on a kind of augmentation. The order of registration is the order in which kinds are applied."""

    def keep(kind: Kind) -> Kind:
        AUGMENTATIONS[name] = kind
        return kind

    return keep


def augment(
    pictures: Tensor, strength: float, kinds: Sequence[str], generator: torch.Generator | None = None
) -> Tensor:
    """Pictures float [N, C, H, W] in −1 … 1, each changed by each kind with probability `strength`, independently.

    Twice differentiable; the memory format stays; a strength of 0 returns the pictures themselves. Random numbers are
    drawn on the pictures' device from `generator`, or from torch's own. Raises SettingsError for an unknown kind.
    """
    wanted = [AUGMENTATIONS[name] for name in kinds]
    if strength <= 0:
        return pictures
    for kind in AUGMENTATIONS.values():
        if kind in wanted:
            applied = _uniform(pictures, generator) < strength
            pictures = kind(pictures, applied, generator)
    return pictures


def mirror(pictures: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Every picture or its mirror image, by a coin: the set twice as large, for real pictures that `flips.py` allows.

    Not an augmentation: the generator is to draw mirror images too, so the strength has no part in it.
    """
    return _mirrored(pictures, _uniform(pictures, generator) < 0.5)


def next_strength(
    strength: float,
    sign: float,
    images: int,
    target: float = 0.6,
    images_to_full: float = 500_000,
    most: float = 0.8,
) -> float:
    """The strength after `images` more pictures: up where `sign_on_real` is over the target, down where it is under.

    ADA, section 3: fixed steps such that 0 reaches 1 in `images_to_full`. A mean sign over fewer than some hundred
    pictures is noise. Above `most` the changes leak into what is drawn (ADA, section 2).
    """
    step = images / images_to_full
    moved = strength + step if sign > target else strength - step if sign < target else strength
    return min(most, max(0.0, moved))


def sign_on_real(real: Tensor, drawn: Tensor, paired: bool) -> Tensor:
    """E[sign D(real)] of logits [N], ADA's r_t: 0 where real looks like drawn, 1 where every real one is recognised.

    A paired loss leaves the logits' zero undecided (adding a constant to D changes nothing), so there the sign is taken
    from the middle between both means: an unpaired discriminator's zero lies there, so the target means the same.
    """
    middle = (real.mean() + drawn.mean()) / 2 if paired else 0.0
    return (real - middle).sign().mean()


@register("flip")
def _flip(pictures: Tensor, applied: Tensor, generator: torch.Generator | None) -> Tensor:
    # By a coin, as in ADA: at most half are mirrored. A strength above 1/2 would otherwise make mirror images the rule.
    return _mirrored(pictures, applied & (_uniform(pictures, generator) < 0.5))


@register("colour")
def _colour(pictures: Tensor, applied: Tensor, generator: torch.Generator | None) -> Tensor:
    # DiffAugment's ranges: brightness ± 1/2, saturation 0 … 2 about a pixel's gray, contrast 1/2 … 3/2 about the mean.
    share = applied.to(pictures.dtype)
    brightness, saturation, contrast = (
        (centre + width * (_uniform(pictures, generator) - 0.5) * share)[:, None, None, None]
        for centre, width in ((0.0, 1.0), (1.0, 2.0), (1.0, 1.0))
    )
    offset = (1 - contrast) * pictures.mean(dim=(1, 2, 3), keepdim=True) + brightness
    if pictures.shape[1] > 1:
        offset = offset + contrast * (1 - saturation) * pictures.mean(dim=1, keepdim=True)
        contrast = contrast * saturation
    return contrast * pictures + offset


@register("translation")
def _translation(pictures: Tensor, applied: Tensor, generator: torch.Generator | None) -> Tensor:
    # The edge left free is mid-gray: a moved picture is then seen to be moved, and none is drawn as if it were not.
    reach = (int(pictures.shape[2] * FARTHEST + 0.5), int(pictures.shape[3] * FARTHEST + 0.5))
    down, right = (
        torch.randint(-most, most + 1, (len(pictures),), device=pictures.device, generator=generator) * applied
        for most in reach
    )
    moved: Tensor = _Moved.apply(pictures, down, right, reach)  # type: ignore[no-untyped-call]
    return moved


@register("cutout")
def _cutout(pictures: Tensor, applied: Tensor, generator: torch.Generator | None) -> Tensor:
    # Of half the height and width, around any point of the picture, so that less is cut at its edges; mid-gray.
    rows, columns = (
        (torch.arange(side, device=pictures.device) + 0.5 - side * _uniform(pictures, generator)[:, None]).abs()
        < side * CUT / 2
        for side in pictures.shape[2:]
    )
    cut = applied[:, None, None] & rows[:, :, None] & columns[:, None, :]
    return pictures * ~cut[:, None]


class _Moved(torch.autograd.Function):
    """Each picture moved by its own pixels down and right, zeros where it left. Its gradient is the move back.

    So both directions copy one window a picture. Torch's own gradient of a gather is a scatter: at 128 × 96 the two
    together take 2 to 5 times as long, and on CUDA a scatter adds in no fixed order.
    """

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, down: Tensor, right: Tensor, reach: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(down, right)
        ctx.reach = reach
        (_, _, height, width), (most_down, most_right) = pictures.shape, reach
        padded = F.pad(pictures, (most_right, most_right, most_down, most_down))
        windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # [N, C, 2 down + 1, 2 right + 1, H, W], a view
        each = torch.arange(len(pictures), device=pictures.device)
        if pictures.is_contiguous():
            return windows.movedim(1, 3)[each, most_down - down, most_right - right]
        return windows.movedim(1, 5)[each, most_down - down, most_right - right].permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        down, right = ctx.saved_tensors
        return _Moved.apply(gradient, -down, -right, ctx.reach), None, None, None  # type: ignore[no-untyped-call]


def _mirrored(pictures: Tensor, chosen: Tensor) -> Tensor:
    return torch.where(chosen[:, None, None, None], pictures.flip(3), pictures)


def _uniform(pictures: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.rand(len(pictures), device=pictures.device, dtype=pictures.dtype, generator=generator)
