"""ResNet-18 through Hugging Face transformers: from a folder or a name on the hub, `--set weights=FOLDER`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from ganvas.errors import InputError, MissingExtra
from ganvas.judge.classifier.backbones import Wanted
from ganvas.judge.classifier.transfer import Pretrained

if TYPE_CHECKING:
    from transformers import ResNetModel

SHAPE = ("num_channels", "embedding_size", "hidden_sizes", "depths", "layer_type", "hidden_act")
LEVELS = (2, 3, 4)  # the last three stages
HUB_NAME = "microsoft/resnet-18"
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which the weights were trained on


def resnet18(wanted: Wanted) -> Pretrained:
    """The embedder and each stage: 5 parts. Raises MissingExtra without transformers, InputError without weights."""
    try:
        from transformers import ResNetConfig, ResNetModel
    except ImportError as error:
        raise MissingExtra("the backbone resnet18", "hf") from error
    if wanted.facts is not None:
        network: Any = ResNetModel(ResNetConfig.from_dict(wanted.facts["config"]))
    else:
        network = _with_weights(ResNetModel, wanted.settings.weights or HUB_NAME)
    parts = nn.Sequential(network.embedder, *network.encoder.stages)
    config = {name: getattr(network.config, name) for name in SHAPE}
    return Pretrained(parts, LEVELS, MEAN, SPREAD, {"config": config})


def _with_weights(kind: type[ResNetModel], place: str) -> Any:
    try:
        return kind.from_pretrained(place)
    except Exception as error:  # a hub fails in many ways: no network, no such name, a folder without weights
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"no weights of resnet18 in {place!r} ({reason}): name a folder that holds them, --set weights=FOLDER, "
            "or use --backbone effnet-lite0, whose weights are here"
        ) from error
