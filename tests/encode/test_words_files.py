"""Files of word vectors by others: each format is told by its bytes; a bad file is one line and runs nothing."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.models.fasttext import save_facebook_model

from ganvas.encode.words import word_encoder
from ganvas.errors import InputError

TEXT = [["the", "slipper", "and", "sandal"], ["a", "Gown", "is", "a", "dress"], ["ankle_boot", "boot"]] * 20


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    return Word2Vec(TEXT, vector_size=16, min_count=1, workers=1, epochs=1).wv


@pytest.fixture(scope="module")
def pieces() -> FastText:
    return FastText(TEXT, vector_size=16, min_count=1, workers=1, epochs=1, bucket=300)


WRITE: dict[str, Callable[[KeyedVectors, Path], object]] = {
    "own.kv": lambda kv, path: kv.save(str(path)),
    "big.kv": lambda kv, path: kv.save(str(path), sep_limit=1),  # arrays in files beside it
    "text.vec": lambda kv, path: kv.save_word2vec_format(str(path)),
    "binary.bin": lambda kv, path: kv.save_word2vec_format(str(path), binary=True),
    "glove.txt": lambda kv, path: kv.save_word2vec_format(str(path), write_header=False),
    "by another name": lambda kv, path: kv.save_word2vec_format(str(path), binary=True),
}


@pytest.mark.parametrize("name", WRITE)
def test_each_format_gives_the_vectors_it_was_written_with(name: str, vectors: KeyedVectors, tmp_path: Path) -> None:
    WRITE[name](vectors, tmp_path / name)
    encoder = word_encoder(tmp_path / name)
    found = encoder.vectors(["slipper", "ankle boot", "gown", "nothing", "slipper sandal"])
    assert encoder.features == 16
    assert found.known.tolist() == [True, True, True, False, True]
    unit = vectors.get_normed_vectors()
    for row, word in enumerate(("slipper", "ankle_boot", "Gown")):
        assert np.allclose(found.vectors[row], unit[vectors.key_to_index[word]], atol=1e-5)
    assert encoder.spellings("sliper") == ["slipper"]


@pytest.mark.parametrize("name", ["own.kv", "text.vec", "binary.bin", "glove.txt"])
def test_each_format_may_be_packed(name: str, vectors: KeyedVectors, tmp_path: Path) -> None:
    WRITE[name](vectors, tmp_path / name)
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    plain, unpacked = (word_encoder(path).vectors(["slipper"]).vectors for path in (tmp_path / name, packed))
    assert np.array_equal(plain, unpacked)


@pytest.mark.parametrize("name", ["native.bin", "own.kv"])
def test_fasttext_knows_words_by_their_pieces(name: str, pieces: FastText, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "own.kv":
        pieces.wv.save(str(path))
    else:
        save_facebook_model(pieces, str(path))
    found = word_encoder(path).vectors(["slipper", "slippers", "?"])
    assert found.known.tolist() == [True, True, False]
    for row, word in enumerate(("slipper", "slippers")):
        assert np.allclose(found.vectors[row], pieces.wv.get_vector(word, norm=True), atol=1e-5)


def test_words_with_spaces_and_doubled_words_are_read_as_glove_writes_them(tmp_path: Path) -> None:
    (tmp_path / "g.txt").write_text("dress 1 0\n. . . 0 1\ndress 5 5\nat name@domain.com 1 1 \n")
    found = word_encoder(tmp_path / "g.txt").vectors(["dress", ". . .", "at name@domain.com"])
    assert np.allclose(found.vectors, [[1, 0], [0, 1], [0.5**0.5, 0.5**0.5]])


def test_a_vector_of_no_length_or_no_number_is_none(tmp_path: Path) -> None:
    (tmp_path / "g.txt").write_text("dress 1 0\npadding 0 0\nlost nan 1\nfar inf 1\n")
    assert word_encoder(tmp_path / "g.txt").vectors(["dress", "padding", "lost", "far"]).known.tolist() == [
        True,
        False,
        False,
        False,
    ]


def test_a_file_is_known_by_its_place_and_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "g.txt").write_text("dress 1 0\n")
    monkeypatch.chdir(tmp_path)
    before = word_encoder("g.txt")
    (tmp_path / "g.txt").write_text("dress 0 1\n")
    assert before.name == str(tmp_path / "g.txt")
    assert word_encoder("g.txt").version != before.version


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "first line"),
        (b"no word vectors here, only prose\nand more", "line 1: what stands behind"),
        (b"dress 1 0 1\nboot 1 0\n", "line 2: 2 numbers instead of 3"),
        (b"3 2\ndress 1 0\nboot 1 0\n", "2 of its 3 words"),
        (b"5 5", "0 of its 5 words"),
        (b"900000000000 300\n\x00\x01\x02", "cut short"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "first line"),
        (pickle.dumps({"dress": [1.0]}), "pickle of something else"),
        (b"\x80\x04cut", "holds no word vectors"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        word_encoder(path)
    assert "bad.bin" in str(error.value)
    assert "\n" not in str(error.value)


def test_every_format_cut_anywhere_is_an_error_and_never_hangs(
    tmp_path: Path, vectors: KeyedVectors, pieces: FastText
) -> None:
    for name in ("own.kv", "text.vec", "binary.bin"):
        WRITE[name](vectors, tmp_path / name)
    save_facebook_model(pieces, str(tmp_path / "native.bin"))
    for name in ("own.kv", "text.vec", "binary.bin", "native.bin"):
        whole = (tmp_path / name).read_bytes()
        for share in (0.02, 0.2, 0.5, 0.9):
            (tmp_path / "cut").write_bytes(whole[: int(share * len(whole))])
            with pytest.raises(InputError, match="holds no word vectors"):
                word_encoder(tmp_path / "cut")


class Harm:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.mark,))


def test_a_pickle_runs_nothing_that_a_keyed_vectors_does_not_need(tmp_path: Path, vectors: KeyedVectors) -> None:
    mark = tmp_path / "harmed"
    (tmp_path / "harm.kv").write_bytes(pickle.dumps(Harm(mark)))
    with pytest.raises(InputError, match="it would run"):
        word_encoder(tmp_path / "harm.kv")
    disguised = KeyedVectors(2)
    vars(disguised)["__scipys"] = ["second"]  # gensim would unpickle this file without asking
    (tmp_path / "door.kv").write_bytes(pickle.dumps(disguised))
    (tmp_path / "door.kv.second").write_bytes(pickle.dumps(Harm(mark)))
    with pytest.raises(InputError, match="pickle of something else"):
        word_encoder(tmp_path / "door.kv")
    assert not mark.exists()


def test_a_whole_model_is_told_from_its_vectors(tmp_path: Path) -> None:
    Word2Vec(TEXT, vector_size=4, min_count=1, workers=1, epochs=1).save(str(tmp_path / "whole.model"))
    with pytest.raises(InputError, match="save its .wv"):
        word_encoder(tmp_path / "whole.model")


def test_a_packed_fasttext_model_says_how_to_unpack_it(tmp_path: Path, pieces: FastText) -> None:
    save_facebook_model(pieces, str(tmp_path / "native.bin"))
    (tmp_path / "native.bin.gz").write_bytes(gzip.compress((tmp_path / "native.bin").read_bytes()))
    with pytest.raises(InputError, match="gunzip it"):
        word_encoder(tmp_path / "native.bin.gz")
