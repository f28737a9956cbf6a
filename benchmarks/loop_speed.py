"""Our training step against the plain fp32 loop of a DCGAN tutorial, on the same 64 px networks, in one run.

The networks are the DCGAN paper's (arXiv 1511.06434) at 64 × 64: 100 numbers of noise, 64 filters, batch norm in both,
batches of 64. The plain loop does what tutorials do: float32, contiguous tensors, the discriminator's gradients
computed in the generator's turn too. Ours adds an averaged generator on top. Blocks of steps alternate; the ratio is
of medians.
"""

from __future__ import annotations

import copy
import statistics
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.device import choose_precision
from ganvas.train.data import to_network
from ganvas.train.losses import LOSSES
from ganvas.train.settings import train_settings
from ganvas.train.step import Players, train_step

BATCH, LATENT, FILTERS = 64, 100, 64
BLOCKS, STEPS = 5, 4


class Generator(nn.Module):
    latent = LATENT

    def __init__(self) -> None:
        super().__init__()
        widths = [FILTERS * 8, FILTERS * 4, FILTERS * 2, FILTERS]
        layers: list[nn.Module] = [nn.ConvTranspose2d(LATENT, widths[0], 4, 1, 0, bias=False)]
        for narrow, wide in zip(widths[1:], widths[:-1], strict=True):
            layers += [nn.BatchNorm2d(wide), nn.ReLU(True), nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False)]
        layers += [nn.BatchNorm2d(FILTERS), nn.ReLU(True)]
        layers += [nn.ConvTranspose2d(FILTERS, 3, 4, 2, 1, bias=False), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.layers(latent[:, :, None, None])


class Discriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths = [FILTERS, FILTERS * 2, FILTERS * 4, FILTERS * 8]
        layers: list[nn.Module] = [nn.Conv2d(3, FILTERS, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
        for narrow, wide in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Conv2d(narrow, wide, 4, 2, 1, bias=False), nn.BatchNorm2d(wide), nn.LeakyReLU(0.2, True)]
        layers += [nn.Conv2d(widths[-1], 1, 4, 1, 0, bias=False)]
        self.layers = nn.Sequential(*layers)

    def forward(self, pictures: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.layers(pictures).flatten()


class PlainLoop:
    """One step as tutorials write it."""

    def __init__(self) -> None:
        self.generator, self.discriminator = Generator(), Discriminator()
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), 2e-4, (0.5, 0.999))
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), 2e-4, (0.5, 0.999))

    def step(self, real: Tensor) -> None:
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        self.discriminator.zero_grad()
        F.binary_cross_entropy_with_logits(self.discriminator(real), ones).backward()
        drawn = self.generator(torch.randn(len(real), LATENT))
        F.binary_cross_entropy_with_logits(self.discriminator(drawn.detach()), zeros).backward()
        self.discriminator_optimizer.step()
        self.generator.zero_grad()
        F.binary_cross_entropy_with_logits(self.discriminator(drawn), ones).backward()
        self.generator_optimizer.step()


class OurLoop:
    """`ganvas.train.step` on the same networks, without a penalty, as the plain loop has none."""

    def __init__(self) -> None:
        precision = choose_precision(None, "cpu")
        print(f"precision = {precision.name} ({precision.reason})")
        given = {"network": {"latent": LATENT}, "gamma": 0, "batch": BATCH, "precision": precision.name}
        self.settings = train_settings({**given, "generator_rate": 2e-4, "discriminator_rate": 2e-4, "beta1": 0.5})
        generator = Generator().to(memory_format=torch.channels_last)
        discriminator = Discriminator().to(memory_format=torch.channels_last)
        self.players = Players(
            generator=generator,
            discriminator=discriminator,
            average=copy.deepcopy(generator).requires_grad_(False),
            generator_optimizer=torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999)),
            discriminator_optimizer=torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999)),
        )
        self.loss = LOSSES["non-saturating"]

    def step(self, real: Tensor) -> None:
        train_step(self.players, self.settings, self.loss, real, None, 0.0)


def main() -> None:
    pictures = torch.randint(0, 256, (BATCH, 3, 64, 64), dtype=torch.uint8).numpy()
    loops = {"plain fp32 loop": PlainLoop(), "ganvas": OurLoop()}
    batches = {"plain fp32 loop": to_network(pictures, "cpu").contiguous(), "ganvas": to_network(pictures, "cpu")}
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for block in range(BLOCKS + 1):
        for name, training in loops.items():
            begun = time.perf_counter()
            for _ in range(STEPS):
                training.step(batches[name])
            if block > 0:  # the first warms up
                rates[name].append(BATCH * STEPS / (time.perf_counter() - begun))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, values in rates.items():
        print(f"{name:16} median {medians[name]:6.1f} images/s  min {min(values):6.1f}  max {max(values):6.1f}")
    print(f"ratio of medians {medians['ganvas'] / medians['plain fp32 loop']:.2f}")


if __name__ == "__main__":
    main()
