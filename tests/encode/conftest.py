"""Tiny models with made-up weights in folders as transformers writes them: the published ones need a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

PREPARATIONS = {
    "dinov2": {"do_center_crop": True, "crop_size": {"height": 28, "width": 28}, "size": {"shortest_edge": 32}},
    "resnet18": {"size": {"shortest_edge": 28}, "crop_pct": 0.875, "resample": 3},
    "clip": {"do_center_crop": True, "crop_size": 28, "size": 28, "image_mean": [0.5] * 3, "image_std": [0.25] * 3},
}
WORDS = ["<|startoftext|>", "<|endoftext|>", "a</w>", "photo</w>", "of</w>", ".</w>", *"abcdefghijklmnopqrstuvwxyz"]
WORDS += [f"{letter}</w>" for letter in "bcdefghijklmnopqrstuvwxyz"]


@pytest.fixture(scope="session")
def hub_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Encoder -> a folder with a small network of its kind."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "patch_size": 14, "image_size": 28}
    text = {"vocab_size": len(WORDS), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text |= {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1, "max_position_embeddings": 32}
    clip = transformers.CLIPConfig(text_config=text, vision_config=small, projection_dim=12)
    models = {
        "dinov2": transformers.Dinov2Model(transformers.Dinov2Config(**small)),
        "resnet18": transformers.ResNetModel(
            transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 20], depths=[1, 1], layer_type="basic")
        ),
        "clip": transformers.CLIPModel(clip),
    }
    folders = {}
    for name, model in models.items():
        folders[name] = tmp_path_factory.mktemp(name)
        model.save_pretrained(folders[name])
        (folders[name] / "preprocessor_config.json").write_text(json.dumps(PREPARATIONS[name]))
    vocabulary = folders["clip"] / "vocab.json"
    vocabulary.write_text(json.dumps({word: i for i, word in enumerate(WORDS)}))
    (folders["clip"] / "merges.txt").write_text("#version: 0.2\n")
    (folders["clip"] / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
    return folders
