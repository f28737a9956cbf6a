"""Words learned from one's own text: the same bits again, files that gensim takes, a line for a text too small."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from ganvas.encode.words import word_encoder
from ganvas.encode.words.corpus import LONGEST_READ, TrainedWords, train_words
from ganvas.errors import InputError, SettingsError

FEET, BODY = ("slipper", "sandal", "boot"), ("gown", "dress", "blouse")


def text_of(lines: int) -> str:
    rng = np.random.default_rng(0)
    said = []
    for i in range(lines):
        things, words = ((FEET, "walks street foot sole") if i % 2 else (BODY, "dances silk waist sleeve")), []
        things, words = things[0], things[1].split()
        said.append(f"The {rng.choice(things)} {' '.join(rng.permutation(words))}.")
    return "\n".join(said)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "corpus.txt"
    path.write_text(text_of(3000), encoding="utf-8")
    return path


def learn(corpus: Path, out: Path, **options: int) -> TrainedWords:
    return train_words(corpus, out, **{"dimensions": 16, "epochs": 3, **options})


def test_words_that_stand_in_the_same_company_are_near(corpus: Path, tmp_path: Path) -> None:
    trained = learn(corpus, tmp_path / "my.kv", epochs=30)
    assert (trained.words, trained.dimensions, trained.tokens) == (15, 16, 18000)
    assert str(trained) == f"15 words × 16 numbers, from 18,000 words of text, in {tmp_path / 'my.kv'}"
    slipper, boot, dress = word_encoder(tmp_path / "my.kv").vectors(["Slipper", "boot", "dress"]).vectors
    assert slipper @ boot > slipper @ dress + 0.3


def test_the_same_seed_gives_the_same_bits_and_another_others(corpus: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.kv", "two.kv", "three.kv")]
    for file, seed in zip(files, (0, 0, 1), strict=True):
        learn(corpus, file, seed=seed)
    one, two, three = (file.read_bytes() for file in files)
    assert one == two
    assert one != three
    assert {path.name for path in tmp_path.iterdir()} == {"one.kv", "two.kv", "three.kv"}


@pytest.mark.parametrize("name", ["my.kv", "my.txt", "my.bin"])
def test_gensim_itself_reads_what_was_written(corpus: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    learn(corpus, out)
    if name == "my.kv":
        vectors = KeyedVectors.load(str(out))
    else:
        vectors = KeyedVectors.load_word2vec_format(str(out), binary=name == "my.bin")
    ours = word_encoder(out).vectors(["gown"]).vectors[0]
    assert np.allclose(ours, vectors.get_vector("gown", norm=True), atol=1e-5)


def test_packed_text_and_text_without_line_ends_are_read(corpus: Path, tmp_path: Path) -> None:
    packed, one_line = tmp_path / "corpus.gz", tmp_path / "line.txt"
    packed.write_bytes(gzip.compress(corpus.read_bytes()))
    one_line.write_text(corpus.read_text().replace("\n", " "))
    assert len(one_line.read_text()) > 2 * LONGEST_READ
    learn(corpus, tmp_path / "a.kv")
    learn(packed, tmp_path / "b.kv")
    assert (tmp_path / "a.kv").read_bytes() == (tmp_path / "b.kv").read_bytes()
    assert learn(one_line, tmp_path / "c.kv").words == 15


def test_words_are_lower_case_of_any_script_and_bad_bytes_cost_only_themselves(tmp_path: Path) -> None:
    text = "Ärmel T-SHIRT don't платье 女装 snake_case 3d a1 \n".encode() + b"br\xffken byte\n"
    (tmp_path / "c.txt").write_bytes(b"\xef\xbb\xbf" + text * 5)
    learn(tmp_path / "c.txt", tmp_path / "my.kv")
    words = set(KeyedVectors.load(str(tmp_path / "my.kv")).key_to_index)
    assert words == {"ärmel", "t-shirt", "don't", "платье", "女装", "snake", "case", "3d", "a1", "br", "ken", "byte"}


class Counting:
    """Progress that adds up."""

    def __init__(self) -> None:
        self.total, self.done = 0.0, 0.0

    def note(self, line: str) -> None: ...

    def task(self, label: str, total: float | None, unit: str = "") -> Counting:
        self.total = total or 0
        return self

    def __enter__(self) -> Counting:
        return self

    def __exit__(self, *_: object) -> None: ...

    def advance(self, steps: float = 1) -> None:
        self.done += steps

    def describe(self, text: str) -> None: ...


def test_progress_reaches_its_end(corpus: Path, tmp_path: Path) -> None:
    progress = Counting()
    train_words(corpus, tmp_path / "my.kv", dimensions=4, epochs=2, progress=progress)
    assert progress.total == pytest.approx(corpus.stat().st_size * 3 / 1000)
    assert progress.done == pytest.approx(progress.total)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no text file at"),
        (b"", "has 0 words, of which 0"),
        (b"only a few words here", "has 5 words, of which 0 stand there 5 times"),
        (b"one two three " * 50, "10 are the fewest"),
        ("words words words ".encode("utf-16") * 50, "no UTF-8 text"),
    ],
)
def test_a_text_that_cannot_be_learned_from_is_one_line(tmp_path: Path, content: bytes | None, message: str) -> None:
    corpus = tmp_path / "corpus.txt"
    if content is not None:
        corpus.write_bytes(content)
    with pytest.raises(InputError, match=message):
        learn(corpus, tmp_path / "my.kv")
    assert not (tmp_path / "my.kv").exists()


def test_packed_text_that_is_cut_short_is_one_line(corpus: Path, tmp_path: Path) -> None:
    whole = gzip.compress(np.random.default_rng(0).integers(97, 122, 60_000, dtype=np.uint8).tobytes())
    (tmp_path / "c.gz").write_bytes(whole[:-2000])
    with pytest.raises(InputError, match="cannot be read"):
        learn(tmp_path / "c.gz", tmp_path / "my.kv")


def test_a_place_that_cannot_be_written_is_said_before_the_work(corpus: Path, tmp_path: Path) -> None:
    for out in (tmp_path, tmp_path / "missing" / "my.kv"):
        with pytest.raises(InputError, match="give --out a file's name"):
            learn(corpus, out)
    with pytest.raises(SettingsError, match="--dimensions 0 is too low"):
        learn(corpus, tmp_path / "my.kv", dimensions=0)
