"""Word vectors from one's own text: `train_words(Path("corpus.txt"), Path("my.kv"))`, then `word_encoder("my.kv")`.

Word2Vec (Mikolov et al., arXiv 1310.4546) by gensim, as skip-gram, which is the better one on little text. The text is
read as a stream, once for its words and once an epoch, by one worker: the same text and seed give the same bits.
"""

from __future__ import annotations

import gzip
import io
import logging
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO

from ganvas.encode.words.table import WORD
from ganvas.errors import InputError, MissingExtra, SettingsError
from ganvas.progress import Progress, Silent, Task

LONGEST_READ = 20_000  # characters: gensim drops what is beyond 10,000 words of a sentence
FEWEST_WORDS = 10
UNREADABLE = (OSError, EOFError, zlib.error)


@dataclass(frozen=True)
class TrainedWords:
    """What was learned, and where it lies."""

    path: Path
    words: int
    dimensions: int
    tokens: int
    """Words of the text, each as often as it stands there."""

    def __str__(self) -> str:
        return f"{self.words:,} words × {self.dimensions} numbers, from {self.tokens:,} words of text, in {self.path}"


def train_words(
    corpus: Path,
    out: Path,
    *,
    dimensions: int = 100,
    window: int = 5,
    min_count: int = 5,
    epochs: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
) -> TrainedWords:
    """Learn a vector of every word that stands `min_count` times in a UTF-8 text file, packed with gzip or not.

    `out` is written as gensim's KeyedVectors, or as word2vec text (.txt, .vec) or binary (.bin); whole or not at all.
    Raises InputError for a text that is missing, empty, none, or has too few words; MissingExtra without gensim.
    """
    try:
        from gensim.models import Word2Vec  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtra("training word vectors", "words") from error
    for name, value in {"dimensions": dimensions, "window": window, "min-count": min_count, "epochs": epochs}.items():
        if value < 1:
            raise SettingsError(f"--{name} {value} is too low: 1 at least")
    _check(corpus, out)
    kilobytes = corpus.stat().st_size / 1000
    with (
        (progress or Silent()).task(f"learning the words of {corpus.name}", kilobytes * (epochs + 1), "kB") as task,
        _quiet_gensim(),
    ):
        text = _Sentences(corpus, task)
        model = Word2Vec(vector_size=dimensions, window=window, min_count=min_count, seed=seed, sg=1, workers=1)
        model.build_vocab(text)
        text.check()
        tokens, words = int(model.corpus_total_words), len(model.wv)
        if words < FEWEST_WORDS:
            raise InputError(
                f"{corpus} has {tokens:,} words, of which {words} stand there {min_count} times: "
                f"{FEWEST_WORDS} are the fewest to learn from. Give it more text, or a lower --min-count"
            )
        model.train(text, total_examples=model.corpus_count, epochs=epochs)
        text.check()
        _save(model.wv, out)
    return TrainedWords(out, words, dimensions, tokens)


def _check(corpus: Path, out: Path) -> None:
    if not corpus.is_file():
        raise InputError(f"no text file at {corpus}: check the path")
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise InputError(f"{out} cannot be written: give --out a file's name in a folder that exists")
    try:
        with corpus.open("rb") as raw, _as_text(raw, corpus.suffix == ".gz") as text:
            beginning = text.read(4096)
    except UNREADABLE as error:
        raise InputError(f"{corpus} cannot be read ({error})") from error
    if "\0" in beginning:
        raise InputError(f"{corpus} is no UTF-8 text: save it as one, or name another")


def _as_text(raw: IO[bytes], packed: bool) -> TextIO:
    stream: Any = gzip.GzipFile(fileobj=raw) if packed else raw
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")


class _Sentences:
    """The text as lists of lower-case words, a list a line, as often as it is asked for; the task advances with it."""

    def __init__(self, corpus: Path, task: Task) -> None:
        self._corpus = corpus
        self._task = task
        self._failure: Exception | None = None

    def __iter__(self) -> Iterator[list[str]]:
        done = 0
        try:
            with self._corpus.open("rb") as raw, _as_text(raw, self._corpus.suffix == ".gz") as text:
                while line := text.readline(LONGEST_READ):
                    if words := WORD.findall(line.lower()):
                        yield words
                    if (read := raw.tell()) != done:
                        self._task.advance((read - done) / 1000)
                        done = read
        except UNREADABLE as error:
            # kept for check(): gensim reads in a thread of its own, and would wait for ever where that one fails
            self._failure = error

    def check(self) -> None:
        """Raises InputError where the file could not be read to its end."""
        if self._failure is not None:
            raise InputError(f"{self._corpus} cannot be read to its end ({self._failure})") from self._failure


def _save(vectors: Any, out: Path) -> None:
    vectors.lifecycle_events = None  # holds the hour, and would make two files of the same words differ
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        if out.suffix in (".txt", ".vec", ".bin"):
            vectors.save_word2vec_format(str(partial), binary=out.suffix == ".bin")
        else:
            with partial.open("wb") as file:  # an open file: the arrays go into it, not into files beside it
                vectors.save(file)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _quiet_gensim() -> Iterator[None]:
    """gensim logs advice on its own speed, which would stand between our lines."""
    logger = logging.getLogger("gensim")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
