"""Every registered encoder takes any picture; features of a set are computed once, and anew where a file is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.reference.features import inception_weights as made_up_weights
from benchmarks.reference.features import pictures
from ganvas.encode import Encoder, encoder, encoder_names
from ganvas.encode.cache import cached_features, first_features
from ganvas.encode.inception import Inception
from ganvas.errors import InputError, SettingsError
from ganvas.pictures.packed import PackedSet, write_description


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FID's Inception with made-up weights: the published ones cannot be had without a network."""
    shapes = {name: tuple(value.shape) for name, value in Inception().state_dict().items() if value.ndim}
    path = tmp_path_factory.mktemp("weights") / "made-up.pth"
    torch.save({name: torch.from_numpy(value) for name, value in made_up_weights(shapes).items()}, path)
    return path


def loaded(name: str, request: pytest.FixtureRequest) -> Encoder:
    if name in ("dinov2", "resnet18", "clip"):
        return encoder(name, request.getfixturevalue("hub_folders")[name])
    return encoder(name, request.getfixturevalue("inception_weights") if name == "inception" else None)


@pytest.mark.parametrize("name", encoder_names())
def test_any_size_gray_or_colour_gives_one_vector_a_picture(name: str, request: pytest.FixtureRequest) -> None:
    look = loaded(name, request)
    rng = np.random.default_rng(0)
    for channels, height, width in ((1, 28, 28), (3, 30, 50), (3, 128, 96)):
        features = look.encode(rng.integers(0, 256, (3, channels, height, width), dtype=np.uint8))
        assert features.shape == (3, look.features)
        assert np.isfinite(features).all()
        assert not np.allclose(features[0], features[1], rtol=1e-6)


@pytest.mark.parametrize("name", encoder_names())
def test_gray_is_seen_as_its_colour_copy_is(name: str, request: pytest.FixtureRequest) -> None:
    gray = np.random.default_rng(1).integers(0, 256, (2, 1, 20, 24), dtype=np.uint8)
    look = loaded(name, request)
    assert np.allclose(look.encode(gray), look.encode(np.repeat(gray, 3, axis=1)), atol=1e-4)


def test_inception_sees_what_torch_fidelitys_sees_after_clean_fids_enlarging(inception_weights: Path) -> None:
    reference = json.loads((Path(__file__).parents[1] / "scores" / "reference.json").read_text())["inception"]
    found = encoder("inception", inception_weights).encode(pictures())
    assert np.allclose(found[:, :: reference["every"]], reference["features"], rtol=1e-3, atol=1e-4)


def test_inception_takes_a_torchscript_release_too(inception_weights: Path, tmp_path: Path) -> None:
    class Release(torch.nn.Module):
        def __init__(self, layers: torch.nn.Module) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layers((x - 128) / 128)

    network = Inception()
    network.load_state_dict(torch.load(inception_weights, weights_only=True), strict=False)
    example = torch.zeros(1, 3, 299, 299)
    torch.jit.trace(Release(network.eval()), example).save(tmp_path / "release.pt")
    scripted, plain = (encoder("inception", path) for path in (tmp_path / "release.pt", inception_weights))
    assert np.allclose(scripted.encode(pictures(1)), plain.encode(pictures(1)), rtol=1e-3, atol=1e-4)
    assert scripted.version != plain.version


def test_inception_without_weights_or_with_others_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs --weights FILE, which ganvas cannot bring"):
        encoder("inception")
    with pytest.raises(InputError, match="no weights in .*nowhere.pth"):
        encoder("inception", tmp_path / "nowhere.pth")
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(InputError, match="is no file of Inception's weights"):
        encoder("inception", tmp_path / "text.pth")
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="lacks .* of FID's Inception's weights"):
        encoder("inception", tmp_path / "other.pth")
    with pytest.raises(SettingsError, match="brings its weights with it"):
        encoder("effnet-lite0", tmp_path / "other.pth")


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


def test_known_features_are_given_however_little_time_is_left(
    packed: PackedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.encode.cache.CHUNK", 2)
    look = CountingEncoder()
    cached_features(packed, look, np.arange(6))
    found = first_features(packed, look, np.arange(10), more=lambda made: False)
    assert found.ravel().tolist() == [0, 1, 2, 3, 4, 5]
    assert look.seen == 6


def test_a_cache_cut_short_is_computed_again(packed: PackedSet) -> None:
    look = CountingEncoder()
    cached_features(packed, look, np.arange(10))
    (file,) = (packed.folder / "features").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert cached_features(packed, look, np.array([4])).ravel().tolist() == [4]
    assert look.seen == 11
