"""What the two networks play for: pure functions of logits float [N], positive meaning real. Registered by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from ganvas.registry import Registry


@dataclass(frozen=True)
class Loss:
    """`discriminator(real, fake)` and `generator(fake, real)`, means over a batch whose pairs share their label."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    paired: bool  # logits then mean something only beside each other, not beside zero
    odds: bool = True  # whether logits are the logarithms of odds, of which a sigmoid makes a certainty
    adversarial: bool = True  # without: the generator drifts by itself (drift.py), these functions stay unused


LOSSES: Registry[Loss] = Registry("loss")


def register(name: str, paired: bool = False, odds: bool = True, adversarial: bool = True) -> Callable[[type], type]:
    """Decorator on a class with static methods `discriminator` and `generator`."""

    def keep(pair: type) -> type:
        LOSSES[name] = Loss(pair.discriminator, pair.generator, paired, odds, adversarial)  # type: ignore[attr-defined]
        return pair

    return keep


@register("non-saturating")
class NonSaturating:
    """Goodfellow et al. 2014 (arXiv 1406.2661), section 3: maximise log D(G(z)), not minimise log(1 − D(G(z)))."""

    @staticmethod
    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    @staticmethod
    def generator(fake: Tensor, real: Tensor) -> Tensor:
        return F.softplus(-fake).mean()


@register("hinge")
class Hinge:
    """Lim & Ye 2017 (arXiv 1705.02894), eq. 9-10."""

    @staticmethod
    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    @staticmethod
    def generator(fake: Tensor, real: Tensor) -> Tensor:
        return -fake.mean()


@register("relativistic", paired=True)
class Relativistic:
    """Huang et al. 2025 (arXiv 2501.05441), eq. 1: each fake is weighed against one real picture, not against zero."""

    @staticmethod
    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(fake - real).mean()

    @staticmethod
    def generator(fake: Tensor, real: Tensor) -> Tensor:
        return F.softplus(real - fake).mean()


@register("wasserstein", paired=True, odds=False)
class Wasserstein:
    """Arjovsky et al. 2017 (arXiv 1701.07875), eq. 2; it needs a penalty (penalties.py) to stay Lipschitz."""

    @staticmethod
    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return fake.mean() - real.mean()

    @staticmethod
    def generator(fake: Tensor, real: Tensor) -> Tensor:
        return -fake.mean()


@register("drifting", adversarial=False)
class Drifting:
    """Deng et al. 2026 (arXiv 2602.04770): no game. The generator drifts by itself (drift.py), nothing here is used."""

    @staticmethod
    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return fake.mean() * 0

    generator = discriminator
