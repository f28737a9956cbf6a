"""A table of words and their vectors, as word2vec, GloVe and fastText publish: `WordTable(...).vectors(["red dress"])`.

A phrase is the mean of its words' vectors; a word that only its pieces know is asked of `from_pieces`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ganvas.encode.words import WordVectors
from ganvas.encode.words.plural import plural
from ganvas.encode.words.spelling import nearest_spellings

WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
STOP_WORDS = frozenset({"a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with"})
Vector = NDArray[np.float32]


class WordTable:
    """A word encoder that looks words up. With `plurals`, a word is the mean of itself and its plural."""

    def __init__(
        self,
        name: str,
        version: str,
        rows: Mapping[str, int],
        matrix: NDArray[np.float32],
        *,
        plurals: bool = False,
        from_pieces: Callable[[str], Vector | None] | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.features = int(matrix.shape[1])
        self._rows = rows
        self._matrix = matrix
        self._plurals = plurals
        self._from_pieces = from_pieces

    def vectors(self, texts: Sequence[str]) -> WordVectors:
        """Float32 [N, D] of unit length; a text none of whose content words is in the table has none."""
        vectors = np.zeros((len(texts), self.features), np.float32)
        known = np.zeros(len(texts), bool)
        left_out: list[list[str]] = [[] for _ in texts]
        for i, text in enumerate(texts):
            found, left_out[i] = self._text(text.strip())
            if found is not None:
                vectors[i], known[i] = found, True
        return WordVectors(vectors, known, left_out)

    def spellings(self, text: str, n: int = 5) -> list[str]:
        """The nearest of the table's 100,000 first words."""
        return nearest_spellings(text, self._rows, n)

    def _text(self, text: str) -> tuple[Vector | None, list[str]]:
        whole = self._looked_up(text)
        if whole is None:  # word2vec's own files hold phrases, as ankle_boot
            whole = self._looked_up(text.replace(" ", "_"))
        if whole is not None:
            return whole, []
        words = WORD.findall(text)
        content = [word for word in words if word.lower() not in STOP_WORDS] or words
        found = [self._word(word) for word in content]
        return _mean(found), [word for word, vector in zip(content, found, strict=True) if vector is None]

    def _word(self, word: str) -> Vector | None:
        found = self._looked_up(word)
        if found is None and self._from_pieces is not None:
            found = _unit(self._from_pieces(word))
        if found is None and "-" in word:
            found = _mean([self._looked_up(part) for part in word.split("-") if len(part) > 1])
        return found

    def _looked_up(self, word: str) -> Vector | None:
        one = self._row(word)
        if one is None or not self._plurals:
            return one
        return _mean([one, self._row(plural(word))])

    def _row(self, word: str) -> Vector | None:
        for form in (word, word.lower(), word.capitalize(), word.upper()):
            row = self._rows.get(form)
            if row is not None:
                return _unit(self._matrix[row])
        return None


def _mean(vectors: Sequence[Vector | None]) -> Vector | None:
    found = [vector for vector in vectors if vector is not None]
    return _unit(np.mean(found, axis=0)) if found else None


def _unit(vector: Vector | None) -> Vector | None:
    if vector is None:
        return None
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length, np.float32) if 0 < length < np.inf else None
