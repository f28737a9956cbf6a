"""May the pictures be mirrored? `flips_allowed(pictures, labels, seed)` asks them: can originals be told from mirrors?

Lin et al. 2020 ("Visual chirality", arXiv 2006.09512) ask the same of photographs with a trained network; here a
kernel ridge regression with an exact leave-one-out answers in a second. Where p is the density of the pictures and p'
that of their mirror images, the best guess which of a pair is the original is right with (1 + TV(p, p')) / 2, and
training on both aims for (p + p') / 2, which is TV(p, p') / 2 = accuracy − 1/2 away from p. So accuracy − 1/2 is the
share of what is learned from mirrored pictures that the set never shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

MOST_PICTURES = 1500  # the error of the accuracy is then 2 %
FEWEST_PICTURES = 20
ALLOWED = 0.65  # a seventh misplaced: a watermark in the corner of every fourth photograph passes, letters do not

DETAIL_PX = 32 * 32  # strokes are looked for at this size,
OUTLINE_PX = 16 * 16  # and the whole is compared at this one
STROKE_PX = 5
STROKES = 32
MATCH = 0.35  # correlation from which on a place resembles a stroke
FAINT = 10.0  # standard deviation, of 255 grays, below which a place is plain
RIDGE = 0.3
SHUFFLES = 200
BATCH = 32  # its maps of strokes stay in the processor's cache


@dataclass(frozen=True)
class FlipAnswer:
    """Whether mirroring is allowed, why, and how often originals were told from their mirror images (0.5: chance)."""

    allowed: bool
    reason: str
    accuracy: float

    def __str__(self) -> str:
        return f"{self.reason}: flips are {'on' if self.allowed else 'off'}"


def flips_allowed(pictures: NDArray[np.uint8], labels: NDArray[np.int64] | None, seed: int) -> FlipAnswer:
    """Ask pictures uint8 [N, C, H, W], of which at most 1,500 are read, so a memory-mapped array will do.

    `labels` int64 [N] are those that the generator is told, None where it is told none: left and right shoes are mirror
    images of each other as a set, but not under their own names. Allowed is up to 65 % accuracy with its error added: a
    wrongly mirrored letter spoils what is learned, a mirror image not used only makes the set smaller.
    Text that is small in a larger picture is not seen.
    """
    chosen = np.sort(np.random.default_rng(seed).permutation(len(pictures))[:MOST_PICTURES])
    told = None if labels is None else torch.from_numpy(np.asarray(labels)[chosen])
    detail, told = _without_doubles(_reduced(pictures, chosen, DETAIL_PX), told)
    if len(detail) < FEWEST_PICTURES:
        return FlipAnswer(False, f"{len(detail)} different pictures are too few to tell originals from mirrors", 0.5)
    random = torch.Generator().manual_seed(seed)
    readings = [_accuracy(_outlines(detail), told, random)]
    if min(detail.shape[2:]) >= STROKE_PX:
        readings.append(_accuracy(_strokes(detail, random), told, random))
    accuracy, error = max(readings)
    return _answer(accuracy, error, len(detail))


def _answer(accuracy: float, error: float, count: int) -> FlipAnswer:
    guessed = f"{100 * accuracy:.0f} % guessed right, 50 % by chance"
    if accuracy + error <= ALLOWED:
        how = "cannot be" if accuracy - 2 * error <= 0.5 else "are seldom"
        return FlipAnswer(True, f"mirror images {how} told from originals ({guessed})", accuracy)
    if accuracy - error <= ALLOWED:
        few = f"{guessed}, give or take {100 * error:.0f} %, of {count:,} pictures"
        return FlipAnswer(False, f"it is not certain that mirror images look like originals ({few})", accuracy)
    often = f"{100 * accuracy:.0f} % of the time"
    return FlipAnswer(False, f"originals are told from their mirror images {often}", accuracy)


# --- what is looked at. Every step must treat a picture and its mirror image alike, or it is the step that is told. ---


def _reduced(pictures: NDArray[np.uint8], chosen: NDArray[np.intp], pixels: int) -> Tensor:
    height, width = pictures.shape[2:]
    scale = min(1.0, (pixels / (height * width)) ** 0.5)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    parts = [
        F.adaptive_avg_pool2d(torch.from_numpy(np.array(pictures[chosen[start : start + BATCH]])).float(), size)
        for start in range(0, len(chosen), BATCH)
    ]
    return torch.cat(parts) if parts else torch.empty(0, pictures.shape[1], *size)


def _without_doubles(detail: Tensor, told: Tensor | None) -> tuple[Tensor, Tensor | None]:
    # A copy would be recognised, not judged; of 7,000 house fronts from the web every seventh was one.
    kept = sorted({row.tobytes(): i for i, row in enumerate(detail.numpy())}.values())
    return detail[kept], None if told is None else told[kept]


def _outlines(detail: Tensor) -> tuple[Tensor, Tensor]:
    # The whole picture, small, without its brightness and contrast; and its mirror image's.
    height, width = detail.shape[2:]
    scale = min(1.0, (OUTLINE_PX / (height * width)) ** 0.5)
    x = F.adaptive_avg_pool2d(detail, (max(1, round(height * scale)), max(1, round(width * scale))))
    x = x - x.mean(dim=(2, 3), keepdim=True)
    x = x / (x.square().mean(dim=(1, 2, 3), keepdim=True).sqrt() + 1)
    return x.flatten(1), x.flip(3).flatten(1)


def _strokes(detail: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """How often each of some strokes occurs, wherever: float [N, 2 K], K taken from the pictures and their mirrors.

    What one letter teaches then helps with the next: of 100 letters 76 % are told in this way, 60 % by their outlines.
    """
    gray = detail.mean(dim=1, keepdim=True)
    bank = _bank(gray, random)
    parts = []
    for start in range(0, len(gray), BATCH):
        x = gray[start : start + BATCH]
        mean = F.avg_pool2d(x, STROKE_PX, 1)
        variance = (F.avg_pool2d(x.square(), STROKE_PX, 1) - mean.square()).clamp_min(0)
        match = F.conv2d(x, bank) / (STROKE_PX * (variance + FAINT**2).sqrt())
        parts.append((match - MATCH).relu_().mean(dim=(2, 3)))
    found = torch.cat(parts)
    # Mirroring a picture mirrors its strokes: what the first half of the bank found, the second half finds.
    mirrored = found.roll(len(bank) // 2, dims=1)
    both = torch.cat([found, mirrored])
    spread = both.std(dim=0) + 1e-6
    return found / spread, mirrored / spread


def _bank(gray: Tensor, random: torch.Generator) -> Tensor:
    # Patches of the pictures, the more contrasted half of those drawn, each of mean 0 and length 1; then their mirrors.
    patches = F.unfold(gray[torch.randint(len(gray), (2 * STROKES,), generator=random)], STROKE_PX).transpose(1, 2)
    place = torch.randint(patches.shape[1], (2 * STROKES,), generator=random)
    drawn = patches[torch.arange(2 * STROKES), place]
    drawn = drawn - drawn.mean(dim=1, keepdim=True)
    length = drawn.norm(dim=1)
    best = length.argsort(descending=True)[:STROKES]
    bank = (drawn[best] / (length[best][:, None] + 1e-6)).view(-1, 1, STROKE_PX, STROKE_PX)
    return torch.cat([bank, bank.flip(3)])


# --- who is told ---


def _accuracy(views: tuple[Tensor, Tensor], told: Tensor | None, random: torch.Generator) -> tuple[float, float]:
    """How often an original is told from its mirror image by all the other pictures, and the error of that.

    Kernel ridge regression of +1 on f(x) − f(mirrored x), a Gaussian kernel made antisymmetric: k(x, y) − k(x, y').
    With G = (K + ridge)⁻¹ the prediction without picture i is y_i − (G y)_i / G_ii: leave-one-out from one inverse.
    The error is the standard deviation of the accuracy where the sides are shuffled at random.
    """
    kernel = _kernel(*views)
    if told is not None:
        kernel = kernel * (1 + (told[:, None] == told[None, :]).float()) / 2
    count = len(kernel)
    ridge = RIDGE * float(kernel.diagonal().mean()) + 1e-3
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(kernel + ridge * torch.eye(count)))
    sides = torch.randint(0, 2, (count, SHUFFLES), generator=random).float() * 2 - 1
    sides = torch.cat([torch.ones(count, 1), sides], dim=1)
    margin = 1 - sides * (inverse @ sides) / inverse.diagonal()[:, None]
    # Below 1e-4 it is rounding: a picture that is its own mirror image is guessed right by a coin.
    right = torch.where(margin.abs() < 1e-4, 0.5, (margin > 0).float()).mean(dim=0)
    return float(right[0]), float(right[1:].std())


def _kernel(x: Tensor, mirrored: Tensor) -> Tensor:
    centre = (x.mean(dim=0) + mirrored.mean(dim=0)) / 2
    x, mirrored = x - centre, mirrored - centre
    same, across = _squared_distances(x, x), _squared_distances(x, mirrored)
    # Pictures that differ by less than float32 can square are all the same to each other.
    width = torch.maximum(same.median(), 1e-3 * x.square().sum(dim=1).mean() + 1e-6)
    return (-same / width).exp() - (-across / width).exp()


def _squared_distances(a: Tensor, b: Tensor) -> Tensor:
    norms = a.square().sum(dim=1)[:, None] + b.square().sum(dim=1)[None, :]
    return torch.addmm(norms, a, b.T, alpha=-2).clamp_min_(0)
