"""The words a run learned, with their vectors: `learned_words(labels, encoder).save(run_folder)`, `LearnedWords.load`.

They lie in the run as words.safetensors and words.json, so that drawing a learned word needs no encoder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.encode.words import WordEncoder
from ganvas.encode.words.labels import clean
from ganvas.errors import InputError, SettingsError, did_you_mean
from ganvas.whole import write_whole

FACTS, VECTORS = "words.json", "words.safetensors"
NAMED = 10


@dataclass(frozen=True)
class LearnedWords:
    """L labels, the word each stands for, and its vector."""

    encoder: str
    """The name or path that `word_encoder` loads it by."""
    version: str
    labels: tuple[str, ...]
    words: tuple[str, ...]
    vectors: NDArray[np.float32]
    """float32 [L, D] of unit length."""

    def index(self, text: str) -> int | None:
        """Which label this is, written as the set has it, in plain words, or by its alias; None for any other text."""
        for names, wanted in (
            (self.labels, text.strip()),
            (self.words, text.strip()),
            (self.words, clean(text)),
            (tuple(map(clean, self.labels)), clean(text)),
        ):
            folded = [name.casefold() for name in names]
            if wanted.casefold() in folded:
                return folded.index(wanted.casefold())
        return None

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosine of a vector [D] to each word: float32 [L]; zeros for a vector of no length."""
        length = float(np.linalg.norm(vector))
        cosines = self.vectors @ vector / length if length else np.zeros(len(self.vectors))
        return np.clip(cosines, -1, 1).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write both files, each whole or not at all; words.json names the bytes of the other, and comes last."""
        from safetensors.numpy import save

        stored = save({"vectors": np.ascontiguousarray(self.vectors, np.float32)})
        facts = {
            "encoder": self.encoder,
            "version": self.version,
            "labels": list(self.labels),
            "words": list(self.words),
            "vectors_sha256": hashlib.sha256(stored).hexdigest(),
        }
        write_whole(folder / VECTORS, stored)
        write_whole(folder / FACTS, json.dumps(facts, indent=1, ensure_ascii=False).encode())

    @classmethod
    def load(cls, folder: Path) -> LearnedWords:
        """The words saved in a run's folder. Raises InputError where they are missing or damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            facts = json.loads((folder / FACTS).read_bytes())
            stored = (folder / VECTORS).read_bytes()
            if hashlib.sha256(stored).hexdigest() != facts["vectors_sha256"]:
                raise ValueError(f"{VECTORS} is not the file it was saved with")
            labels, words = tuple(map(str, facts["labels"])), tuple(map(str, facts["words"]))
            vectors = load(stored)["vectors"]
            if not len(labels) == len(words) == len(vectors):
                raise ValueError(f"{len(labels)} labels, {len(words)} words, {len(vectors)} vectors")
            return cls(str(facts["encoder"]), str(facts["version"]), labels, words, vectors)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise InputError(f"{folder / FACTS} is missing or damaged ({error}): the run's words are lost") from error


def learned_words(
    labels: Sequence[str], encoder: WordEncoder, aliases: Mapping[str, str] | None = None
) -> LearnedWords:
    """The word and the vector of every label: the label in plain words, or its alias.

    Raises SettingsError naming the labels that have no vector, with the nearest spellings and how to alias them; or
    for an alias of a label that is not there.
    """
    words = [clean(label) for label in labels]
    for alias, word in (aliases or {}).items():
        found = [i for i, label in enumerate(labels) if alias.casefold() in (label.casefold(), clean(label).casefold())]
        if not found:
            raise SettingsError(f"--alias names {alias!r}, but no label is called so.{did_you_mean(alias, labels)}")
        for i in found:
            words[i] = word
    known = encoder.vectors(words)
    if not known.known.all():
        raise _without_vector([(labels[i], words[i]) for i, found in enumerate(known.known) if not found], encoder)
    return LearnedWords(encoder.name, encoder.version, tuple(labels), tuple(words), known.vectors)


def _without_vector(missing: Sequence[tuple[str, str]], encoder: WordEncoder) -> SettingsError:
    named = []
    for label, word in missing[:NAMED]:
        near = encoder.spellings(word, 3)
        called = f" called {word!r}" if clean(label) != word else ""
        named.append(repr(label) + called + (f" (spelt like {', '.join(near)})" if near else ""))
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    first, word = missing[0]
    suggestion = (encoder.spellings(word, 1) or ["WORD"])[0]
    return SettingsError(
        f"{encoder.name} has no vector for {', '.join(named)}{more}: "
        f'call each by a word it has, as --alias "{first}={suggestion}"'
    )
