"""DINOv2, ResNet and CLIP through Hugging Face transformers: `ClipEncoder(Path("models/clip")).encode(pictures)`.

Weights come from a folder as `save_pretrained` writes it, or from the hub by name. Pictures are resized, cut and scaled
as the model's own preprocessor_config.json says, without transformers' image processors, which want torchvision; a
square of the network's size is only scaled, so that who has fitted a picture already is not cut again.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit
from urllib.request import getproxies

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ganvas.device import choose_device, choose_precision
from ganvas.encode.batches import in_batches
from ganvas.errors import InputError, MissingExtra
from ganvas.pictures.resize import as_channels
from ganvas.progress import Progress

BATCH = 32
PREPARATION = "preprocessor_config.json"
IMAGENET_MEAN, IMAGENET_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PROMPT = "a photo of a {}."  # Radford et al. 2021 (arXiv 2103.00020), section 3.1.4


@dataclass(frozen=True)
class Preparation:
    """How a model wants its pictures: the shorter side resized, the middle cut out, less the mean, by the spread."""

    shorter_px: int
    size_px: int
    resample: int
    scale: float
    mean: tuple[float, ...]
    spread: tuple[float, ...]

    @classmethod
    def of(cls, config: dict[str, Any]) -> Preparation:
        """From the words of a preprocessor_config.json, older and newer spellings."""
        shorter = _side(config.get("size"), 224)
        cut = (
            _side(config.get("crop_size"), shorter) if config.get("do_center_crop", "crop_size" in config) else shorter
        )
        if "crop_pct" in config and "crop_size" not in config:  # ResNet's: enlarge, then cut to the size
            cut, shorter = shorter, round(shorter / float(config["crop_pct"]))
        return cls(
            max(shorter, cut),
            cut,
            int(config.get("resample", Image.Resampling.BICUBIC)),
            float(config.get("rescale_factor", 1 / 255)),
            tuple(config.get("image_mean", IMAGENET_MEAN)),
            tuple(config.get("image_std", IMAGENET_SPREAD)),
        )

    def fitted(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 [C, H, W] -> uint8 [3, size, size]."""
        upright = as_channels(np.ascontiguousarray(pixels.transpose(1, 2, 0)), 3)
        height, width = upright.shape[:2]
        if height == width == self.size_px:
            return upright.transpose(2, 0, 1)
        ratio = self.shorter_px / min(height, width)
        size = (max(self.size_px, int(width * ratio)), max(self.size_px, int(height * ratio)))
        resized = Image.fromarray(upright).resize(size, Image.Resampling(self.resample), reducing_gap=None)
        left, top = (size[0] - self.size_px) // 2, (size[1] - self.size_px) // 2
        cut = resized.crop((left, top, left + self.size_px, top + self.size_px))
        return np.asarray(cut).transpose(2, 0, 1)

    def normalised(self, pictures: NDArray[np.uint8], device: str) -> Tensor:
        """uint8 [N, C, H, W] -> float32 [N, 3, size, size]."""
        x = torch.from_numpy(np.stack([self.fitted(picture) for picture in pictures])).to(device).float()
        mean, spread = (torch.tensor(numbers, device=device).view(1, 3, 1, 1) for numbers in (self.mean, self.spread))
        return (x * self.scale - mean) / spread


class HubEncoder:
    """What the encoders of this file have in common."""

    name: str
    hub_name: ClassVar[str]
    kind: ClassVar[str]

    def __init__(self, weights: Path | None) -> None:
        """Raises MissingExtra without transformers, InputError where no weights are to be had."""
        self._place = _place(weights, self.hub_name, self.name)
        self._network: Any = _network(self.kind, self._place, self.name)
        self._preparation = Preparation.of(_preparation(self._place))
        self._device = choose_device(None).name
        self._bf16 = choose_precision(None, self._device).name == "bf16"
        self._network.to(self._device).eval().requires_grad_(False)
        self.size_px = self._preparation.size_px
        self.features = self._width()
        precision = "bf16" if self._bf16 else "fp32"
        self.version = f"{self.size_px}px-{_digest(self._network, self._preparation)}-{precision}"

    def encode(self, pictures: NDArray[np.uint8], progress: Progress | None = None) -> NDArray[np.float32]:
        """uint8 [N, C, H, W] with C = 1 or 3 -> float32 [N, features]."""
        return in_batches(pictures, self.features, BATCH, self._look, progress)

    def _look(self, pictures: NDArray[np.uint8]) -> Tensor:
        x = self._preparation.normalised(pictures, self._device)
        with self._autocast():
            return self._pooled(x).float().cpu()

    def _autocast(self) -> Any:
        return torch.autocast(self._device.partition(":")[0], torch.bfloat16) if self._bf16 else nullcontext()

    def _pooled(self, x: Tensor) -> Tensor:
        pooled: Tensor = self._network(pixel_values=x).pooler_output
        return pooled.flatten(1)

    def _width(self) -> int:
        return int(self._network.config.hidden_size)


