"""`ganvas words`: a bare word is compared, a verb is a verb, and what is wrong is one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ganvas.catalog import RunRow
from ganvas.encode.words import word_encoder
from ganvas.encode.words.learned import learned_words
from ganvas.studio import StudioFolder
from ganvas.train.settings import train_settings

Call = Callable[..., tuple[int, str, str]]
VECTORS = "shirt 1 0 0\ndress 0 1 0\ngown 0 .9 .1\nboot 0 0 1\nslipper 0 .1 .9\ntrain 0 .5 .6\n"


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    (tmp_path / "small.txt").write_text(VECTORS)
    return tmp_path / "small.txt"


@pytest.fixture
def studio(tmp_path: Path, vectors: Path) -> Path:
    """A studio with a run that was told words, one that was told labels, and one that was told nothing."""
    root = tmp_path / "studio"
    made = StudioFolder.create(root)
    for name, labels in {"nothing": [], "labels": ["Dress", "Boots.jpg"], "words": ["Shirt", "dress", "boot"]}.items():
        made.catalog.add_run(RunRow(name, "some", "0", "finished", None, {}))
        (made.runs / name).mkdir()
        told = {"nothing": "none", "labels": "label", "words": "word"}[name]
        settings = {**train_settings({"condition": told}).model_dump(), "word_temperature": 0.05}
        shape = {"height": 8, "width": 8, "channels": 1, "fingerprint": "0"}
        record = {"settings": settings, "set": {"name": "some", "labels": labels, **shape}, "asked": {}}
        (made.runs / name / "settings.json").write_text(json.dumps(record))
    learned_words(["Shirt", "dress", "boot"], word_encoder(vectors)).save(made.runs / "words")
    return root


@pytest.mark.parametrize("arguments", [["slipper", "--run", "words"], ["--run", "words", "slipper"], ["slipper"]])
def test_a_bare_word_is_compared_with_what_a_run_learned(call: Call, studio: Path, arguments: list[str]) -> None:
    code, text, error = call("-C", studio, "words", *arguments)
    assert (code, error) == (0, "")
    title, columns, *rows = text.splitlines()
    assert "slipper" in title
    assert "words" in title
    assert columns.split() == ["word", "similarity", "share", "when", "drawn"]
    assert [row.split() for row in rows] == [["boot", "0.99", "100%"], ["dress", "0.11", "0%"], ["shirt", "0.00", "0%"]]


def test_json_holds_the_same(call: Call, studio: Path, vectors: Path) -> None:
    told = json.loads(call("-C", studio, "words", "gown", "--run", "words", "--json")[1])
    assert (told["run"], told["text"], told["encoder"]) == ("words", "gown", str(vectors))
    assert [entry["word"] for entry in told["words"]] == ["dress", "boot", "shirt"]
    assert told["words"][0]["similarity"] == pytest.approx(0.9939, abs=1e-4)
    assert sum(entry["share"] for entry in told["words"]) == pytest.approx(1, abs=1e-3)


def test_a_word_that_is_a_verb_is_asked_for_by_the_verb_similar(call: Call, studio: Path) -> None:
    assert call("-C", studio, "words", "similar", "train")[0] == 0
    code, _, error = call("-C", studio, "words", "train")
    assert (code, error.count("\n")) == (2, 1)
    assert "CORPUS" in error


def test_a_run_told_labels_has_its_words_made_and_aliased(call: Call, studio: Path, vectors: Path) -> None:
    asked = ["-C", studio, "words", "slipper", "--run", "labels", "--encoder", vectors]
    code, _, error = call(*asked)
    assert code == 1
    assert error.count("\n") == 1
    assert "'Boots.jpg'" in error
    assert '--alias "Boots.jpg=boot"' in error
    code, text, _ = call(*asked, "--alias", "Boots.jpg=boot")
    assert code == 0
    assert text.splitlines()[2].split()[:2] == ["boot", "0.99"]


def test_words_are_minilms_if_no_encoder_is_named(call: Call, studio: Path) -> None:
    code, text, error = call("-C", studio, "words", "wedding gown", "--run", "labels")
    assert (code, error) == (0, "")
    assert "minilm" in text.splitlines()[0]
    assert [row.split()[0] for row in text.splitlines()[2:]] == ["dress", "boots"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sliper", "--run", "words"], "no vector for 'sliper'. Spelt like it: slipper"),
        (["slipper", "--run", "nothing"], "it learned no words"),
        (["slipper", "--run", "wrods"], "Did you mean words"),
        (["slipper", "--run", "labels", "--encoder", "glov"], "Did you mean glove"),
        (["slipper", "--alias", "boot"], "write it as LABEL=WORD"),
        (["train", "missing.txt", "--out", "my.kv"], "no text file at missing.txt"),
    ],
)
def test_what_is_wrong_is_one_line(call: Call, studio: Path, arguments: list[str], message: str) -> None:
    code, _, error = call("-C", studio, "words", *arguments)
    assert code == 1
    assert message in error
    assert error.count("\n") == 1


def test_words_of_ones_own_text_serve_at_once(call: Call, studio: Path, tmp_path: Path) -> None:
    said = "the dress and gown are silk\nthe boot and slipper are leather\nthe boots walk here now\n"
    (tmp_path / "corpus.txt").write_text(said * 50)
    out = tmp_path / "my.kv"
    code, text, _ = call("words", "train", tmp_path / "corpus.txt", "--out", out, "--dimensions", 8, "--epochs", 2)
    assert code == 0
    assert text == f"13 words × 8 numbers, from 850 words of text, in {out}\n"
    assert call("-C", studio, "words", "slipper", "--run", "labels", "--encoder", out)[0] == 0


def test_the_shares_are_those_of_the_run_s_own_temperature_and_design(call: Call, studio: Path) -> None:
    def shares() -> list[float]:
        told = json.loads(call("-C", studio, "words", "gown", "--run", "words", "--json")[1])
        return [entry.get("share") for entry in told["words"]]

    sharp, record = shares(), json.loads((studio / "runs" / "words" / "settings.json").read_text())
    record["settings"]["word_temperature"] = 5
    (studio / "runs" / "words" / "settings.json").write_text(json.dumps(record))
    assert shares()[0] < sharp[0]
    record["settings"]["word_design"] = "map"
    (studio / "runs" / "words" / "settings.json").write_text(json.dumps(record))
    assert shares() == [None, None, None]
    assert "when drawn" not in call("-C", studio, "words", "gown", "--run", "words")[1]


def test_the_verbs_have_help(call: Call) -> None:
    code, text, _ = call("words", "--help")
    assert code == 0
    assert "train" in text
    assert "ganvas words slipper" in text
    assert "--min-count" in call("words", "train", "-h")[1]
    assert call("words")[0] == 2
