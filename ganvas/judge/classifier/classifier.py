"""A classifier that has learned: `Classifier.load(studio.classifiers / "sneakers-1").predict(["shoe.jpg"])`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import InputError
from ganvas.judge.classifier.backbones import BACKBONES, Wanted
from ganvas.judge.classifier.calibration import softmax
from ganvas.judge.classifier.folder import ClassifierFolder
from ganvas.judge.classifier.settings import ClassifierSettings, classifier_settings
from ganvas.pictures.read import UnreadablePicture, read_picture
from ganvas.pictures.resize import Fit, as_channels, fit
from ganvas.progress import Progress, Silent

if TYPE_CHECKING:
    from ganvas.judge.classifier.marks import Marks
    from ganvas.judge.classifier.network import Network

TOP = 3


@dataclass(frozen=True)
class Looks:
    """How a picture has to look: as those that were learned from. `fit` and `background` are the set's."""

    channels: int
    height: int
    width: int
    fit: Fit = "crop"
    background: str = "white"

    def prepared(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 [H, W, C] of any size -> uint8 [channels, height, width]."""
        fitted = fit(pixels, self.height, self.width, self.fit, self.background)
        return np.ascontiguousarray(as_channels(fitted, self.channels).transpose(2, 0, 1))


@dataclass(frozen=True)
class Prediction:
    """The likeliest labels of a picture with their probabilities, likeliest first; or why it could not be read."""

    path: str
    answers: tuple[tuple[str, float], ...] = ()
    trouble: str | None = None


@dataclass(frozen=True)
class Classifier:
    """A network, what its answers are called, and the temperature that makes its probabilities honest."""

    network: Network = field(repr=False)
    settings: ClassifierSettings = field(repr=False)
    labels: tuple[str, ...]
    looks: Looks
    temperature: float = 1.0
    folder: ClassifierFolder | None = None
    progress: Progress = field(default_factory=Silent, repr=False)

    @classmethod
    def load(cls, path: str | Path, progress: Progress | None = None) -> Classifier:
        """The classifier in this folder. Raises InputError where it is unfinished, damaged or not one."""
        folder = ClassifierFolder(Path(path))
        record, state = folder.read_settings(), folder.read_state()
        settings = settings_here(record)
        looks = looks_of(record["set"])
        labels = tuple(str(name) for name in record["set"]["labels"])
        network = build(settings, looks, len(labels), record["facts"])
        weights = folder.read_weights()
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()
            raise InputError(f"the weights of classifier {folder.name} are not its own ({reason})") from error
        network.to(settings.device or "cpu")
        return cls(network.eval(), settings, labels, looks, state["temperature"], folder, progress or Silent())

    @property
    def name(self) -> str:
        return self.folder.name if self.folder else "unnamed"

    def logits(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pictures uint8 [N, C, H, W] of any size, gray or colour -> logits float32 [N, labels], not calibrated.

        Raises InputError for anything else.
        """
        from ganvas.judge.classifier.seeing import logits_of

        _check(pictures)
        if not len(pictures):
            return np.zeros((0, len(self.labels)), np.float32)
        own = (self.looks.channels, self.looks.height, self.looks.width)
        if pictures.shape[1:] != own:
            pictures = np.stack([self.looks.prepared(np.moveaxis(picture, 0, -1)) for picture in pictures])
        return logits_of(self.network, pictures, np.arange(len(pictures)), self.settings, progress=self.progress)

    def probabilities(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pictures uint8 [N, C, H, W] -> calibrated probabilities float32 [N, labels]. Raises InputError as above."""
        return softmax(self.logits(pictures) / self.temperature)

    def predict(self, paths: Sequence[str | Path], top: int = TOP) -> list[Prediction]:
        """The likeliest labels of each file; one that is no picture says why and stops none of the others."""
        read = [self._read(Path(path)) for path in paths]
        good = [pixels for pixels in read if not isinstance(pixels, str)]
        said: Iterator[NDArray[np.float32]] = iter(self.probabilities(np.stack(good)) if good else [])
        return [
            Prediction(str(path), trouble=pixels) if isinstance(pixels, str) else self._answer(path, next(said), top)
            for path, pixels in zip(paths, read, strict=True)
        ]

    def test(self) -> Marks:
        """Test on the set's held-out pictures; writes test.json, confusion.png and predictions.png into its folder.

        Raises InputError where the set is gone, or is another by now.
        """
        from ganvas.judge.classifier.testing import test_classifier

        return test_classifier(self)

    def _read(self, path: Path) -> NDArray[np.uint8] | str:
        try:
            return self.looks.prepared(read_picture(path.read_bytes(), background=self.looks.background).pixels)
        except OSError as error:
            return error.strerror or type(error).__name__
        except UnreadablePicture as error:
            return str(error)

    def _answer(self, path: str | Path, probabilities: NDArray[np.float32], top: int) -> Prediction:
        likeliest = np.argsort(-probabilities, kind="stable")[:top]
        return Prediction(str(path), tuple((self.labels[i], round(float(probabilities[i]), 4)) for i in likeliest))


def build(settings: ClassifierSettings, looks: Looks, labels: int, facts: dict[str, Any] | None) -> Network:
    """The network of these settings; with `facts`, without weights of its own."""
    wanted = Wanted(settings, looks.channels, looks.height, looks.width, labels, facts)
    return BACKBONES[settings.backbone or ""].build(wanted)


def looks_of(facts: dict[str, Any]) -> Looks:
    """How the pictures of a set look, from what settings.json says of it."""
    return Looks(facts["channels"], facts["height"], facts["width"], facts["fit"], facts["background"])


def settings_here(record: dict[str, Any]) -> ClassifierSettings:
    """The settings a classifier began with; device and number format anew, as this may be another machine."""
    from ganvas.device import choose_device, choose_precision

    asked = record["asked"]
    device = choose_device(asked.get("device"))
    precision = choose_precision(asked.get("precision"), device.name)
    return classifier_settings({**record["settings"], "device": device.name, "precision": precision.name})


def _check(pictures: NDArray[np.uint8]) -> None:
    if pictures.ndim != 4 or pictures.dtype != np.uint8 or pictures.shape[1] not in (1, 3):
        raise InputError(f"a classifier takes uint8 [N, 1 or 3, H, W], not {pictures.dtype} {list(pictures.shape)}")
