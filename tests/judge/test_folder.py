"""Pictures from anywhere are read as a set would hold them, and no kind comes first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.judge import read_folder
from ganvas.pictures.packed import PackedSet, write_description


@pytest.fixture
def packed(tmp_path: Path) -> PackedSet:
    folder = tmp_path / "set"
    folder.mkdir()
    np.save(folder / "images.npy", np.zeros((4, 1, 6, 8), np.uint8))
    facts = {"name": "set", "count": 4, "channels": 1, "height": 6, "width": 8, "labels": [], "fingerprint": "f" * 64}
    write_description(folder, facts, [(i, f"{i:064x}", None, "train") for i in range(4)])
    return PackedSet.open(folder)


def test_the_first_of_a_folder_are_of_every_kind_and_the_same_for_a_seed(packed: PackedSet, tmp_path: Path) -> None:
    for kind in ("a", "b"):
        (tmp_path / "drawn" / kind).mkdir(parents=True)
        for i in range(20):
            Image.new("RGB", (16, 12), (10 * i,) * 3).save(tmp_path / "drawn" / kind / f"{i:02d}.png")
    found = read_folder(tmp_path / "drawn", packed)
    assert found.pictures.shape == (40, 1, 6, 8)
    assert len(set(found.names)) == 40
    assert 4 <= sum(name.startswith("a") for name in found.names[:20]) <= 16
    assert read_folder(tmp_path / "drawn", packed).names == found.names
    assert all(found.pictures[i].mean() == 10 * int(Path(name).stem) for i, name in enumerate(found.names))


def test_what_is_no_picture_is_passed_over_and_a_folder_without_any_is_refused(
    packed: PackedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    with pytest.raises(InputError, match="it is empty"):
        read_folder(drawn, packed)
    (drawn / "notes.txt").write_text("no picture")
    with pytest.raises(InputError, match=r"no pictures in .*notes\.txt"):
        read_folder(drawn, packed)
    Image.new("L", (8, 6), 77).save(drawn / "one.png")
    (drawn / ".hidden.png").write_bytes((drawn / "one.png").read_bytes())
    found = read_folder(drawn, packed)
    assert found.names == ["one.png"]
    assert (found.pictures == 77).all()
    with pytest.raises(InputError, match="is not a folder"):
        read_folder(drawn / "one.png", packed)
