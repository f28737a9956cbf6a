"""What an encoder sees in a studio's originals, looked at once: `features_of(studio, sha256s, encoder)`.

Worker processes decode the next originals while this one encodes; what was encoded is kept in the studio's features/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.counted import counted
from ganvas.curate.pack import Original, decoded
from ganvas.curate.packer import Recipe, Refusal
from ganvas.encode import Encoder
from ganvas.encode.store import FeatureStore
from ganvas.errors import InputError
from ganvas.pictures.resize import Fit
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder
from ganvas.workers import processors

# Whole pictures on white, as transparent ones are composited: a tall picture keeps its ends and its proportions. Of
# letters and photographs of `benchmarks.stamps`, 99.6 to 100 % then come apart, by three seeds; cut to a square 98.8 %.
FIT: Fit = "pad"
BACKGROUND = "white"
SAVED_EVERY = 512  # pictures: what a kill costs
NAMED, NAME = 3, 40  # unreadable originals in a note, letters of each one's name


class Looked(NamedTuple):
    """Float32 [N, D], and whose they are: originals that could not be read are not among them."""

    features: NDArray[np.float32]
    sha256s: list[str]


@dataclass(frozen=True)
class Stored:
    """The same, left on disk, for what needs a block at a time only."""

    store: FeatureStore
    sha256s: list[str]

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Float32 [n, D], and which part of all pictures it is."""
        return self.store.blocks(self.sha256s)

    def loaded(self) -> Looked:
        return Looked(self.store.rows(self.sha256s), self.sha256s)


def features_of(
    studio: StudioFolder, sha256s: Sequence[str], encoder: Encoder, progress: Progress | None = None
) -> Looked:
    """Features of the studio's originals in the order asked for. Encodes what is missing, and repeats nothing.

    An original that cannot be read is left out, with a note. Raises InputError where none can be.
    """
    return stored_features(studio, sha256s, encoder, progress).loaded()


def stored_features(
    studio: StudioFolder, sha256s: Sequence[str], encoder: Encoder, progress: Progress | None = None
) -> Stored:
    """The same, a block at a time."""
    looked = look_at(studio, {sha256: studio.image_path(sha256) for sha256 in sha256s}, encoder, progress)
    if len(sha256s) and not looked.sha256s:
        raise InputError(
            f"none of the {len(sha256s):,} originals in {studio.images} can be read: see that the folder is there, "
            "or `ganvas add` the pictures again"
        )
    return looked


def look_at(
    studio: StudioFolder, originals: Mapping[str, Path], encoder: Encoder, progress: Progress | None = None
) -> Stored:
    """The same for files anywhere, by their hashes. Gone ones are known if they were looked at before."""
    progress = progress or Silent()
    store = FeatureStore(studio.features, encoder, FIT)
    missing = [(str(path), sha256, None) for sha256, path in originals.items() if sha256 not in store]
    refused = _fill(store, missing, encoder, progress) if missing else {}
    if refused:
        shown = "; ".join(f"{originals[it].name[:NAME]} ({refused[it].reason})" for it in list(refused)[:NAMED])
        progress.note(f"{counted(len(refused), 'picture')} left out: {shown}{'; …' if len(refused) > NAMED else ''}")
    return Stored(store, [sha256 for sha256 in originals if sha256 in store])


def _fill(store: FeatureStore, missing: Sequence[Original], encoder: Encoder, progress: Progress) -> dict[str, Refusal]:
    recipe = Recipe(encoder.size_px, encoder.size_px, 3, FIT, BACKGROUND)
    refused: dict[str, Refusal] = {}
    names: list[str] = []
    rows: list[NDArray[np.float32]] = []
    place = 0
    with progress.task(f"looking through {encoder.name}", len(missing), "pictures") as task:
        for refusals, data in decoded(missing, recipe, processors()):
            part = [sha256 for _, sha256, _ in missing[place : place + len(refusals)]]
            refused |= {sha256: why for sha256, why in zip(part, refusals, strict=True) if why is not None}
            if len(data):
                pixels = np.frombuffer(data, np.uint8).reshape(-1, 3, encoder.size_px, encoder.size_px)
                rows.append(encoder.encode(pixels))
                names += [sha256 for sha256, why in zip(part, refusals, strict=True) if why is None]
            place += len(refusals)
            if len(names) >= SAVED_EVERY or (names and place == len(missing)):
                store.append(names, np.concatenate(rows))
                names, rows = [], []
            task.advance(len(refusals))
    return refused
