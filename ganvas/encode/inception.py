"""Inception v3 as FID means it, from weights on disk: `InceptionEncoder("pt_inception-2015-12-05-6726825d.pth")`.

The network of Szegedy et al. 2015 (arXiv 1512.00567), table 1 and figures 5 to 7 and 10, in the TensorFlow release of
2015-12-05 that Heusel et al. 2017 (arXiv 1706.08500) measured with, of which FID's name and numbers depend: 1,008
classes, average pooling that leaves the padding out, a maximum in the last block's pool. Pictures are enlarged to
299 × 299 as Parmar et al. 2022 (arXiv 2104.11222, "clean") do: Pillow's bicubic in floating point, not rounded.
"""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.encode.batches import in_batches
from ganvas.errors import InputError
from ganvas.progress import Progress

FEATURES = 2048
SIZE_PX = 299
BATCH = 32
WEIGHTS = (
    "pt_inception-2015-12-05-6726825d.pth (of pytorch-fid or torch-fidelity) or inception-2015-12-05.pt (TorchScript)"
)


class InceptionEncoder:
    """uint8 [N, C, H, W] -> float32 [N, 2048], the pooled features that FID is defined on."""

    name = "inception"
    features = FEATURES
    size_px = SIZE_PX

    def __init__(self, weights: Path | None) -> None:
        """Raises InputError where there are no weights, or others."""
        if weights is None:
            raise InputError(f"--encoder inception needs --weights FILE, which ganvas cannot bring: {WEIGHTS}")
        self._network = _with_weights(Path(weights)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.version = f"{SIZE_PX}px-{_digest(Path(weights))}"

    def encode(self, pictures: NDArray[np.uint8], progress: Progress | None = None) -> NDArray[np.float32]:
        """uint8 [N, C, H, W] with C = 1 or 3 -> float32 [N, 2048]."""
        return in_batches(pictures, FEATURES, BATCH, lambda some: self._network(_prepared(some)), progress)


def _prepared(pictures: NDArray[np.uint8]) -> Tensor:
    large = [[_enlarged(channel) for channel in picture] for picture in pictures]
    x = torch.from_numpy(np.stack([np.stack(channels if len(channels) == 3 else channels * 3) for channels in large]))
    return ((x - 128) / 128).contiguous(memory_format=torch.channels_last)


def _enlarged(channel: NDArray[np.uint8]) -> NDArray[np.float32]:
    image = Image.fromarray(channel.astype(np.float32))  # mode F
    resized = image.resize((SIZE_PX, SIZE_PX), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized, np.float32), 0, 255)


def _with_weights(path: Path) -> nn.Module:
    if not path.is_file():
        raise InputError(f"no weights in {path}: --weights wants {WEIGHTS}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is TorchScript, which is what the next line is for
            published = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a TorchScript archive, or no file of torch at all
        return _scripted(path)
    network = Inception()
    try:
        missing = network.load_state_dict(published, strict=False).missing_keys
    except (RuntimeError, AttributeError, TypeError) as error:
        raise InputError(f"{path} holds other weights than FID's Inception: --weights wants {WEIGHTS}") from error
    if missing := [name for name in missing if not name.endswith("num_batches_tracked")]:
        raise InputError(f"{path} lacks {len(missing)} of FID's Inception's weights: --weights wants {WEIGHTS}")
    return network.eval().requires_grad_(False)


class _Scripted(nn.Module):
    """The layers of a TorchScript release, whose other half resizes and scales in its own way."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self._layers = layers

    def forward(self, x: Tensor) -> Tensor:
        return self._layers(x.contiguous()).view(len(x), FEATURES)  # type: ignore[no-any-return]


def _scripted(path: Path) -> nn.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch means to give TorchScript up; the published file stays what it is
            layers = torch.jit.load(path, map_location="cpu").eval().layers  # type: ignore[no-untyped-call]
    except (RuntimeError, AttributeError, ValueError) as error:
        raise InputError(f"{path} is no file of Inception's weights: --weights wants {WEIGHTS}") from error
    return _Scripted(layers)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


class Conv(nn.Module):
    """Convolution without bias, batch norm (ε 0.001), ReLU. Attributes are named as the published weights are."""

    def __init__(self, inputs: int, outputs: int, kernel: int | tuple[int, int], stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def padded(self) -> Conv:
        """The same with borders that keep the size."""
        height, width = self.conv.kernel_size
        self.conv.padding = (height // 2, width // 2)
        return self

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


def _mean_pool(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


class BlockA(nn.Module):
    """35 × 35 maps: figure 5."""

    def __init__(self, inputs: int, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = Conv(inputs, 64, 1)
        self.branch5x5_1, self.branch5x5_2 = Conv(inputs, 48, 1), Conv(48, 64, 5).padded()
        self.branch3x3dbl_1 = Conv(inputs, 64, 1)
        self.branch3x3dbl_2, self.branch3x3dbl_3 = Conv(64, 96, 3).padded(), Conv(96, 96, 3).padded()
        self.branch_pool = Conv(inputs, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        five = self.branch5x5_2(self.branch5x5_1(x))
        three = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), five, three, self.branch_pool(_mean_pool(x))], 1)


class BlockB(nn.Module):
    """35 × 35 to 17 × 17: figure 10."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3 = Conv(inputs, 384, 3, stride=2)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = Conv(inputs, 64, 1), Conv(64, 96, 3).padded()
        self.branch3x3dbl_3 = Conv(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, F.max_pool2d(x, 3, 2)], 1)


