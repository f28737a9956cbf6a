"""Which image a person means, and the verbs that ask for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

import ganvas
from ganvas.catalog import Catalog, FoundPicture
from ganvas.curate.which import which_images
from ganvas.errors import InputError
from ganvas.studio import StudioFolder

Store = Callable[[dict[str, bytes]], dict[str, str]]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hashes(store: Store, made: SimpleNamespace) -> dict[str, str]:
    names = ("fronts/one.png", "fronts/two.png", "backs/two.png")
    return store({name: made.encoded(made.scene(n)) for n, name in enumerate(names)})


def test_a_hash_its_beginning_a_file_and_a_name_mean_the_same(
    studio: StudioFolder, hashes: dict[str, str], tmp_path: Path
) -> None:
    one = hashes["fronts/one.png"]
    copy = tmp_path / "copied.png"
    copy.write_bytes(studio.image_path(one).read_bytes())
    for name in (one, one[:8], one[:8].upper(), str(copy), "one.png", "fronts/one.png"):
        assert which_images(studio, [name]) == [one]
    assert which_images(studio, ["fronts/two.png", "one.png", one]) == [hashes["fronts/two.png"], one]


def test_what_means_none_or_several_says_so(studio: StudioFolder, hashes: dict[str, str], tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.png"
    stranger.write_bytes(b"anything")
    for name, said in {
        "two.png": r"2 images are called 'two.png' \(.*\): give one's hash",
        "onne.png": "no image called 'onne.png'. Did you mean one.png?",
        str(stranger): "is not in this studio: `ganvas add",
        "ffffffffffff": "no image called 'ffffffffffff'",
    }.items():
        with pytest.raises(InputError, match=said):
            which_images(studio, [name])


def test_a_beginning_that_several_share_asks_for_more(studio: StudioFolder, add: Callable[..., list[str]]) -> None:
    pair = ["abcd" + end * 60 for end in "01"]
    studio.catalog.add_found([FoundPicture(it, 9, "PNG", 8, 8, "L", 1, None, "folder", it) for it in pair])
    with pytest.raises(InputError, match="abcd begins the names of several images"):
        which_images(studio, ["abcd"])
    assert which_images(studio, ["abcd0"]) == pair[:1]


def test_what_is_called_like_the_beginning_of_a_hash_is_told_apart(catalog: Catalog) -> None:
    # a studio whose catalog is on either database; only names are looked up
    def stored(sha256: str, key: str, title: str | None = None) -> str:
        catalog.add_found([FoundPicture(sha256, 9, "PNG", 8, 8, "L", 1, None, "met", key, title=title)])
        return sha256

    studio = cast(StudioFolder, SimpleNamespace(catalog=catalog))
    begun, keyed = stored("436535" + "0" * 58, "11"), stored("1" * 64, "436535")
    with pytest.raises(InputError, match=r"436535 is the title, key .* 111111111111, and begins the hash 436535000000"):
        which_images(studio, ["436535"])
    assert which_images(studio, ["4365350", "11111111", begun.upper()]) == [begun, keyed]
    stored("436535" + "1" * 58, "12")
    assert which_images(studio, ["436535"]) == [keyed]  # two hashes begin so, one key is exactly so
    face, titled = stored("face" + "0" * 60, "13"), stored("2" * 64, "14", "face")
    assert which_images(studio, ["face", "face0"]) == [titled, face]
    assert which_images(studio, ["12", begun[:40], "222222"]) == ["436535" + "1" * 58, begun, titled]


@pytest.mark.parametrize("name", ["x" * 300, "~nobodyhere", "~nobodyhere/a.png", "a/" * 3000])
def test_what_no_file_can_be_called_is_no_file(studio: StudioFolder, hashes: dict[str, str], name: str) -> None:
    with pytest.raises(InputError, match="no image called"):
        which_images(studio, [name])


def test_cleaning_from_the_command_line(studio: StudioFolder, hashes: dict[str, str], call: Call) -> None:
    code, out, _ = call("-C", studio.root, "clean", "--rule", "blurry=.99", "--no", "aspect", "--no-duplicates")
    assert code == 0
    assert "kept 0 of 3 pictures, 3 dropped" in out
    assert any(line.split()[:4] == ["blurry", "≥", ".99", "3"] for line in out.splitlines())
    assert (studio.root / "clean" / "blurry.png").is_file()
    assert "kept 3 of 3" in call("-C", studio.root, "clean", "--only", "dark")[1]
    told = json.loads(call("-C", studio.root, "clean", "--rule", "landscape", "--json")[1])
    assert told["dropped"] == 3
    assert {rule["name"]: rule["caught"] for rule in told["rules"]}["landscape"] == 3


def test_a_word_from_the_command_line(studio: StudioFolder, hashes: dict[str, str], call: Call) -> None:
    call("-C", studio.root, "clean", "--rule", "landscape", "--no-duplicates")
    one = hashes["fronts/one.png"]
    code, out, _ = call("-C", studio.root, "keep", "one.png", one[:10], "--because", "the best one")
    assert (code, out) == (0, "1 image kept, whatever the rules say\n")
    out = call("-C", studio.root, "why", "one.png")[1]
    assert "item: folder /pictures!fronts/one.png" in out
    assert "measured: " in out
    assert out.strip().endswith("kept: a person said so (the best one), over landscape: 1.33, at most 1")
    assert json.loads(call("-C", studio.root, "why", one, "--json")[1])["kept"] is True
    assert call("-C", studio.root, "keep", one, "--undo")[1] == "1 image left to the rules again\n"
    assert "was not kept by anybody" in call("-C", studio.root, "keep", one, "--undo")[2]
    assert call("-C", studio.root, "drop", one)[1] == "1 image dropped, whatever the rules say\n"
    assert call("-C", studio.root, "why", one)[1].strip().endswith("dropped: a person said so")
    code, out, err = call("-C", studio.root, "keep", one, "--undo")
    assert (code, out) == (1, "")
    assert f"was not kept: `ganvas drop {one[:12]} --undo`" in err
    code, _, err = call("-C", studio.root, "drop", one, "--undo", "--because", "of this")
    assert code == 1
    assert "--undo has no use for --because" in err
    assert call("-C", studio.root, "drop", one, "--undo")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["clean", "--rule", "blury=1"], "Did you mean blurry?"),
        (["clean", "--rule", "blurry=much"], "the threshold is no number"),
        (["clean", "--no", "darkk"], "Did you mean dark?"),
        (["why", "nothing-like-it"], "no image called"),
        (["keep", "nothing-like-it"], "no image called"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    studio: StudioFolder, hashes: dict[str, str], call: Call, words: list[str], said: str
) -> None:
    code, _, err = call("-C", studio.root, *words)
    assert code == 1
    assert said in err
    assert err.count("\n") == 1


def test_the_python_api_says_the_same(studio: StudioFolder, hashes: dict[str, str]) -> None:
    opened = ganvas.Studio(studio.root)
    done = opened.clean({"landscape": None}, without=["aspect"], duplicates=False)
    assert done.dropped == 3
    assert opened.keep("one.png") == [hashes["fronts/one.png"]]
    assert opened.why("one.png")["kept"]
    assert opened.take_back("one.png") == opened.drop("one.png") == [hashes["fronts/one.png"]]
    assert not opened.why("one.png")["kept"]
