from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet, write_description

NAMES = ["café", "dog, big\n", "shoe"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pets"
    folder.mkdir()
    np.save(folder / "images.npy", np.arange(5 * 3 * 4 * 6, dtype=np.uint8).reshape(5, 3, 4, 6))
    labels = ["shoe", None, "café", "dog, big\n", "shoe"]
    splits = ["train", "train", "held-out", "train", "held-out"]
    members = [(n, f"{n:064x}", label, split) for n, (label, split) in enumerate(zip(labels, splits, strict=True))]
    description = {"name": "pets", "fingerprint": "f" * 64, "labels": NAMES}
    write_description(folder, description | {"count": 5, "channels": 3, "height": 4, "width": 6}, members)
    return folder


def test_a_packed_set_reads_back_with_labels_and_splits(folder: Path) -> None:
    packed = PackedSet.open(folder)
    assert (packed.name, packed.fingerprint, len(packed)) == ("pets", "f" * 64, 5)
    assert (packed.channels, packed.height, packed.width) == (3, 4, 6)
    assert packed.label_names == NAMES
    assert packed.labels.dtype == np.int64
    assert packed.labels.tolist() == [2, -1, 0, 1, 2]
    assert packed.train.tolist() == [0, 1, 3]
    assert packed.held_out.tolist() == [2, 4]
    assert packed.sha256s[3] == f"{3:064x}"


def test_the_pictures_stay_on_disk_and_cannot_be_changed(folder: Path) -> None:
    packed = PackedSet.open(folder)
    assert isinstance(packed.images, np.memmap)
    assert packed.images[[4, 1]].shape == (2, 3, 4, 6)
    with pytest.raises(ValueError, match="read-only"):
        packed.images[0] = 0


def test_a_missing_set_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="make one with `ganvas set make fronts`"):
        PackedSet.open(tmp_path / "fronts")


def cut_images(folder: Path) -> None:
    path = folder / "images.npy"
    path.write_bytes(path.read_bytes()[:-10])


def empty_images(folder: Path) -> None:
    (folder / "images.npy").write_bytes(b"")


def no_images(folder: Path) -> None:
    (folder / "images.npy").unlink()


def no_array(folder: Path) -> None:
    (folder / "images.npy").write_bytes(b"GIF89a" * 30)


def pickled_images(folder: Path) -> None:
    np.save(folder / "images.npy", np.array([{}], dtype=object), allow_pickle=True)


def other_images(folder: Path) -> None:
    np.save(folder / "images.npy", np.zeros((5, 3, 4, 5), np.uint8))


def other_numbers(folder: Path) -> None:
    np.save(folder / "images.npy", np.zeros((5, 3, 4, 6), np.float32))


def half_a_description(folder: Path) -> None:
    path = folder / "set.json"
    path.write_text(path.read_text()[:30])


def a_list(folder: Path) -> None:
    (folder / "set.json").write_text("[1, 2]")


def no_labels(folder: Path) -> None:
    path = folder / "set.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "labels": None}))


def fewer_members(folder: Path) -> None:
    path = folder / "members.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:3]))


def unknown_label(folder: Path) -> None:
    path = folder / "members.csv"
    path.write_text(path.read_text().replace("shoe", "boot"))


def broken_text(folder: Path) -> None:
    (folder / "members.csv").write_bytes(b"position,sha256,label,split\n0,\xff\xfe,a,train\n")


@pytest.mark.parametrize(
    "damage",
    [
        cut_images,
        empty_images,
        no_images,
        no_array,
        pickled_images,
        other_images,
        other_numbers,
        half_a_description,
        a_list,
        no_labels,
        fewer_members,
        unknown_label,
        broken_text,
    ],
)
def test_a_damaged_set_says_so_in_one_line(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder)
    with pytest.raises(InputError) as error:
        PackedSet.open(folder)
    assert f"set {folder} is damaged (" in str(error.value)
    assert "\n" not in str(error.value)
