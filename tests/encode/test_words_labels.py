"""Labels become words a person would say; what a run learned is saved whole, and found again without an encoder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ganvas.encode.words import WordEncoder, word_encoder
from ganvas.encode.words.labels import clean, parse_aliases
from ganvas.encode.words.learned import LearnedWords, learned_words
from ganvas.encode.words.similar import similar, vector_of, words_of_run
from ganvas.errors import InputError, SettingsError

VECTORS = "shirt 1 0 0\ndress 0 1 0\ngown 0 .9 .1\nboot 0 0 1\nankle .1 0 1\nslipper 0 .1 .9\n"
LABELS = ["T-shirt/top", "Dress", "ankle_boot"]
ALIASES = {"t-shirt/top": "shirt"}


@pytest.fixture
def encoder(tmp_path: Path) -> WordEncoder:
    (tmp_path / "small.txt").write_text(VECTORS)
    return word_encoder(tmp_path / "small.txt")


@pytest.fixture
def learned(encoder: WordEncoder) -> LearnedWords:
    return learned_words(LABELS, encoder, ALIASES)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("T-shirt/top", "t-shirt or top"),
        ("Ankle boot", "ankle boot"),
        ("ankle_boot", "ankle boot"),
        ("03_ankle_boot", "ankle boot"),
        ("3. Boot", "boot"),
        ("001.Black_footed_Albatross", "black footed albatross"),
        ("n02084071-dog", "dog"),
        ("AnkleBoot", "ankle boot"),
        ("TShirt", "t shirt"),
        ("iPhone", "iphone"),
        ("McDonald", "mcdonald"),
        ("3d print", "3d print"),
        ("35 mm film", "35 mm film"),
        ("18th_century", "18th century"),
        ("2 - boots", "boots"),
        ("dress.jpg", "dress"),
        ("R&B", "r and b"),
        ("C++", "c++"),
        ("  two   words ", "two words"),
        ("cafe\u0301", "café"),
        ("女装", "女装"),
        ("Москва", "москва"),
        ("7", "7"),
        ("!!!", "!!!"),
        ("", ""),
    ],
)
def test_labels_are_cleaned_for_humans(label: str, words: str) -> None:
    assert clean(label) == words
    assert clean(clean(label)) == words


def test_aliases_are_label_and_word() -> None:
    given = ["t-shirt/top=shirt", " a = b ", "x=y=z", "a=b"]
    assert parse_aliases(given) == {"t-shirt/top": "shirt", "a": "b", "x=y": "z"}
    for bad in ("shirt", "=shirt", "shirt="):
        with pytest.raises(SettingsError, match="is no alias: write it as LABEL=WORD"):
            parse_aliases([bad])
    with pytest.raises(SettingsError, match="two words, 'b' and 'c'"):
        parse_aliases(["a=b", "a=c"])


def test_every_label_gets_its_word_and_a_unit_vector(learned: LearnedWords, encoder: WordEncoder) -> None:
    assert learned.labels == tuple(LABELS)
    assert learned.words == ("shirt", "dress", "ankle boot")
    assert (learned.encoder, learned.version) == (encoder.name, encoder.version)
    assert np.allclose(np.linalg.norm(learned.vectors, axis=1), 1)


def test_labels_without_a_vector_are_all_named_with_spellings_and_a_way_out(encoder: WordEncoder) -> None:
    with pytest.raises(SettingsError) as error:
        learned_words(["Dress", "Bot", "qqqqqqqq"], encoder)
    message = str(error.value)
    assert "'Bot' (spelt like boot)" in message
    assert "'qqqqqqqq'" in message
    assert "'Dress'" not in message
    assert '--alias "Bot=boot"' in message
    with pytest.raises(SettingsError, match="and 15 more"):
        learned_words([f"q{'x' * 9}{i}" for i in range(25)], encoder)


def test_an_alias_of_no_label_is_an_error(encoder: WordEncoder) -> None:
    with pytest.raises(SettingsError, match="'dres', but no label is called so. Did you mean dress"):
        learned_words(["dress"], encoder, {"dres": "gown"})


@pytest.mark.parametrize("text", ["T-shirt/top", "t-SHIRT/TOP", "shirt", "Shirt", "t-shirt or top"])
def test_a_learned_word_is_found_by_label_word_or_alias(learned: LearnedWords, text: str) -> None:
    assert learned.index(text) == 0
    assert learned.index("AnkleBoot") == 2
    assert learned.index("gown") is None


def test_words_come_back_as_they_were_saved(learned: LearnedWords, tmp_path: Path) -> None:
    learned.save(tmp_path)
    again = LearnedWords.load(tmp_path)
    assert (again.labels, again.words, again.encoder, again.version) == (
        learned.labels,
        learned.words,
        learned.encoder,
        learned.version,
    )
    assert np.array_equal(again.vectors, learned.vectors)
    assert {path.name for path in tmp_path.iterdir()} == {"words.json", "words.safetensors", "small.txt"}


def test_damaged_words_are_an_input_error(learned: LearnedWords, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing or damaged"):
        LearnedWords.load(tmp_path)
    learned.save(tmp_path)
    facts, tensors = tmp_path / "words.json", tmp_path / "words.safetensors"
    whole = facts.read_text(), tensors.read_bytes()
    shorter = {**json.loads(whole[0]), "labels": ["Dress"]}
    for file, content in (
        (facts, b"{"),
        (facts, b"[]"),
        (facts, b"\xff"),
        (facts, json.dumps(shorter).encode()),
        (tensors, whole[1][:-5]),
        (tensors, b""),
    ):
        facts.write_text(whole[0])
        tensors.write_bytes(whole[1])
        file.write_bytes(content)
        with pytest.raises(InputError, match="missing or damaged"):
            LearnedWords.load(tmp_path)


def test_loading_and_a_learned_word_need_neither_torch_nor_an_encoder(learned: LearnedWords, tmp_path: Path) -> None:
    learned.save(tmp_path)
    Path(learned.encoder).unlink()
    code = (
        "import sys; from pathlib import Path; from ganvas.encode.words.learned import LearnedWords; "
        "from ganvas.encode.words.similar import similar; "
        f"print(similar('Ankle boot', LearnedWords.load(Path({str(tmp_path)!r})))[0]); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, modules = done.stdout.splitlines()
    assert first.startswith("Near(word='ankle boot', similarity=")
    assert first.endswith("share=1.0)")
    assert {"torch", "gensim", "transformers", "pyarrow"} & set(modules.split()) == set()


def test_words_are_ranked_by_cosine(learned: LearnedWords) -> None:
    ranked = similar("the_gown", learned)
    assert [near.word for near in ranked] == ["dress", "ankle boot", "shirt"]
    assert ranked[0][1] == pytest.approx(0.9 / np.hypot(0.9, 0.1))
    assert similar("Dress", learned)[0] == ("dress", pytest.approx(1), 1)
    assert sum(near.share for near in ranked) == pytest.approx(1)
    assert ranked[0].share == max(near.share for near in ranked)


def test_two_labels_of_one_word_keep_their_own_shares(learned: LearnedWords) -> None:
    twice = LearnedWords("e", "1", ("a", "b"), ("shirt", "shirt"), np.eye(2, 3, dtype=np.float32))
    assert sorted(near.share for near in similar("shirt", twice)) == [0, 1]


def test_an_unknown_word_is_refused_with_spellings(learned: LearnedWords) -> None:
    with pytest.raises(InputError, match=r"no vector for 'sliper'\. Spelt like it: slipper\. Learned: shirt, dress"):
        vector_of("sliper", learned)
    with pytest.raises(InputError, match=r"no vector for 'sliper' in 'a gown of sliper'\. Spelt like it: slipper"):
        vector_of("a gown of sliper", learned)
    assert vector_of("gown slipper", learned).shape == learned.vectors[0].shape


def test_an_encoder_that_has_changed_answers_only_for_learned_words(learned: LearnedWords) -> None:
    Path(learned.encoder).write_text(VECTORS.replace("gown 0", "gown 1"))
    assert np.array_equal(vector_of("dress", learned), learned.vectors[1])
    with pytest.raises(InputError, match="only learned words can be asked for"):
        vector_of("gown", learned)


def test_no_direction_is_similar_to_nothing(learned: LearnedWords) -> None:
    assert learned.similarities(np.zeros(3, np.float32)).tolist() == [0, 0, 0]


def test_a_run_told_words_keeps_them_and_one_told_labels_has_them_made(learned: LearnedWords, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    made = words_of_run(run, ["Dress", "boot"], learned.encoder)
    assert made.words == ("dress", "boot")
    learned.save(run)
    assert words_of_run(run, LABELS).words == learned.words
    again = words_of_run(run, LABELS, aliases={"dress": "gown"})
    assert (again.encoder, again.words[1], again.words[0]) == (learned.encoder, "gown", learned.words[0])
    with pytest.raises(InputError, match="told no labels: it learned no words"):
        words_of_run(tmp_path, [])
