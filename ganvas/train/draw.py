"""New pictures from a run: `draw(run, 64, seed=1)`. Picture i of a seed is the same whatever is drawn beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganvas.encode.words.labels import clean
from ganvas.encode.words.learned import LearnedWords
from ganvas.encode.words.similar import words_of_run
from ganvas.errors import InputError, did_you_mean
from ganvas.networks import Shape, build
from ganvas.progress import Progress, Silent
from ganvas.train import checkpoint
from ganvas.train.checkpoint import BEST
from ganvas.train.condition import Conditions
from ganvas.train.data import to_pictures
from ganvas.train.run_folder import RunFolder
from ganvas.train.settings import network_settings

# Always drawn in batches of this size, the last one filled up: a convolution's rounding may depend on the batch.
BATCH = 64
LARGEST_SEED = 2**63 - 1
MOST_TRUNCATION = 2.0


class Asked(TypedDict, total=False):
    """What every way of drawing takes beside the number of pictures; `keys_of` says what each means."""

    seed: int
    label: str | Sequence[str] | None
    word: str | Sequence[str] | None
    truncation: float
    checkpoint: str


@dataclass(frozen=True)
class Drawn:
    """Pictures uint8 [N, C, H, W], the label each was told (None: told nothing), and the checkpoint they come from."""

    pictures: NDArray[np.uint8]
    labels: list[str] | None
    checkpoint: str
    columns: int | None = None
    """How many stand in a row, where that means something, and what the rows are called."""
    rows: list[str] | None = None


@dataclass(frozen=True)
class Keys:
    """What pictures are drawn from: latents [N, Z], conditions [N, C], and the label each is told (None: nothing)."""

    latents: NDArray[np.float32]
    told: NDArray[np.float32]
    labels: list[str] | None


@dataclass(frozen=True)
class Artist:
    """A run's averaged generator, ready to draw, and what it can be told."""

    generator: nn.Module
    conditions: Conditions
    folder: RunFolder
    checkpoint: str
    temperature: float

    @classmethod
    def open(cls, folder: RunFolder, which: str = BEST) -> Artist:
        """From the checkpoint `best`, `last` or a number of images. Raises InputError for one that is not there."""
        record = folder.read_settings()
        source = checkpoint.named(folder.checkpoints, which)
        conditions = Conditions.load(folder.path)
        facts = record["set"]
        shape = Shape(facts["height"], facts["width"], facts["channels"], conditions.width)
        generator = build(network_settings(record["settings"]["network"]), shape).generator
        checkpoint.fill(generator, source)
        ready = generator.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        seen = f"{checkpoint.state_of(source)['images']:09d}"
        return cls(ready, conditions, folder, seen, record["settings"]["word_temperature"])

    def dice(self, n: int, seed: int, truncation: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Latents float32 [n, Z] of a seed, nearer to their mean by a truncation below 1, and a chance in 0 … 1 each.

        Raises InputError for n < 1, a seed below 0, or a truncation outside 0 … 2.
        """
        if n < 1:
            raise InputError(f"cannot draw {n} pictures: ask for 1 or more with -n")
        if not 0 <= seed <= LARGEST_SEED:
            raise InputError(f"{seed} is no seed: give a whole number from 0 to 2^63 - 1")
        if not 0 <= truncation <= MOST_TRUNCATION:
            raise InputError(f"truncation {truncation} is outside 0 … 2: 1 draws as it was trained, 0 the mean picture")
        latents, chances = latents_and_chances(n, seed, self.generator.latent)  # type: ignore[arg-type]
        return latents * np.float32(truncation), chances

    def told_each(
        self, label: str | Sequence[str] | None, word: str | Sequence[str] | None
    ) -> tuple[list[str], NDArray[np.float32]]:
        """The labels or words asked for, one or several, and the condition [K, C] of each; K is 0 where none is."""
        labels, words = _listed(label), _listed(word)
        if labels and words:
            raise InputError("a picture is told a label or a word: give --label or --word, not both")
        told = [self.told(label=name) for name in labels] + [self.told(word=name) for name in words]
        return labels + words, np.reshape(told, (len(told), self.conditions.width)).astype(np.float32)

    def told(self, label: str | None = None, word: str | None = None) -> NDArray[np.float32]:
        """The condition [C] of a label, or of any word. Raises InputError for one that means nothing to this run."""
        conditions = self.conditions
        if label is not None:
            row = _named(label, conditions.names)
            if row is None:
                told = f"this run learned no label {label!r}" if conditions.names else "this run was told no labels"
                raise InputError(f"{told}.{did_you_mean(label, conditions.names)}")
            return np.asarray(conditions.table[row])
        assert word is not None
        return conditions.of_word(word, self.words, self.temperature)

    @cached_property
    def words(self) -> LearnedWords:
        """The words this run learned; of a run that was told labels, the words its labels are. Raises InputError."""
        if not self.conditions.names:
            raise InputError("this run was told neither labels nor words: draw without --word, --grid or --ask")
        if self.conditions.words is not None:
            return self.conditions.words
        told = self.folder.read_settings()["settings"]
        return words_of_run(self.folder.path, self.conditions.names, None, told["alias"], usual=told["words"])

    def draw(
        self, latents: NDArray[np.float32], told: NDArray[np.float32], progress: Progress | None = None
    ) -> NDArray[np.uint8]:
        """Pictures uint8 [N, C, H, W] of latents [N, Z], told one condition [C] or one each [N, C]."""
        return generate(self.generator, latents, np.broadcast_to(told, (len(latents), told.shape[-1])), progress)


def draw(folder: RunFolder, n: int, progress: Progress | None = None, **asked: Unpack[Asked]) -> Drawn:
    """Draw n pictures of a run: `draw(folder, 64, seed=1, label="boots")`. Raises what `keys_of` raises."""
    artist, keys = keys_of(folder, n, **asked)
    pictures = artist.draw(keys.latents, keys.told, progress)
    return Drawn(pictures, keys.labels, artist.checkpoint)


def keys_of(
    folder: RunFolder,
    n: int,
    seed: int = 0,
    label: str | Sequence[str] | None = None,
    word: str | Sequence[str] | None = None,
    truncation: float = 1.0,
    checkpoint: str = BEST,
) -> tuple[Artist, Keys]:
    """What the first n pictures of a seed are drawn from: told a label or a word, several in turn, or none given.

    Then they are told all labels, each as often as it was seen. A truncation below 1 draws nearer to the mean picture;
    the checkpoint is `best`, `last` or a number of images. Raises InputError for a run without it, n < 1, or a label
    or word that means nothing to the run.
    """
    artist = Artist.open(folder, checkpoint)
    latents, chances = artist.dice(n, seed, truncation)
    names, told = artist.told_each(label, word)
    rows = np.arange(n) % max(1, len(names))
    if not names:
        names, told = artist.conditions.names, artist.conditions.table
        rows = artist.conditions.drawn(chances)
    return artist, Keys(latents, told[rows], [names[row] for row in rows] if names else None)


def _named(label: str, names: list[str]) -> int | None:
    """The label written so, or else in the same plain words."""
    if label in names:
        return names.index(label)
    plain = [clean(name).casefold() for name in names]
    return plain.index(clean(label).casefold()) if plain.count(clean(label).casefold()) == 1 else None


def _listed(names: str | Sequence[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def latents_and_chances(n: int, seed: int, latent: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Latents float32 [n, latent] and a number in 0 … 1 each: those of picture i follow from (seed, i) alone."""
    latents, chances = np.empty((n, latent), np.float32), np.empty(n)
    for i in range(n):
        rng = np.random.Generator(np.random.Philox(key=[seed, i]))
        latents[i], chances[i] = rng.standard_normal(latent), rng.random()
    return latents, chances


@torch.inference_mode()
def generate(
    generator: nn.Module,
    latents: NDArray[np.float32],
    told: NDArray[np.float32],
    progress: Progress | None = None,
) -> NDArray[np.uint8]:
    """Pictures uint8 [N, C, H, W] of latents [N, Z] and conditions [N, C'], by a generator in evaluation mode."""
    device = next(generator.parameters()).device
    parts = []
    with (progress or Silent()).task("drawing", len(latents), "pictures") as task:
        for start in range(0, len(latents), BATCH):
            chosen = np.arange(start, start + BATCH) % len(latents)
            latent, condition = (torch.from_numpy(array[chosen]).to(device) for array in (latents, told))
            parts.append(to_pictures(generator(latent, condition))[: len(latents) - start])
            task.advance(len(parts[-1]))
    return np.concatenate(parts)
