"""Every registered loss pulls both players the right way; the penalty is the gradient it says it is."""

from __future__ import annotations

import pytest
import torch

from ganvas.errors import SettingsError
from ganvas.train.losses import LOSSES
from ganvas.train.penalties import squared_gradient
from ganvas.train.step import _opinions


@pytest.mark.parametrize("name", [name for name in LOSSES if LOSSES[name].adversarial])
def test_each_player_is_pulled_its_own_way(name: str) -> None:
    game = LOSSES[name]
    real, fake = torch.zeros(8, requires_grad=True), torch.zeros(8, requires_grad=True)
    game.discriminator(real, fake).backward()
    assert (real.grad < 0).all()  # lower loss with higher logits for real pictures
    assert (fake.grad > 0).all()
    fake.grad = None
    game.generator(fake, real.detach()).backward()
    assert (fake.grad < 0).all()


def test_a_critic_has_no_odds_to_be_alarmed_by() -> None:
    torch.manual_seed(0)
    real, drawn = torch.randn(64) + 40, torch.randn(64) + 38
    assert set(_opinions(real, drawn, LOSSES["wasserstein"])) == {"certainty"}
    moved = [_opinions(real + by, drawn + by, LOSSES["wasserstein"])["certainty"] for by in (-100, 0, 100)]
    assert moved[0] == moved[1] == moved[2] > 0.3
    assert {"d_real", "d_fake"} < set(_opinions(real, drawn, LOSSES["relativistic"]))


def test_r1_of_a_linear_discriminator_is_the_norm_of_its_weights() -> None:
    weights = torch.randn(3, 4, 5)
    pictures = torch.randn(6, 3, 4, 5, requires_grad=True)
    logits = (pictures * weights).sum(dim=(1, 2, 3))
    assert squared_gradient(pictures, logits).item() == pytest.approx(weights.square().sum().item(), rel=1e-5)


def test_a_misspelt_loss_is_guessed() -> None:
    with pytest.raises(SettingsError, match="Did you mean hinge"):
        LOSSES["hing"]
