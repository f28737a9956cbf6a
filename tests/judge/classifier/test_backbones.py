"""Every registered backbone takes any picture, is rebuilt without its weights, and learns in its lessons alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganvas.errors import InputError, MissingExtra
from ganvas.judge.classifier.augment import augmented
from ganvas.judge.classifier.backbones import BACKBONES, Wanted
from ganvas.judge.classifier.classifier import Classifier
from ganvas.judge.classifier.feed import Order
from ganvas.judge.classifier.learning import learn_set
from ganvas.judge.classifier.network import one_cycle
from ganvas.judge.classifier.settings import classifier_settings
from ganvas.studio import StudioFolder

TRANSFER = {"size_px": 32, "hidden": 8, "unfrozen": 1, "batch": 16, "precision": "fp32"}


@pytest.fixture(scope="session")
def resnet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ResNet of transformers with random weights, small, as a person would have one in a folder."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 12, 16, 20], depths=[1, 1, 1, 1], layer_type="basic"
    )
    folder = tmp_path_factory.mktemp("resnet")
    transformers.ResNetModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(params=BACKBONES.names())
def backbone(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings that ask for each of them."""
    name = request.param
    more = {"weights": str(request.getfixturevalue("resnet_folder"))} if name == "resnet18" else {}
    return {"backbone": name, **TRANSFER, **more}


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 28, 28), (3, 20, 33), (1, 5, 4), (3, 130, 96)])
def test_pictures_of_any_size_give_a_logit_a_label(
    backbone: dict[str, Any], channels: int, height: int, width: int
) -> None:
    settings = classifier_settings({**backbone, "width": 4, "depth": 1})
    network = BACKBONES[backbone["backbone"]].build(Wanted(settings, channels, height, width, 5)).eval()
    with torch.no_grad():
        logits = network(torch.rand(2, channels, height, width))
    assert logits.shape == (2, 5)
    assert torch.isfinite(logits).all()


def test_a_network_is_rebuilt_from_its_facts_alone(backbone: dict[str, Any]) -> None:
    settings = classifier_settings(backbone)
    kind = BACKBONES[backbone["backbone"]]
    network = kind.build(Wanted(settings, 1, 16, 20, 3)).eval()
    elsewhere = settings.model_copy(update={"weights": "/nowhere"})
    again = kind.build(Wanted(elsewhere, 1, 16, 20, 3, network.facts)).eval()
    again.load_state_dict(network.state_dict())
    x = torch.rand(3, 1, 16, 20)
    with torch.no_grad():
        assert torch.equal(network(x), again(x))


def test_each_learns_stripes_and_says_the_same_when_loaded(studio: StudioFolder, backbone: dict[str, Any]) -> None:
    given = {**backbone, "budget": "30-epochs", "width": 4, "depth": 1, "rate": 0.01}
    learned = learn_set(studio, "stripes", given)
    assert learned.test().accuracy > 0.55  # a backbone of random weights sees little
    pictures = np.random.default_rng(0).integers(0, 256, (4, 1, 16, 20), np.uint8)
    assert np.array_equal(
        Classifier.load(studio.classifiers / learned.name).probabilities(pictures), learned.probabilities(pictures)
    )


@pytest.mark.parametrize("name", [name for name in BACKBONES.names() if BACKBONES[name].pretrained])
def test_only_the_last_parts_are_unfrozen_and_only_in_the_last_lesson(name: str, resnet_folder: Path) -> None:
    settings = classifier_settings({"backbone": name, **TRANSFER, "weights": str(resnet_folder)})
    network: Any = BACKBONES[name].build(Wanted(settings, 1, 16, 20, 3))
    frozen, unfrozen = network.lessons()

    def learning_in(lesson: Any) -> set[int]:
        return {id(weight) for group in network.learning(lesson) for weight in group["params"]}

    head = {id(weight) for weight in network.head.parameters()}
    assert learning_in(frozen) == head
    last = {id(weight) for weight in network.parts[-1].parameters()}
    assert learning_in(unfrozen) == head | last
    assert all(weight.requires_grad == (id(weight) in head | last) for weight in network.parameters())
    network.train()
    assert not any(part.training for part in network.parts.modules())


def test_missing_weights_of_resnet_are_one_line(tmp_path: Path, studio: StudioFolder) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(InputError, match="no weights of resnet18 in .*--set weights=FOLDER") as caught:
        learn_set(studio, "stripes", {"backbone": "resnet18", "weights": str(tmp_path / "empty")})
    assert "\n" not in str(caught.value)
    assert not studio.classifiers.exists()


def test_without_transformers_the_extra_is_named(studio: StudioFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'ganvas\[hf\]'"):
        learn_set(studio, "stripes", {"backbone": "resnet18"})


def test_augmentation_moves_recolours_and_mirrors_within_the_range() -> None:
    torch.manual_seed(0)
    ramp = torch.linspace(0, 1, 20).expand(64, 3, 16, 20).contiguous()
    assert torch.equal(augmented(ramp, []), ramp)
    mirrored = augmented(ramp, ["flip"])
    share = (mirrored == ramp).all(dim=3).all(dim=2).all(dim=1).float().mean()
    assert 0.3 < share < 0.7
    moved = augmented(ramp, ["shift"])
    steps = ((moved[:, 0, 0, 10] - ramp[:, 0, 0, 10]) * 19).round()
    assert sorted(set(steps.tolist())) == [-2, -1, 0, 1, 2]
    assert moved[:, 0, 0].diff(dim=1).min() >= 0  # its edge goes on, nothing black comes in
    coloured = augmented(ramp, ["colour"])
    assert 0 <= coloured.min() < coloured.max() <= 1
    assert not torch.equal(coloured, ramp)


def test_an_epoch_shows_every_picture_once_across_batches() -> None:
    order = Order(10, seed=3, lesson=0)
    shown = np.concatenate([order.batch(seen, 4) for seen in range(0, 20, 4)])
    assert sorted(shown[:10]) == sorted(shown[10:]) == list(range(10))
    assert not np.array_equal(shown[:10], shown[10:])
    assert np.array_equal(Order(10, 3, 0).batch(8, 4), shown[8:12])
    assert not np.array_equal(Order(10, 3, 1).batch(0, 10), shown[:10])


def test_the_rate_rises_then_falls_to_almost_nothing() -> None:
    rates = [one_cycle(progress / 100) for progress in range(101)]
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < rates[-1] < 0.01
