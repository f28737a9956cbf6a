"""What a run's generator is told beside noise: `Conditions.load(run_folder).table[row]`.

A condition is a row of a table, float32 [R, C], whose rows are the labels: a training picture is told its label's.
Label: one-hot. Word as a mixture: one-hot too, and a word that was not learned is a mixture of the rows it resembles.
Word as a map: the coordinates of the label's word, and a word that was not learned has its own. None: one row of no
numbers. The table and the words' vectors lie in the run's folder: drawing what was learned needs no extra package.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from ganvas.encode.words.learned import LearnedWords
from ganvas.encode.words.similar import mixture, vector_of
from ganvas.errors import InputError
from ganvas.record_folder import write_json
from ganvas.whole import write_whole

Kind = Literal["none", "label", "word"]
TENSORS, FACTS = "condition.safetensors", "condition.json"
MOST_COORDINATES = 64


@dataclass(frozen=True)
class Conditions:
    """The table, each row's share of the training pictures, and for words their vectors and how they are placed."""

    kind: Kind
    names: list[str]  # of the labels, a row each; none for the kind "none"
    table: NDArray[np.float32]  # [R, C]
    shares: NDArray[np.float64]  # [R]
    words: LearnedWords | None = None
    map: WordMap | None = None  # None for a mixture

    @property
    def width(self) -> int:
        return int(self.table.shape[1])

    @classmethod
    def none(cls) -> Conditions:
        """The generator is told nothing."""
        return cls("none", [], np.zeros((1, 0), np.float32), np.ones(1))

    @classmethod
    def of_labels(cls, names: list[str], counts: list[int]) -> Conditions:
        """One-hot: a row a label."""
        return cls("label", names, np.eye(len(names), dtype=np.float32), _shares(counts))

    @classmethod
    def of_words(cls, words: LearnedWords, counts: list[int], design: str) -> Conditions:
        """A row a label, by its word: one-hot for the design "mixture", placed by its vector for "map"."""
        if design == "mixture":
            return cls("word", list(words.labels), np.eye(len(counts), dtype=np.float32), _shares(counts), words)
        placed = WordMap.fitted(words.vectors)
        return cls("word", list(words.labels), placed.place(words.vectors), _shares(counts), words, placed)

    def rows_of(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row that each picture is told, from its label int64 [N]."""
        return np.zeros(len(labels), np.int64) if self.kind == "none" else labels

    def drawn(self, chances: NDArray[np.float64]) -> NDArray[np.int64]:
        """Rows int64 [N] for numbers in 0 … 1, each as often as the training pictures were told it."""
        edges = np.cumsum(self.shares)
        return np.minimum(np.searchsorted(edges, chances, side="right"), len(edges) - 1)

    def of_word(self, text: str, words: LearnedWords, temperature: float) -> NDArray[np.float32]:
        """The condition [C] of any word: a learned one's row, else its own place on the map, or a mixture of rows.

        Raises InputError for a word that has no vector.
        """
        index = words.index(text)
        if index is not None:
            return np.asarray(self.table[index])
        if self.map is not None:
            return np.asarray(self.map.place(vector_of(text, words)[None])[0])
        return np.asarray(mixture(text, words, temperature) @ self.table)

    def save(self, folder: Path) -> None:
        """Write condition.safetensors and condition.json (for words, words.* beside them), each whole or not at all."""
        arrays = {"table": self.table, "shares": self.shares}
        if self.map is not None:
            arrays |= {"middle": self.map.middle, "basis": self.map.basis}
        tensors = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        write_whole(folder / TENSORS, safetensors.numpy.save(tensors))
        if self.words is not None:
            self.words.save(folder)
        write_json(folder / FACTS, {"kind": self.kind, "names": self.names})

    @classmethod
    def load(cls, folder: Path) -> Conditions:
        """What a run was told. Raises InputError where its files are gone or damaged."""
        try:
            facts = json.loads((folder / FACTS).read_text())
            arrays = safetensors.numpy.load_file(folder / TENSORS)
            words = LearnedWords.load(folder) if facts["kind"] == "word" else None
            placed = WordMap(arrays["middle"], arrays["basis"]) if "basis" in arrays else None
            return cls(facts["kind"], facts["names"], arrays["table"], arrays["shares"], words, placed)
        except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
            raise InputError(f"{folder / FACTS} is missing or damaged ({error}): the run cannot be read") from error


@dataclass(frozen=True)
class WordMap:
    """Coordinates of word vectors among the learned ones: what distinguishes those, and nothing else, is told."""

    middle: NDArray[np.float32]  # [D], the mean of the learned vectors
    basis: NDArray[np.float32]  # [D, C], orthonormal

    @classmethod
    def fitted(cls, vectors: NDArray[np.float32]) -> WordMap:
        """Of learned vectors [L, D]: their mean, and the at most 64 directions in which they differ most."""
        middle = vectors.mean(axis=0)
        _, sizes, directions = np.linalg.svd(vectors - middle, full_matrices=False)
        rank = max(1, int((sizes > 1e-3 * sizes[0]).sum()))
        return cls(middle, directions[: min(rank, MOST_COORDINATES)].T.copy())

    def place(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors [N, D] -> coordinates [N, C] of unit length."""
        placed = (vectors - self.middle) @ self.basis
        return np.asarray(placed / np.maximum(np.linalg.norm(placed, axis=1, keepdims=True), 1e-8), np.float32)


def _shares(counts: list[int]) -> NDArray[np.float64]:
    return np.asarray(counts, np.float64) / max(1, sum(counts))
