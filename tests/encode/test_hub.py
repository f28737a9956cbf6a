"""Networks of transformers as encoders: prepared as their own config says, the same as transformers sees it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.encode import encoder
from ganvas.encode.hub import Preparation
from ganvas.errors import InputError, MissingExtra

NAMES = ("dinov2", "resnet18", "clip")


def pictures(height: int, width: int, count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 3, height, width), dtype=np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_features_are_those_of_the_model_on_pictures_prepared_by_hand(name: str, hub_folders: dict[str, Path]) -> None:
    import transformers

    look = encoder(name, hub_folders[name])
    seen = pictures(28, 28)
    mean, spread = (0.5, 0.25) if name == "clip" else (None, None)
    x = torch.from_numpy(seen).float() / 255
    if mean is None:
        mean = torch.tensor((0.485, 0.456, 0.406)).view(1, 3, 1, 1)
        spread = torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1)
    kind = {"dinov2": "Dinov2Model", "resnet18": "ResNetModel", "clip": "CLIPModel"}[name]
    model = getattr(transformers, kind).from_pretrained(hub_folders[name]).eval()
    with torch.no_grad():
        if name == "clip":
            expected = model.get_image_features((x - mean) / spread)
            expected = getattr(expected, "pooler_output", expected)
        else:
            expected = model((x - mean) / spread).pooler_output.flatten(1)
    found = look.encode(seen)
    assert found.shape == (3, look.features)
    assert look.size_px == 28
    assert np.allclose(found, expected.numpy(), rtol=0.05, atol=0.05)  # bf16 where the machine has it
    assert not np.allclose(found[0], found[1], atol=1e-3)


def test_the_shorter_side_is_resized_and_the_middle_cut_out() -> None:
    prepare = Preparation.of({"do_center_crop": True, "crop_size": {"height": 20, "width": 20}, "size": 24})
    seen = pictures(60, 90, 1)[0]
    done = prepare.fitted(seen)
    resized = Image.fromarray(seen.transpose(1, 2, 0)).resize((36, 24), Image.Resampling.BICUBIC)
    assert np.array_equal(done, np.asarray(resized.crop((8, 2, 28, 22))).transpose(2, 0, 1))
    square = pictures(20, 20, 1)[0]
    assert np.array_equal(prepare.fitted(square), square)


@pytest.mark.parametrize(
    ("config", "shorter", "cut"),
    [
        ({}, 224, 224),
        (
            {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "do_center_crop": True},
            256,
            224,
        ),
        ({"size": {"shortest_edge": 224}, "crop_pct": 0.875}, 256, 224),
        ({"size": {"height": 64, "width": 64}, "do_center_crop": False}, 64, 64),
    ],
)
def test_every_spelling_of_a_preparation_is_read(config: dict[str, Any], shorter: int, cut: int) -> None:
    prepare = Preparation.of(config)
    assert (prepare.shorter_px, prepare.size_px) == (shorter, cut)


def test_other_weights_are_another_version(hub_folders: dict[str, Path], tmp_path: Path) -> None:
    import transformers

    torch.manual_seed(1)
    config = transformers.Dinov2Config.from_pretrained(hub_folders["dinov2"])
    transformers.Dinov2Model(config).save_pretrained(tmp_path)
    shutil.copy(hub_folders["dinov2"] / "preprocessor_config.json", tmp_path)
    one, again, other = (encoder("dinov2", it) for it in (hub_folders["dinov2"], hub_folders["dinov2"], tmp_path))
    assert one.version == again.version != other.version


def test_clip_puts_words_beside_pictures(hub_folders: dict[str, Path]) -> None:
    look: Any = encoder("clip", hub_folders["clip"])
    words = look.words(["giraffe", "house"])
    assert words.shape == (2, look.features)
    assert np.isfinite(words).all()
    assert not np.allclose(words[0], words[1])
    assert np.allclose(look.words(["giraffe"])[0], words[0], atol=1e-4)


def test_a_word_finds_originals_through_clip(hub_folders: dict[str, Path], tmp_path: Path) -> None:
    from ganvas.api import Studio

    studio = Studio(tmp_path / "studio")
    (tmp_path / "a").mkdir()
    for i, pixels in enumerate(pictures(40, 30, 5)):
        Image.fromarray(pixels.transpose(1, 2, 0)).save(tmp_path / "a" / f"{i}.png")
    studio.add(tmp_path / "a")
    found = studio.find(word="giraffe", n=3, weights=hub_folders["clip"])
    assert found.encoder == "clip"
    assert len(found.sha256s) == 3
    assert found.distances == sorted(found.distances)


def test_without_weights_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", _no_network)
    monkeypatch.setattr("ganvas.encode.hub.getproxies", dict)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(InputError, match="no weights of dinov2 in 'somebody/no-such-model' .*--weights FOLDER"):
        encoder("dinov2", "somebody/no-such-model")
    with pytest.raises(InputError, match="no weights of clip in .*--weights FOLDER"):
        encoder("clip", tmp_path)
    with pytest.raises(InputError, match="nowhere is no folder with the weights of resnet18"):
        encoder("resnet18", tmp_path / "nowhere")


def test_without_transformers_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"ganvas\[hf\]"):
        encoder("clip", tmp_path)


def _no_network(*arguments: object, **options: object) -> None:
    raise OSError("no network")
