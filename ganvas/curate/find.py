"""The kept pictures nearest to a picture or a word: `find_picture(studio, "giraffe.jpg", encoder=…)`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.curate.features import BACKGROUND, FIT, stored_features
from ganvas.curate.packer import Recipe, Refusal, pixels_of
from ganvas.curate.showing import PAPER, SHOWN_PX, shown
from ganvas.encode import Encoder
from ganvas.errors import InputError
from ganvas.pictures.bands import Band, banded
from ganvas.progress import Progress
from ganvas.scores.neighbours import Features, unit
from ganvas.studio import StudioFolder

COLUMNS = 8


@dataclass(frozen=True)
class Found:
    """The nearest pictures, nearest first, with their distances: 1 less the cosine of features, from 0 to 2."""

    asked: str
    encoder: str
    sha256s: list[str]
    distances: list[float]
    studio: StudioFolder
    picture: NDArray[np.uint8] | None

    def sheet(self) -> Image.Image:
        """The picture that was asked for, then the nearest ones with distance and start of hash."""
        bands = [] if self.picture is None else [Band("asked", self.picture[None], [Path(self.asked).name])]
        captions = [f"{far:.2f} {sha256[:8]}" for sha256, far in zip(self.sha256s, self.distances, strict=True)]
        bands.append(Band("nearest first", shown(self.studio, self.sha256s), captions))
        return banded(f"{Path(self.asked).name}, seen through {self.encoder}", bands, COLUMNS)

    def to_json(self) -> dict[str, Any]:
        """Plain values, nearest first."""
        nearest = [
            {"sha256": sha256, "distance": round(far, 4), "path": str(self.studio.image_path(sha256))}
            for sha256, far in zip(self.sha256s, self.distances, strict=True)
        ]
        return {"asked": self.asked, "encoder": self.encoder, "nearest": nearest}


def find_picture(
    studio: StudioFolder, path: str | Path, n: int = 24, *, encoder: Encoder, progress: Progress | None = None
) -> Found:
    """The n kept pictures most alike to a file. Raises InputError for one that cannot be read."""
    side = encoder.size_px
    query = encoder.encode(_pixels(Path(path), Recipe(side, side, 3, FIT, BACKGROUND))[None])
    small = _pixels(Path(path), Recipe(SHOWN_PX, SHOWN_PX, 3, "pad", PAPER))
    return _nearest(studio, str(path), query, n, encoder, small, progress)


def find_word(
    studio: StudioFolder, word: str, n: int = 24, *, encoder: Encoder, progress: Progress | None = None
) -> Found:
    """The n kept pictures nearest to a word or phrase. Raises InputError for an encoder that knows no words."""
    words = getattr(encoder, "words", None)
    if words is None:
        raise InputError(
            f"--word needs an encoder that knows words, and {encoder.name} does not: use --encoder clip, "
            "with --weights FOLDER where there is no network"
        )
    if not word.strip():
        raise InputError("--word is empty: write what the pictures should show, as --word giraffe")
    return _nearest(studio, word, words([word]), n, encoder, None, progress)


def _nearest(
    studio: StudioFolder,
    asked: str,
    query: Features,
    n: int,
    encoder: Encoder,
    picture: NDArray[np.uint8] | None,
    progress: Progress | None,
) -> Found:
    if n < 1:
        raise InputError(f"-n {n} cannot be: ask for one picture or more")
    kept = [image.sha256 for image in studio.catalog.images()]
    if not kept:
        raise InputError(f"no pictures to find in {studio.root}: none is kept; `ganvas info` says what was dropped")
    looked = stored_features(studio, kept, encoder, progress)
    direction = unit(np.array(query, np.float32))[0]
    distances = np.empty(len(looked.sha256s), np.float32)
    for part, features in looked.blocks():
        distances[part] = np.maximum(0, 1 - unit(features, out=features) @ direction)
    order = np.argsort(distances, kind="stable")[:n]
    return Found(
        asked,
        encoder.name,
        [looked.sha256s[i] for i in order],
        [float(distances[i]) for i in order],
        studio,
        picture,
    )


def _pixels(path: Path, recipe: Recipe) -> NDArray[np.uint8]:
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error.strerror}): name a picture") from error
    pixels = pixels_of(path, sha256, recipe)
    if isinstance(pixels, Refusal):
        raise InputError(f"{path} cannot be read as a picture: {pixels.reason}")
    return pixels
