"""How near a word is to each word a run learned: `similar("slipper", learned)[0]` -> ("sandal", 0.55, 0.98).

`vector_of("slipper", learned)` is what a generator is told; a learned word is answered without its encoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.encode.words import DEFAULT_WORD_ENCODER, WordEncoder, word_encoder
from ganvas.encode.words.labels import clean
from ganvas.encode.words.learned import FACTS, LearnedWords, learned_words
from ganvas.errors import InputError

MIXTURE_TEMPERATURE = 0.05  # measured on Fashion-MNIST: benchmarks/README.md


class Near(NamedTuple):
    """A learned word, its cosine to the word asked for, and its share of what is drawn for that, by the mixture."""

    word: str
    similarity: float
    share: float


def similar(text: str, learned: LearnedWords, temperature: float = MIXTURE_TEMPERATURE) -> list[Near]:
    """Every learned word beside any word, the most similar first. Raises what `vector_of` raises."""
    vector = vector_of(text, learned)
    cosines, shares = learned.similarities(vector), _shares(learned.index(text), vector, learned, temperature)
    order = np.argsort(-cosines, kind="stable")
    return [Near(learned.words[i], float(cosines[i]), float(shares[i])) for i in order]


def mixture(text: str, learned: LearnedWords, temperature: float) -> NDArray[np.float32]:
    """Of which learned words any word is made, shares float32 [L] that add up to 1: a learned one of itself alone.

    A softmax, over the temperature, of cosines taken from the middle of the learned vectors: what all learned words
    have in common (garments, say) then counts for none of them. Raises what `vector_of` raises.
    """
    return _shares(learned.index(text), vector_of(text, learned), learned, temperature)


def _shares(
    index: int | None, vector: NDArray[np.float32], learned: LearnedWords, temperature: float
) -> NDArray[np.float32]:
    if index is not None:
        return np.asarray(np.eye(len(learned.vectors), dtype=np.float32)[index])
    middle = learned.vectors.mean(axis=0)
    vectors, vector = learned.vectors - middle, vector - middle
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
    missed = [text] if not found.known[0] else list(found.left_out[0]) if found.left_out else []
    if missed:  # in a phrase too: what was typed wrong would silently count for nothing
        near = encoder.spellings(clean(missed[0]))
        within = f" in {text!r}" if found.known[0] else ""
        guess = f" Spelt like it: {', '.join(near)}." if near else ""
        learnt = ", ".join(learned.words[:12])
        raise InputError(f"{encoder.name} has no vector for {missed[0]!r}{within}.{guess} Learned: {learnt}.")
    vector: NDArray[np.float32] = found.vectors[0]
    return vector


def words_of_run(
    folder: Path,
    labels: Sequence[str],
    encoder: str | None = None,
    aliases: Mapping[str, str] | None = None,
    usual: str = DEFAULT_WORD_ENCODER,
) -> LearnedWords:
    """The words saved in a run's folder; or, of a run that was told labels, the words its labels would be.

    An `encoder` (else the run's own, or the `usual` one) or `aliases` beside the run's own also make them anew. Raises
    InputError for a run without labels.
    """
    if encoder is not None and Path(encoder).expanduser().is_file():
        encoder = str(Path(encoder).expanduser().absolute())
    saved = LearnedWords.load(folder) if (folder / FACTS).exists() else None
    if saved is not None:
        if not aliases and encoder in (None, saved.encoder):
            return saved
        usual, aliases = saved.encoder, {**dict(zip(saved.labels, saved.words, strict=True)), **(aliases or {})}
    if not labels:
        raise InputError(f"run {folder.name} was told no labels: it learned no words")
    return learned_words(labels, _loaded(encoder or usual), aliases)


@lru_cache(maxsize=1)  # a page or a notebook asks for one word after another
def _loaded(name: str) -> WordEncoder:
    return word_encoder(name)
