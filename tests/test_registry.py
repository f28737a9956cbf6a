"""What another package registers is known by name as if it were ganvas's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganvas.encode.words import WORD_ENCODERS, word_encoder
from ganvas.errors import SettingsError
from ganvas.registry import load_plugins
from ganvas.train.losses import LOSSES

PLUGIN = """
import numpy as np
from ganvas.encode.words import WordVectors, register

class Lengths:
    name, version, features = "lengths", "1", 1
    def vectors(self, texts):
        return WordVectors(np.ones((len(texts), 1), np.float32), np.ones(len(texts), bool))
    def spellings(self, text, n=5):
        return []

register("lengths")(Lengths)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path where a test may put what an installed package consists of."""
    monkeypatch.syspath_prepend(tmp_path)
    load_plugins.cache_clear()
    yield tmp_path
    load_plugins.cache_clear()
    WORD_ENCODERS.pop("lengths", None)
    for name in ("ganvas_lengths", "ganvas_broken"):
        sys.modules.pop(name, None)


def install(folder: Path, module: str, code: str) -> None:
    (folder / f"{module}.py").write_text(code)
    facts = folder / f"{module}-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (facts / "entry_points.txt").write_text(f"[ganvas]\n{module} = {module}\n")


def test_a_word_encoder_of_another_package_is_found_by_its_name(installed: Path) -> None:
    install(installed, "ganvas_lengths", PLUGIN)
    assert word_encoder("lengths").name == "lengths"
    assert {"lengths", "minilm", "glove"} <= set(WORD_ENCODERS.names())


def test_a_plugin_that_does_not_import_is_named_where_a_name_is_missed(installed: Path) -> None:
    install(installed, "ganvas_broken", "raise RuntimeError('no such engine')")
    assert LOSSES["hinge"]
    with pytest.raises(SettingsError, match=r"ganvas_broken does not work: RuntimeError: no such engine"):
        word_encoder("lengths")
