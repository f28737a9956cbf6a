"""What a classifier can be built on, by name: `BACKBONES["effnet-lite0"].build(wanted)`.

One is added, here or by a plug-in, with `register(Backbone(...))`; importing this imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganvas.registry import Registry

if TYPE_CHECKING:
    from ganvas.judge.classifier.network import Network
    from ganvas.judge.classifier.settings import ClassifierSettings

SCRATCH = "scratch"
USUAL = "effnet-lite0"


@dataclass(frozen=True)
class Wanted:
    """What a network is built for: pictures [N, channels, height, width], so many labels, settings without gaps.

    `facts` are those a trained network was saved with: its weights are then read from there, and none are looked for.
    """

    settings: ClassifierSettings
    channels: int
    height: int
    width: int
    labels: int
    facts: dict[str, Any] | None = None


@dataclass(frozen=True)
class Backbone:
    """`macs_at_96` are multiply-adds of one picture at 96 × 96 pixels, where it comes with weights; 0 for scratch."""

    name: str
    build: Callable[[Wanted], Network]
    pretrained: bool = True
    macs_at_96: float = 0.0
    unfrozen: int = 1
    """How many of its last parts learn unless the settings say."""


BACKBONES: Registry[Backbone] = Registry("backbone")


def register(backbone: Backbone) -> Backbone:
    """Make a backbone known by its name."""
    BACKBONES[backbone.name] = backbone
    return backbone


def _scratch(wanted: Wanted) -> Network:
    from ganvas.judge.classifier.scratch import ScratchNetwork

    return ScratchNetwork(wanted)


def _effnet_lite0(wanted: Wanted) -> Network:
    from ganvas.judge.classifier.effnet import effnet_lite0
    from ganvas.judge.classifier.transfer import TransferNetwork

    return TransferNetwork(effnet_lite0(), wanted)


def _resnet18(wanted: Wanted) -> Network:
    from ganvas.judge.classifier.resnet import resnet18
    from ganvas.judge.classifier.transfer import TransferNetwork

    return TransferNetwork(resnet18(wanted), wanted)


register(Backbone(SCRATCH, _scratch, pretrained=False))
register(Backbone(USUAL, _effnet_lite0, macs_at_96=72e6, unfrozen=12))
register(Backbone("resnet18", _resnet18, macs_at_96=335e6, unfrozen=1))
