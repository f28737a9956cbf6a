"""Word -> vector. `word_encoder("minilm").vectors(["slipper"])` gives unit vectors, and says which texts have none.

A generator told a word is told its vector, so that words it never learned fall near those it did. An encoder is added
by registering a function; any word2vec, GloVe or fastText file is one by its path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import InputError
from ganvas.registry import Registry

DEFAULT_WORD_ENCODER = "minilm"


@dataclass(frozen=True)
class WordVectors:
    """What an encoder says of N texts."""

    vectors: NDArray[np.float32]
    """float32 [N, D], of unit length; zeros where unknown."""
    known: NDArray[np.bool_]
    """bool [N]: whether the text has a vector."""
    left_out: Sequence[Sequence[str]] = ()
    """Of each text its words without a vector; empty for an encoder that reads every word in pieces."""


class WordEncoder(Protocol):
    """What turns texts into vectors. `version` changes whenever the same text would give another vector."""

    name: str
    version: str
    features: int

    def vectors(self, texts: Sequence[str]) -> WordVectors:
        """The vector of each word or phrase."""
        ...

    def spellings(self, text: str, n: int = 5) -> list[str]:
        """The encoder's own words that are spelt most like `text`, nearest first."""
        ...


WORD_ENCODERS: Registry[Callable[[], WordEncoder]] = Registry("word encoder")


def register(name: str) -> Callable[[Callable[[], WordEncoder]], Callable[[], WordEncoder]]:
    """Decorator: this function loads the word encoder called `name`."""

    def keep(load: Callable[[], WordEncoder]) -> Callable[[], WordEncoder]:
        WORD_ENCODERS[name] = load
        return load

    return keep


def word_encoder_names() -> list[str]:
    return WORD_ENCODERS.names()


def word_encoder(name_or_path: str | Path = DEFAULT_WORD_ENCODER) -> WordEncoder:
    """Load a word encoder by its name, or from the path of a file of word vectors.

    Raises SettingsError for a name that is not registered, InputError for a file that is not there or holds no word
    vectors, MissingExtra where packages are missing.
    """
    name = str(name_or_path)
    if name in WORD_ENCODERS:
        return WORD_ENCODERS[name]()
    path = Path(name).expanduser().absolute()  # a run keeps it, and may be asked from another folder
    if path.is_file():
        from ganvas.encode.words.files import from_file

        return from_file(path)
    if path.suffix or len(Path(name).parts) > 1:
        raise InputError(
            f"no file of word vectors at {name}: check the path, or use {' or '.join(word_encoder_names())}"
        )
    return WORD_ENCODERS[name]()


@register(DEFAULT_WORD_ENCODER)
def _minilm() -> WordEncoder:
    from ganvas.encode.words.minilm import MiniLM

    return MiniLM()


@register("glove")
def _glove() -> WordEncoder:
    from ganvas.encode.words.glove import glove

    return glove()


__all__ = [
    "DEFAULT_WORD_ENCODER",
    "WordEncoder",
    "WordVectors",
    "register",
    "word_encoder",
    "word_encoder_names",
]
