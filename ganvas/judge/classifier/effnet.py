"""EfficientNet-Lite0 in parts, with the ImageNet weights that the default encoder looks through."""

from __future__ import annotations

from torch import nn

from ganvas.encode.effnet_lite0 import with_imagenet_weights
from ganvas.judge.classifier.transfer import Pretrained

LEVELS = (6, 12, 17)  # of 80, 192 and 1280 channels
CENTRE, SPREAD = 127 / 255, 128 / 255  # the weights expect (value - 127) / 128


def effnet_lite0() -> Pretrained:
    """Stem, 16 blocks and the last convolution: 18 parts."""
    network = with_imagenet_weights()
    parts = nn.Sequential(
        nn.Sequential(network.stem, nn.ReLU6()), *network.blocks, nn.Sequential(network.head, nn.ReLU6())
    )
    return Pretrained(parts, LEVELS, (CENTRE,) * 3, (SPREAD,) * 3)