class Dinov2Encoder(HubEncoder):
    """DINOv2 (Oquab et al. 2023, arXiv 2304.07193): the class token after its last norm."""

    name, hub_name, kind = "dinov2", "facebook/dinov2-small", "Dinov2Model"


class ResNetEncoder(HubEncoder):
    """ResNet-18 (He et al. 2015, arXiv 1512.03385): the last maps, averaged."""

    name, hub_name, kind = "resnet18", "microsoft/resnet-18", "ResNetModel"

    def _width(self) -> int:
        return int(self._network.config.hidden_sizes[-1])


class ClipEncoder(HubEncoder):
    """CLIP (Radford et al. 2021, arXiv 2103.00020): pictures and words in one space."""

    name, hub_name, kind = "clip", "openai/clip-vit-base-patch32", "CLIPModel"

    def words(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32 [N, features] of words, to compare with pictures by cosine. Raises InputError without a tokenizer."""
        tokens = self._tokenizer()([PROMPT.format(text) for text in texts], padding=True, truncation=True)
        asked = {key: torch.tensor(tokens[key], device=self._device) for key in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            pooled = self._network.text_model(**asked).pooler_output
            return np.asarray(self._network.text_projection(pooled).float().cpu().numpy(), np.float32)

    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        try:
            return AutoTokenizer.from_pretrained(self._place, local_files_only=not _hub_in_reach(self._place))
        except Exception as error:  # as many ways to fail as the weights have
            raise InputError(
                f"no tokenizer of clip in {self._place!r}: --weights wants a folder with all files"
            ) from error

    def _pooled(self, x: Tensor) -> Tensor:
        projected: Tensor = self._network.visual_projection(self._network.vision_model(pixel_values=x).pooler_output)
        return projected

    def _width(self) -> int:
        return int(self._network.config.projection_dim)


def _place(weights: Path | None, hub_name: str, name: str) -> str:
    if weights is None:
        return hub_name
    if weights.is_dir():
        return str(weights)
    if not weights.exists() and not weights.is_absolute() and len(weights.parts) == 2:
        return weights.as_posix()  # a name on the hub, as facebook/dinov2-base
    raise InputError(f"{weights} is no folder with the weights of {name}: --weights wants one, or a name as {hub_name}")


def _network(kind: str, place: str, name: str) -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MissingExtra(f"the encoder {name}", "hf") from error
    load = getattr(transformers, kind).from_pretrained
    try:
        return load(place, local_files_only=not _hub_in_reach(place))
    except Exception as error:  # a hub fails in many ways: no network, no such name, a folder without weights
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:160].rstrip(".")
        raise InputError(
            f"no weights of {name} in {place!r} ({reason}): name a folder that holds them, --weights FOLDER, "
            "or see pictures through --encoder effnet-lite0, whose weights are here"
        ) from error


def _hub_in_reach(place: str) -> bool:
    """Whether to ask the hub at all: without a network it would be asked for half a minute before it gives up."""
    from huggingface_hub.constants import ENDPOINT

    if Path(place).is_dir():
        return False
    if getproxies():
        return True  # names are then looked up elsewhere
    try:
        socket.getaddrinfo(urlsplit(ENDPOINT).hostname, None)
    except OSError:
        return False
    return True


def _preparation(place: str) -> dict[str, Any]:
    from transformers.utils.hub import cached_file

    try:
        path = cached_file(place, PREPARATION, local_files_only=not _hub_in_reach(place))
        return dict(json.loads(Path(str(path)).read_text(encoding="utf-8")))
    except (OSError, ValueError):  # a folder with weights alone: as ImageNet's models want their pictures
        return {}


def _side(size: Any, usual: int) -> int:
    if isinstance(size, dict):
        return int(size.get("shortest_edge") or size.get("height") or usual)
    return int(size or usual)


def _digest(network: torch.nn.Module, preparation: Preparation) -> str:
    """Of every weight: a folder's name says nothing of what is in it."""
    digest = hashlib.sha256(repr(preparation).encode())
    for name, weight in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()[:12]
