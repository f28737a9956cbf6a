from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.curate.density import thin, undo_thin
from ganvas.curate.find import find_picture, find_word
from ganvas.errors import InputError
from ganvas.studio import StudioFolder
from tests.curate.kinds import Thumbnails, add_kinds, drawn, encoded


def test_the_odd_ones_go_and_come_back(studio: StudioFolder) -> None:
    hashes = add_kinds(studio, {"stripes": 16, "plain": 2})
    thinned = thin(studio, 16 / 18, encoder=Thumbnails())
    assert (thinned.kept, thinned.dropped) == (16, 2)
    assert thinned.sheet.is_file()
    assert {image.sha256 for image in studio.catalog.images()} == set(hashes["stripes"])
    [decision] = studio.catalog.decisions(hashes["plain"][0])
    assert (decision.stage, decision.rule, decision.reason) == ("density", "sparse", "not among the densest 89%")
    assert decision.score is not None
    assert decision.score > thinned.limit
    again = thin(studio, 0.5, encoder=Thumbnails())  # of all 18, not of what is left
    assert (again.kept, again.dropped) == (9, 9)
    assert undo_thin(studio) == 18
    assert len(studio.catalog.images()) == 18


def test_what_was_thin_stays_dropped_while_its_original_cannot_be_read(studio: StudioFolder) -> None:
    hashes = add_kinds(studio, {"stripes": 16, "plain": 2})
    thin(studio, 16 / 18, encoder=Thumbnails())
    studio.image_path(hashes["plain"][0]).unlink()
    shutil.rmtree(studio.features)
    again = thin(studio, 16 / 17, encoder=Thumbnails())
    assert (again.dropped, again.left_out) == (1, 1)
    assert {image.sha256 for image in studio.catalog.images()} == set(hashes["stripes"])


def test_every_picture_may_stay_and_what_cannot_be_is_one_line(studio: StudioFolder) -> None:
    with pytest.raises(InputError, match="0 pictures cannot be thinned"):
        thin(studio, 0.5, encoder=Thumbnails())
    add_kinds(studio, {"stripes": 3})
    assert thin(studio, 1, encoder=Thumbnails()).dropped == 0
    for share in (0, 1.5, -1, float("nan")):
        with pytest.raises(InputError, match="cannot be kept"):
            thin(studio, share, encoder=Thumbnails())


def test_the_nearest_are_of_the_same_kind_and_itself_is_first(studio: StudioFolder, tmp_path: Path) -> None:
    hashes = add_kinds(studio, {"stripes": 7, "spots": 6, "plain": 5})
    itself = find_picture(studio, studio.image_path(hashes["spots"][2]), 6, encoder=Thumbnails())
    assert itself.sha256s[0] == hashes["spots"][2]
    assert set(itself.sha256s) == set(hashes["spots"])
    assert itself.distances == sorted(itself.distances)
    assert itself.distances[0] < 1e-3
    other = tmp_path / "other.png"
    other.write_bytes(encoded(drawn("plain", np.random.default_rng(5))))
    assert set(find_picture(studio, other, 5, encoder=Thumbnails()).sha256s) == set(hashes["plain"])
    everything = find_picture(studio, other, 100, encoder=Thumbnails())
    assert len(everything.sha256s) == 18
    assert everything.sheet().width > 700


class Worded(Thumbnails):
    """Knows what its three kinds are called."""

    def words(self, texts: list[str]) -> np.ndarray:
        pictures = np.stack([drawn(text, np.random.default_rng(0)).transpose(2, 0, 1) for text in texts])
        return self.encode(pictures)


def test_a_word_finds_pictures_where_the_encoder_knows_words(studio: StudioFolder) -> None:
    hashes = add_kinds(studio, {"stripes": 4, "spots": 3})
    assert set(find_word(studio, "spots", 3, encoder=Worded()).sha256s) == set(hashes["spots"])
    with pytest.raises(InputError, match="thumbnails does not: use --encoder clip, with --weights FOLDER"):
        find_word(studio, "spots", encoder=Thumbnails())
    with pytest.raises(InputError, match="--word is empty"):
        find_word(studio, " ", encoder=Worded())


def test_what_cannot_be_found_is_one_clear_line(studio: StudioFolder, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(encoded(drawn("plain", np.random.default_rng(5))))
    with pytest.raises(InputError, match="no pictures to find"):
        find_picture(studio, picture, encoder=Thumbnails())
    add_kinds(studio, {"stripes": 2})
    text = tmp_path / "text.png"
    text.write_text("no picture")
    cases: list[tuple[Any, int, str]] = [
        (tmp_path / "nowhere.png", 3, "cannot be opened"),
        (text, 3, "cannot be read as a picture"),
        (picture, 0, "-n 0 cannot be"),
    ]
    for path, n, message in cases:
        with pytest.raises(InputError, match=message):
            find_picture(studio, path, n, encoder=Thumbnails())
