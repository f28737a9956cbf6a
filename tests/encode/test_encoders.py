"""Every registered encoder takes any picture; features of a set are computed once, and anew where a file is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ganvas.encode import encoder, encoder_names
from ganvas.encode.cache import cached_features
from ganvas.errors import SettingsError
from ganvas.pictures.packed import PackedSet, write_description


@pytest.mark.parametrize("name", encoder_names())
def test_any_size_gray_or_colour_gives_one_vector_a_picture(name: str) -> None:
    look = encoder(name)
    rng = np.random.default_rng(0)
    for channels, height, width in ((1, 28, 28), (3, 30, 50), (3, 128, 96)):
        features = look.encode(rng.integers(0, 256, (3, channels, height, width), dtype=np.uint8))
        assert features.shape == (3, look.features)
        assert np.isfinite(features).all()
        assert not np.allclose(features[0], features[1])


@pytest.mark.parametrize("name", encoder_names())
def test_gray_is_seen_as_its_colour_copy_is(name: str) -> None:
    gray = np.random.default_rng(1).integers(0, 256, (2, 1, 20, 24), dtype=np.uint8)
    look = encoder(name)
    assert np.allclose(look.encode(gray), look.encode(np.repeat(gray, 3, axis=1)), atol=1e-4)


def test_a_misspelt_encoder_is_guessed() -> None:
    with pytest.raises(SettingsError, match="Did you mean effnet-lite0"):
        encoder("efnet-lite0")


class CountingEncoder:
    """The mean of each picture, and how many were looked at."""

    name, version, features = "counting", "1", 1

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, pictures: np.ndarray, progress: object = None) -> np.ndarray:
        self.seen += len(pictures)
        return pictures.mean(axis=(1, 2, 3), dtype=np.float32)[:, None]


@pytest.fixture
def packed(tmp_path: Path) -> PackedSet:
    pictures = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 4, 4), np.uint8)
    np.save(tmp_path / "images.npy", pictures)
    facts = {"name": "ten", "count": 10, "channels": 1, "height": 4, "width": 4, "labels": [], "fingerprint": "f" * 64}
    write_description(tmp_path, facts, [(i, f"{i:064d}", None, "train") for i in range(10)])
    return PackedSet.open(tmp_path)


def test_features_are_computed_once_and_given_in_the_order_asked_for(packed: PackedSet) -> None:
    look = CountingEncoder()
    assert cached_features(packed, look, np.array([7, 2, 7])).ravel().tolist() == [7, 2, 7]
    assert look.seen == 2
    assert cached_features(packed, look, np.array([2, 3])).ravel().tolist() == [2, 3]
    assert look.seen == 3


def test_a_cache_cut_short_is_computed_again(packed: PackedSet) -> None:
    look = CountingEncoder()
    cached_features(packed, look, np.arange(10))
    (file,) = (packed.folder / "features").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert cached_features(packed, look, np.array([4])).ravel().tolist() == [4]
    assert look.seen == 11
