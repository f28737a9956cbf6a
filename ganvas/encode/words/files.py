"""Any file of word vectors as an encoder: `from_file(Path("my.kv")).vectors(["slipper"])`.

gensim's KeyedVectors, word2vec (binary or text), GloVe's text without a header, fastText's .vec and .bin: told apart by
their first bytes, whatever they are called, packed with gzip or not.
"""

from __future__ import annotations

import gzip
import hashlib
import pickle
import struct
import zlib
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from ganvas.encode.words.table import Vector, WordTable
from ganvas.errors import InputError, MissingExtra

FASTTEXT_MAGIC = struct.pack("<i", 793712314)
FASTTEXT_HEADER = struct.Struct("<2i12id3iqq")  # magic, version, 12 settings and t, three counts, tokens, pruned
PICKLE_MAGIC = b"\x80"
LONGEST_LINE = 1 << 20
FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
    zlib.error,
    OSError,
)
# A pickle may name any function of any package to be called; of these alone a KeyedVectors is made.
MAY_BE_UNPICKLED = {
    "_codecs": {"encode"},  # bytes of the pickles of gensim 3
    "gensim.models.fasttext": {"FastTextKeyedVectors"},
    "gensim.models.keyedvectors": {"CompatVocab", "KeyedVectors", "Vocab", "Word2VecKeyedVectors"},
    "numpy": {"dtype", "ndarray"},
    **dict.fromkeys(("numpy._core.multiarray", "numpy.core.multiarray"), {"_reconstruct", "scalar"}),
    **dict.fromkeys(("numpy._core.numeric", "numpy.core.numeric"), {"_frombuffer"}),
}


def from_file(path: Path) -> WordTable:
    """The file's words. Raises InputError for a file that is damaged or of another kind, in one line."""
    try:
        with path.open("rb") as file:
            version = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        with _opened(path) as file:
            read = _reader_for(file.read(4), file.readline(LONGEST_LINE), file.readline(LONGEST_LINE))
        return read(path, version)
    except FAILURES as error:
        raise InputError(
            f"{path} holds no word vectors that can be read ({str(error) or type(error).__name__}): "
            "KeyedVectors, word2vec, GloVe and fastText files can"
        ) from error


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _reader_for(magic: bytes, rest_of_line: bytes, second_line: bytes) -> Callable[[Path, str], WordTable]:
    if magic.startswith(PICKLE_MAGIC):
        return _from_keyed_vectors
    if magic == FASTTEXT_MAGIC:
        return _from_fasttext
    if _header(magic + rest_of_line) and not _is_text(second_line):
        return _from_word2vec_binary
    return _from_text


def _header(line: bytes) -> tuple[int, int] | None:
    """How many words of how many numbers, if this line says so."""
    numbers = line.split()
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 and all(n.isdigit() for n in numbers) else None


def _is_text(line: bytes) -> bool:
    try:
        return "\0" not in line.decode()
    except UnicodeDecodeError:
        return False


def _from_text(path: Path, version: str) -> WordTable:
    """GloVe and word2vec text; not by gensim, which stops at spaces in words (GloVe 840B) and takes 5 times longer."""
    rows: dict[str, int] = {}
    numbers, read = bytearray(), 0
    with _opened(path) as file:
        first = file.readline(LONGEST_LINE)
        header = _header(first)
        count, width = header or (1, len(first.split()) - 1)
        if width < 1:
            raise ValueError("its first line is no word with numbers behind it")
        for line in file if header else chain([first], file):
            read += 1
            word, vector = _parsed(line, width, read + bool(header))
            if word not in rows:
                rows[word] = len(rows)
                numbers += vector.tobytes()
    if read < count:
        raise ValueError(f"{read:,} of its {count:,} words are there")
    return WordTable(str(path), version, rows, np.frombuffer(numbers, np.float32).reshape(-1, width))


def _parsed(line: bytes, width: int, number: int) -> tuple[str, Vector]:
    word, *texts = line.rsplit(None, width) or [b""]
    try:
        vector = np.array(texts, np.float32)
    except ValueError:
        raise ValueError(f"line {number}: what stands behind the word are no numbers") from None
    if len(vector) != width:
        raise ValueError(f"line {number}: {len(vector)} numbers instead of {width}")
    return word.decode(errors="replace"), vector


def _from_word2vec_binary(path: Path, version: str) -> WordTable:
    from_gensim = _gensim().KeyedVectors.load_word2vec_format
    with _opened(path) as file:
        count, width = _header(file.readline(LONGEST_LINE)) or (0, 0)
    if path.suffix != ".gz" and count * width * 4 > path.stat().st_size:
        raise EOFError(f"it is cut short: {count:,} words of {width} numbers would be longer")
    return _table(path, version, from_gensim(str(path), binary=True, unicode_errors="replace"))


def _from_fasttext(path: Path, version: str) -> WordTable:
    _gensim()
    if path.suffix == ".gz":
        raise ValueError("gensim reads fastText's .bin unpacked only: gunzip it")
    from gensim.models.fasttext import load_facebook_vectors  # type: ignore[import-untyped]

    _check_fasttext_words(path)
    return _table(path, version, load_facebook_vectors(str(path)))


def _check_fasttext_words(path: Path) -> None:
    """Raises EOFError where the list of words is cut short: gensim would look for its end for ever."""
    with _opened(path) as file:
        words = FASTTEXT_HEADER.unpack(file.read(FASTTEXT_HEADER.size))[15]
        for _ in range(words):
            while (byte := file.read(1)) != b"\0":
                if not byte:
                    raise EOFError("it is cut short")
            file.read(9)  # how often it was seen, and its kind


class _OnlyVectors(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name not in MAY_BE_UNPICKLED.get(module, ()):
            if module.startswith("gensim.models."):
                raise pickle.UnpicklingError("it is a whole model of gensim's: save its .wv")
            raise pickle.UnpicklingError(f"it would run {module}.{name}, which no KeyedVectors needs")
        return super().find_class(module, name)


def _from_keyed_vectors(path: Path, version: str) -> WordTable:
    kind = _gensim().KeyedVectors
    with _opened(path) as file:
        found = _OnlyVectors(file).load()
    # what is named in these two would be unpickled by gensim, without our limits
    if not isinstance(found, kind) or any(vars(found).get(name) for name in ("__scipys", "__recursive_saveloads")):
        raise ValueError("it is a pickle of something else")
    found._load_specials(str(path), None, *kind._adapt_by_suffix(str(path)))  # big arrays lie in files beside it
    return _table(path, version, found)


def _table(path: Path, version: str, found: Any) -> WordTable:
    rows, matrix = found.key_to_index, np.asarray(found.vectors, np.float32)
    if matrix.ndim != 2 or not isinstance(rows, dict) or not 0 < len(rows) <= len(matrix):
        raise ValueError("it has no words with vectors")

    def from_pieces(word: str) -> Vector | None:
        return np.asarray(found.get_vector(word), np.float32) if word else None

    has_pieces = getattr(found, "bucket", 0) > 0
    return WordTable(str(path), version, rows, matrix, from_pieces=from_pieces if has_pieces else None)


def _gensim() -> Any:
    try:
        from gensim.models import keyedvectors  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtra("reading this kind of word vectors", "words") from error
    return keyedvectors
