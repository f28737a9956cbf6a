"""How near a word is to each word a run learned: `similar("slipper", learned)` -> [("sandal", 0.55), …], highest first.

`vector_of("slipper", learned)` is what a generator is told; a learned word is answered without its encoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.encode.words import DEFAULT_WORD_ENCODER, WordEncoder, word_encoder
from ganvas.encode.words.labels import clean
from ganvas.encode.words.learned import FACTS, LearnedWords, learned_words
from ganvas.errors import InputError

MIXTURE_TEMPERATURE = 0.05  # measured on Fashion-MNIST: benchmarks/README.md


def similar(text: str, learned: LearnedWords) -> list[tuple[str, float]]:
    """(learned word, cosine) of every learned word, highest first. Raises what `vector_of` raises."""
    cosines = learned.similarities(vector_of(text, learned))
    return [(learned.words[i], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")]


def mixture(text: str, learned: LearnedWords, temperature: float) -> NDArray[np.float32]:
    """Of which learned words any word is made, shares float32 [L] that add up to 1: a learned one of itself alone.

    A softmax, over the temperature, of cosines taken from the middle of the learned vectors: what all learned words
    have in common (garments, say) then counts for none of them. Raises what `vector_of` raises.
    """
    index = learned.index(text)
    if index is not None:
        return np.asarray(np.eye(len(learned.vectors), dtype=np.float32)[index])
    middle = learned.vectors.mean(axis=0)
    vectors, vector = learned.vectors - middle, vector_of(text, learned) - middle
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector)
    weights = np.exp((vectors @ vector / np.maximum(lengths, 1e-8) - 1) / temperature)
    return np.asarray(weights / weights.sum(), np.float32)


def vector_of(text: str, learned: LearnedWords) -> NDArray[np.float32]:
    """The unit vector float32 [D] of any word or phrase, as the run's encoder has it.

    Raises InputError for a word the encoder does not know, with the nearest spellings, and where the encoder has
    become another since; MissingExtra where it is not installed.
    """
    index = learned.index(text)
    if index is not None:
        row: NDArray[np.float32] = learned.vectors[index]
        return row
    encoder = _loaded(learned.encoder)
    if encoder.version != learned.version:
        raise InputError(
            f"the words were learned with {learned.encoder} {learned.version}, here is {encoder.version}: "
            f"only learned words can be asked for, as {learned.words[0]!r}"
        )
    found = encoder.vectors([clean(text)])
    if not found.known[0]:
        near = encoder.spellings(clean(text))
        guess = f" Spelt like it: {', '.join(near)}." if near else ""
        raise InputError(f"{encoder.name} has no vector for {text!r}.{guess} Learned: {', '.join(learned.words[:12])}.")
    vector: NDArray[np.float32] = found.vectors[0]
    return vector


def words_of_run(
    folder: Path, labels: Sequence[str], encoder: str | None = None, aliases: Mapping[str, str] | None = None
) -> LearnedWords:
    """The words saved in a run's folder; or, of a run that was told labels, the words its labels would be.

    An `encoder` or `aliases` other than the run's own also make them anew. Raises InputError for a run without labels.
    """
    if (folder / FACTS).exists() and not aliases:
        saved = LearnedWords.load(folder)
        if encoder in (None, saved.encoder):
            return saved
    if not labels:
        raise InputError(f"run {folder.name} was trained on pictures without labels: it learned no words")
    return learned_words(labels, _loaded(encoder or DEFAULT_WORD_ENCODER), aliases)


@lru_cache(maxsize=1)  # a page or a notebook asks for one word after another
def _loaded(name: str) -> WordEncoder:
    return word_encoder(name)
