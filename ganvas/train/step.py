"""One training step: the discriminator learns from a real and a drawn batch, the generator from the discriminator."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganvas.train import ema
from ganvas.train.data import step_seed
from ganvas.train.losses import Loss, r1_penalty
from ganvas.train.schedule import ema_half_life, rate_scale
from ganvas.train.settings import TrainSettings


@dataclass
class Players:
    """The networks, their optimizers and how far they have come. All that a checkpoint holds."""

    generator: nn.Module
    discriminator: nn.Module
    average: nn.Module
    generator_optimizer: torch.optim.Adam
    discriminator_optimizer: torch.optim.Adam
    step: int = 0
    images: int = 0
    seconds: float = 0.0
    total_seconds: float = 0.0
    tick: int = -1
    one_colour_count: int = 0


@dataclass(frozen=True)
class StepResult:
    """Scalars still on the device (reading them every step would stall a GPU), and the drawn batch [N, C, H, W]."""

    metrics: dict[str, Tensor]
    drawn: Tensor


def train_step(
    players: Players, settings: TrainSettings, loss: Loss, real: Tensor, labels: Tensor | None, progress: float
) -> StepResult:
    """Advance both networks by one batch of real pictures float [N, C, H, W] and their labels int64 [N].

    The generator's pictures are drawn once and serve both players, as in the DCGAN paper's own loop: one forward less.
    The discriminator is frozen in the generator's turn, so that none of its gradients are computed in vain.
    """
    device = real.device
    torch.manual_seed(step_seed(settings.seed, players.step))
    for optimizer, rate in (
        (players.generator_optimizer, settings.generator_rate),
        (players.discriminator_optimizer, settings.discriminator_rate),
    ):
        optimizer.param_groups[0]["lr"] = (rate or 0.0) * rate_scale(progress, settings.warmup, settings.decay)
    mixed = torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16")
    latents = torch.randn(len(real), settings.network.latent, device=device)  # type: ignore[attr-defined]
    with mixed:
        drawn = players.generator(latents, labels)
    drawn = drawn.float()

    metrics, real_logits = _discriminator_turn(players, settings, loss, real, drawn.detach(), labels, mixed)
    players.discriminator.requires_grad_(False)
    with mixed:
        opinion = players.discriminator(drawn, labels)
    opinion = opinion.float()
    generator_loss = loss.generator(opinion, real_logits)
    players.generator_optimizer.zero_grad(set_to_none=True)
    generator_loss.backward()  # type: ignore[no-untyped-call]
    players.generator_optimizer.step()
    players.discriminator.requires_grad_(True)

    players.step += 1
    players.images += len(real)
    half_life = ema_half_life(players.images, settings.ema_share, len(real))
    ema.update(players.average, players.generator, len(real), half_life)
    fooled = opinion.detach() > (real_logits if loss.paired else 0)
    metrics |= {"loss_g": generator_loss.detach(), "fooled": fooled.float().mean()}
    return StepResult(metrics, drawn.detach())


def _discriminator_turn(
    players: Players,
    settings: TrainSettings,
    loss: Loss,
    real: Tensor,
    drawn: Tensor,
    labels: Tensor | None,
    mixed: torch.autocast,
) -> tuple[dict[str, Tensor], Tensor]:
    gamma = settings.gamma or 0.0
    penalised = gamma > 0 and players.step % settings.penalty_every == 0
    if penalised:
        # The penalty is differentiated twice: float32 throughout.
        real = real.requires_grad_()
        real_logits = players.discriminator(real, labels).float()
    else:
        with mixed:
            real_logits = players.discriminator(real, labels).float()
    with mixed:
        drawn_logits = players.discriminator(drawn, labels).float()
    play = loss.discriminator(real_logits, drawn_logits)
    total = play
    if penalised:
        # Lazy regularisation, Karras et al. 2019 (arXiv 1912.04958), 2.2: the penalty of `penalty_every` steps in one.
        total = total + 0.5 * gamma * settings.penalty_every * r1_penalty(real, real_logits)
    players.discriminator_optimizer.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    players.discriminator_optimizer.step()
    real_logits, drawn_logits = real_logits.detach(), drawn_logits.detach()
    middle = (real_logits.mean() + drawn_logits.mean()) / 2 if loss.paired else 0.0
    metrics = {
        "loss_d": play.detach(),
        "d_real": torch.sigmoid(real_logits - middle).mean(),
        "d_fake": torch.sigmoid(drawn_logits - middle).mean(),
    }
    return metrics, real_logits
