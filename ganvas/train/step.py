"""One training step: the discriminator learns from a real and a drawn batch, the generator from the discriminator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganvas.train import ema, penalties
from ganvas.train.augment import augment, mirror, sign_on_real
from ganvas.train.data import step_seed
from ganvas.train.drift import drift_loss, pixel_features
from ganvas.train.losses import LOSSES, Loss
from ganvas.train.penalties import PENALTIES, Penalty
from ganvas.train.players import Players
from ganvas.train.processes import Processes
from ganvas.train.schedule import between, ema_half_life, rate_scale
from ganvas.train.settings import TrainSettings


@dataclass(frozen=True)
class Game:
    """What stays the same from step to step."""

    settings: TrainSettings
    loss: Loss
    penalty: Penalty
    processes: Processes

    @classmethod
    def of(cls, settings: TrainSettings, processes: Processes) -> Game:
        """The game that resolved settings describe."""
        return cls(settings, LOSSES[settings.loss or ""], PENALTIES[settings.penalty or "none"], processes)


@dataclass(frozen=True)
class Batch:
    """Real pictures float [N, C, H, W], what they are told [N, C'] and its rows int64 [N], latents [N, Z]."""

    real: Tensor
    condition: Tensor
    rows: Tensor
    latents: Tensor

    def __len__(self) -> int:
        return len(self.real)

    def split(self, size: int | None) -> list[Batch]:
        """Micro-batches of at most `size` pictures."""
        if size is None or size >= len(self):
            return [self]
        whole = (self.real, self.condition, self.rows, self.latents)
        parts = zip(*(torch.split(tensor, size) for tensor in whole), strict=True)
        return [Batch(*part) for part in parts]


@dataclass(frozen=True)
class StepResult:
    """Scalars still on the device (reading them every step would stall a GPU), and the drawn batch [N, C, H, W]."""

    metrics: dict[str, Tensor]
    drawn: Tensor


def train_step(
    players: Players, game: Game, real: Tensor, condition: Tensor, rows: Tensor, progress: float
) -> StepResult:
    """Advance both networks by one batch: this process's real pictures float [N, C, H, W] and their condition.

    With one micro-batch the generator's pictures are drawn once and serve both players, as in the DCGAN paper's own
    loop: one forward less. The discriminator is frozen in the generator's turn, so that none of its gradients are
    computed in vain.
    """
    settings, processes = game.settings, game.processes
    _set_rates(players, settings, progress)
    torch.manual_seed(step_seed(settings.seed, players.step))
    count = len(real) * processes.count
    # The latents of all processes are drawn in each: two processes then train like one with the double batch.
    latents = torch.randn(count, settings.network.latent, device=real.device)[processes.share(count)]  # type: ignore[attr-defined]
    if processes.rank:
        torch.manual_seed(step_seed(settings.seed, players.step, processes.rank))
    if settings.mirror:
        real = mirror(real)
    if condition.shape[1] and settings.condition == "word" and settings.word_design == "map":
        # So that the words between the learned ones are told apart too; the table's rows are of unit length.
        condition = condition + settings.word_noise / condition.shape[1] ** 0.5 * torch.randn_like(condition)
    batches = Batch(real, condition, rows, latents).split(players.micro_batch)
    turn = _Turn(players, game, batches, progress)
    metrics = turn.discriminator() if game.loss.adversarial else {}
    metrics |= turn.generator()
    players.step += 1
    players.images += count
    for average, share in zip(players.averages, settings.ema_shares, strict=True):
        ema.update(average, players.generator, count, ema_half_life(players.images, share, count))
    return StepResult(metrics, turn.drawn.detach())


def _set_rates(players: Players, settings: TrainSettings, progress: float) -> None:
    scale = rate_scale(progress, settings.warmup, settings.decay or 0.0, settings.rate_end or 0.0)
    beta2 = between(settings.beta2 or 0.0, settings.beta2_end or 0.0, progress)
    for optimizer, rate in (
        (players.generator_optimizer, settings.generator_rate),
        (players.discriminator_optimizer, settings.discriminator_rate),
    ):
        group = optimizer.param_groups[0]
        group["lr"] = (rate or 0.0) * scale * players.rate_factor
        group["betas"] = (group["betas"][0], beta2)


class _Turn:
    """Both players' turns on the micro-batches of one step."""

    def __init__(self, players: Players, game: Game, batches: list[Batch], progress: float) -> None:
        self.players, self.game, self.batches = players, game, batches
        settings = game.settings
        self.gamma = (settings.gamma or 0.0) * between(1.0, settings.gamma_end or 0.0, progress)
        every = settings.penalty_every or 1
        # Lazy regularisation, Karras et al. 2019 (arXiv 1912.04958), 2.2: the penalty of `every` steps in one.
        self.penalised = self.gamma > 0 and players.step % every == 0
        self.weight = self.gamma * every
        device = batches[0].real.device.type
        self.mixed = torch.autocast(device, torch.bfloat16, enabled=settings.precision == "bf16")
        self.drawn = self._draw(batches[0]) if len(batches) == 1 else torch.empty(0)
        self.opinions: list[Tensor] = []  # of real pictures, a tensor a micro-batch

    def _draw(self, batch: Batch) -> Tensor:
        with self.mixed:
            drawn: Tensor = self.players.generator(batch.latents, batch.condition)
        return drawn.float()

    def _drawn(self, batch: Batch) -> Tensor:
        if len(self.batches) > 1:
            self.drawn = self._draw(batch)
        return self.drawn

    def _share(self, batch: Batch) -> float:
        return len(batch) / sum(map(len, self.batches))

    def _augmented(self, pictures: Tensor) -> Tensor:
        return augment(pictures, self.players.strength, self.game.settings.augment or [])

    def discriminator(self) -> dict[str, Tensor]:
        """Tell real from drawn; the metrics are means over the micro-batches."""
        players, optimizer = self.players, self.players.discriminator_optimizer
        optimizer.zero_grad(set_to_none=True)
        sums: dict[str, Tensor] = {}
        for batch in self.batches:
            if len(self.batches) > 1:
                with torch.no_grad():
                    drawn = self._drawn(batch)
            else:
                drawn = self.drawn.detach()
            for name, value in self._tell_apart(batch, drawn).items():
                sums[name] = sums.get(name, 0) + value * self._share(batch)
        self.game.processes.average_gradients(players.discriminator)
        optimizer.step()
        return sums

    def _tell_apart(self, batch: Batch, drawn: Tensor) -> dict[str, Tensor]:
        judge, kind, condition = self.players.discriminator, self.game.penalty, batch.condition
        on_real, on_drawn = self.penalised and kind.on_real, self.penalised and kind.on_drawn
        real = batch.real.requires_grad_() if on_real else batch.real
        drawn = drawn.requires_grad_() if on_drawn else drawn
        # What is differentiated twice is computed in float32.
        with torch.autocast(real.device.type, enabled=False) if on_real else self.mixed:
            real_logits, beside = judge.on_real(self._augmented(real), condition)
        with torch.autocast(real.device.type, enabled=False) if on_drawn else self.mixed:
            drawn_logits = judge(self._augmented(drawn), condition)
        real_logits, drawn_logits = real_logits.float(), drawn_logits.float()
        play = self.game.loss.discriminator(real_logits, drawn_logits)
        total = play if beside is None else play + beside
        if on_real:
            total = total + 0.5 * self.weight * penalties.squared_gradient(real, real_logits)
        if on_drawn:
            total = total + 0.5 * self.weight * penalties.squared_gradient(drawn, drawn_logits)
        if self.penalised and kind.between:
            total = total + self.weight * penalties.interpolated(lambda x: judge(x, condition), real, drawn)
        (total * self._share(batch)).backward()  # type: ignore[no-untyped-call]
        real_logits, drawn_logits = real_logits.detach(), drawn_logits.detach()
        self.opinions.append(real_logits)
        return {"loss_d": play.detach(), **_opinions(real_logits, drawn_logits, self.game.loss)}

    def generator(self) -> dict[str, Tensor]:
        """Please the discriminator, or drift."""
        players, optimizer = self.players, self.players.generator_optimizer
        optimizer.zero_grad(set_to_none=True)
        sums: dict[str, Tensor] = {}
        with _frozen(players.discriminator):
            for i, batch in enumerate(self.batches):
                drawn = self._drawn(batch)
                metrics = self._please(i, drawn) if self.game.loss.adversarial else self._drift(batch, drawn)
                for name, value in metrics.items():
                    sums[name] = sums.get(name, 0) + value * self._share(batch)
        self.game.processes.average_gradients(players.generator)
        optimizer.step()
        return sums

    def _please(self, i: int, drawn: Tensor) -> dict[str, Tensor]:
        batch, judge, weight = self.batches[i], self.players.discriminator, self.game.settings.drift_weight
        with self.mixed:
            features = judge.features(self._augmented(drawn))
            opinion = judge.head(features, batch.condition)
        opinion = opinion.float()
        play = self.game.loss.generator(opinion, self.opinions[i])
        total = play
        if weight:
            with torch.no_grad(), self.mixed:
                aims = judge.features(self._augmented(batch.real))
            total = play + weight * drift_loss(features.float(), aims.float(), batch.rows, batch.rows)
        (total * self._share(batch)).backward()  # type: ignore[no-untyped-call]
        fooled = opinion.detach() > (self.opinions[i] if self.game.loss.paired else 0)
        return {"loss_g": play.detach(), "fooled": fooled.float().mean()}

    def _drift(self, batch: Batch, drawn: Tensor) -> dict[str, Tensor]:
        scales = zip(pixel_features(drawn), pixel_features(batch.real), strict=True)
        play = torch.stack([drift_loss(x, y, batch.rows, batch.rows) for x, y in scales]).mean()
        (play * self._share(batch)).backward()  # type: ignore[no-untyped-call]
        return {"loss_g": play.detach()}


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """No gradients for its weights; they are wanted again afterwards, also of a step that ran out of memory."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


def _opinions(real: Tensor, drawn: Tensor, loss: Loss) -> dict[str, Tensor]:
    # What the augmentation adapts to, Karras et al. 2020 (arXiv 2006.06676), eq. 1: r_t.
    certainty = {"certainty": sign_on_real(real, drawn, loss.paired)}
    if not loss.odds:
        return certainty
    middle = (real.mean() + drawn.mean()) / 2 if loss.paired else torch.zeros((), device=real.device)
    return {"d_real": torch.sigmoid(real - middle).mean(), "d_fake": torch.sigmoid(drawn - middle).mean(), **certainty}