class BlockC(nn.Module):
    """17 × 17 maps with factored 7 × 7 kernels: figure 6."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        row, column = (1, 7), (7, 1)
        self.branch1x1 = Conv(inputs, 192, 1)
        self.branch7x7_1, self.branch7x7_2 = Conv(inputs, width, 1), Conv(width, width, row).padded()
        self.branch7x7_3 = Conv(width, 192, column).padded()
        self.branch7x7dbl_1, self.branch7x7dbl_2 = Conv(inputs, width, 1), Conv(width, width, column).padded()
        self.branch7x7dbl_3, self.branch7x7dbl_4 = Conv(width, width, row).padded(), Conv(width, width, column).padded()
        self.branch7x7dbl_5 = Conv(width, 192, row).padded()
        self.branch_pool = Conv(inputs, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        return torch.cat([self.branch1x1(x), seven, double, self.branch_pool(_mean_pool(x))], 1)


class BlockD(nn.Module):
    """17 × 17 to 8 × 8."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3_1, self.branch3x3_2 = Conv(inputs, 192, 1), Conv(192, 320, 3, stride=2)
        self.branch7x7x3_1, self.branch7x7x3_2 = Conv(inputs, 192, 1), Conv(192, 192, (1, 7)).padded()
        self.branch7x7x3_3, self.branch7x7x3_4 = Conv(192, 192, (7, 1)).padded(), Conv(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        seven = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([self.branch3x3_2(self.branch3x3_1(x)), seven, F.max_pool2d(x, 3, 2)], 1)


class BlockE(nn.Module):
    """8 × 8 maps: figure 7. The published network pools by the maximum in its last block, by the mean before."""

    def __init__(self, inputs: int, by_maximum: bool) -> None:
        super().__init__()
        self._by_maximum = by_maximum
        row, column = (1, 3), (3, 1)
        self.branch1x1 = Conv(inputs, 320, 1)
        self.branch3x3_1 = Conv(inputs, 384, 1)
        self.branch3x3_2a, self.branch3x3_2b = Conv(384, 384, row).padded(), Conv(384, 384, column).padded()
        self.branch3x3dbl_1, self.branch3x3dbl_2 = Conv(inputs, 448, 1), Conv(448, 384, 3).padded()
        self.branch3x3dbl_3a, self.branch3x3dbl_3b = Conv(384, 384, row).padded(), Conv(384, 384, column).padded()
        self.branch_pool = Conv(inputs, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pooled = F.max_pool2d(x, 3, 1, 1) if self._by_maximum else _mean_pool(x)
        parts = [self.branch1x1(x), self.branch3x3_2a(three), self.branch3x3_2b(three)]
        parts += [self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double), self.branch_pool(pooled)]
        return torch.cat(parts, 1)


class Inception(nn.Module):
    """RGB float [N, 3, 299, 299], scaled as (x − 128) / 128, to pooled features [N, 2048]."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3, self.Conv2d_2a_3x3 = Conv(3, 32, 3, stride=2), Conv(32, 32, 3)
        self.Conv2d_2b_3x3 = Conv(32, 64, 3).padded()
        self.Conv2d_3b_1x1, self.Conv2d_4a_3x3 = Conv(64, 80, 1), Conv(80, 192, 3)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = BlockA(192, 32), BlockA(256, 64), BlockA(288, 64)
        self.Mixed_6a = BlockB(288)
        self.Mixed_6b, self.Mixed_6c = BlockC(768, 128), BlockC(768, 160)
        self.Mixed_6d, self.Mixed_6e = BlockC(768, 160), BlockC(768, 192)
        self.Mixed_7a = BlockD(768)
        self.Mixed_7b, self.Mixed_7c = BlockE(1280, by_maximum=False), BlockE(2048, by_maximum=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(F.max_pool2d(x, 3, 2))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        return self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x))).mean((2, 3))  # type: ignore[no-any-return]
