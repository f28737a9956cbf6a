"""IDX pairs and NumPy files: shapes, types, labels, splits, and what is no picture."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.collect.idx import FASHION
from ganvas.collect.png import png_bytes
from ganvas.collect.registry import DamagedSource, Entry, source_for
from ganvas.collect.sample import EMBEDDED
from ganvas.errors import InputError
from ganvas.pictures.read import read_picture
from ganvas.pictures.sniff import UnreadablePicture

RNG = np.random.default_rng(0)


def entries(path: Path, notes: Any) -> list[Entry]:
    listing = source_for(path).listing(path, notes)
    found = list(listing.entries)
    assert listing.total == len(found)
    return found


def pixels(entry: Entry) -> np.ndarray[Any, Any]:
    assert not isinstance(entry.content, Path)
    return read_picture(entry.content()).pixels


def idx(array: np.ndarray[Any, Any], kind: int = 8) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape) + array.tobytes()


def write_pair(folder: Path, prefix: str = "train", count: int = 5, packed: bool = False) -> np.ndarray[Any, Any]:
    images = RNG.integers(0, 256, (count, 7, 9), np.uint8)
    folder.mkdir(exist_ok=True)
    for name, array in (("images-idx3", images), ("labels-idx1", np.arange(count, dtype=np.uint8) % 3)):
        data = idx(array)
        name = f"{prefix}-{name}-ubyte" + (".gz" if packed else "")
        (folder / name).write_bytes(gzip.compress(data) if packed else data)
    return images


@pytest.mark.parametrize("packed", [False, True])
def test_an_idx_file_brings_its_labels(tmp_path: Path, notes: Any, packed: bool) -> None:
    images = write_pair(tmp_path, packed=packed)
    found = entries(tmp_path / ("train-images-idx3-ubyte" + (".gz" if packed else "")), notes)
    assert [entry.label for entry in found] == ["0", "1", "2", "0", "1"]
    assert {entry.split for entry in found} == {"train"}
    assert all(np.array_equal(pixels(entry)[..., 0], image) for entry, image in zip(found, images, strict=True))


def test_a_folder_of_idx_files_gives_both_splits(tmp_path: Path, notes: Any) -> None:
    write_pair(tmp_path, "train", 4)
    write_pair(tmp_path, "t10k", 3, packed=True)
    found = entries(tmp_path, notes)
    assert [entry.split for entry in found] == ["held-out"] * 3 + ["train"] * 4
    assert len({entry.member for entry in found}) == 7


def test_labels_txt_names_the_labels(tmp_path: Path, notes: Any) -> None:
    write_pair(tmp_path)
    (tmp_path / "labels.txt").write_text("zero\none\ntwo\n")
    assert [entry.label for entry in entries(tmp_path, notes)] == ["zero", "one", "two", "zero", "one"]
    (tmp_path / "labels.txt").write_text("zero\none\n")
    with pytest.raises(InputError, match="names 2 labels, but there is a label 2"):
        entries(tmp_path, notes)


def test_fashion_mnist_is_known_by_its_labels(tmp_path: Path, notes: Any) -> None:
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (tmp_path / name).write_bytes((EMBEDDED / name).read_bytes())
    found = entries(tmp_path, notes)
    assert len(found) == 10_000
    assert {entry.label for entry in found} == set(FASHION)


def test_images_without_labels_are_added_without(tmp_path: Path, notes: Any) -> None:
    write_pair(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    assert {entry.label for entry in entries(tmp_path, notes)} == {None}
    assert any("no labels" in line for line in notes.lines)


def test_idx_files_that_do_not_fit_say_which(tmp_path: Path, notes: Any) -> None:
    write_pair(tmp_path)
    with pytest.raises(InputError, match="holds labels only"):
        entries(tmp_path / "train-labels-idx1-ubyte", notes)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(4, np.uint8)))
    with pytest.raises(InputError, match=r"\(4,\), but there are 5"):
        entries(tmp_path, notes)
    images = tmp_path / "train-images-idx3-ubyte"
    for data, match in [
        (b"hello there", "no IDX file"),
        (b"", "no IDX file"),
        (idx(np.zeros((2, 3, 3), np.float32), kind=13), "no IDX file"),
        (idx(np.zeros((3, 0, 4), np.uint8)), "no picture"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 2, 2**31, 2**31), "no picture"),
        (gzip.compress(idx(np.zeros((2, 3, 3), np.uint8)))[:15], "damaged"),
    ]:
        images.write_bytes(data)
        with pytest.raises(InputError, match=match):
            entries(images, notes)


def test_an_idx_file_of_no_pictures_says_so(tmp_path: Path, notes: Any) -> None:
    write_pair(tmp_path, count=0)
    (tmp_path / "labels.txt").write_text("zero\none\n")
    with pytest.raises(InputError, match="holds no pictures"):
        entries(tmp_path, notes)


def test_an_idx_file_cut_short_gives_what_is_there(tmp_path: Path, notes: Any) -> None:
    write_pair(tmp_path)
    images = tmp_path / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-70])
    listing = source_for(images).listing(images, notes)
    found = []
    with pytest.raises(DamagedSource, match="picture 4 of 5"):
        found.extend(iter(listing.entries))
    again = source_for(images).listing(images, notes).entries
    assert [next(again).label for _ in range(3)] == ["0", "1", "2"]


@pytest.mark.parametrize("shape", [(5, 6, 7), (5, 6, 7, 1), (5, 6, 7, 3), (5, 3, 6, 7), (5, 1, 6, 7)])
def test_arrays_of_every_layout(tmp_path: Path, notes: Any, shape: tuple[int, ...]) -> None:
    array = RNG.integers(0, 256, shape, np.uint8)
    np.save(tmp_path / "x.npy", array)
    found = entries(tmp_path / "x.npy", notes)
    expected = array[..., None] if array.ndim == 3 else array if shape[3] in (1, 3) else array.transpose(0, 2, 3, 1)
    assert all(np.array_equal(pixels(entry), image) for entry, image in zip(found, expected, strict=True))


def test_transparent_arrays_keep_their_alpha(tmp_path: Path, notes: Any) -> None:
    array = np.zeros((2, 4, 4, 4), np.uint8)
    np.save(tmp_path / "x.npy", array)
    assert (pixels(entries(tmp_path / "x.npy", notes)[0]) == 255).all()


@pytest.mark.parametrize(
    ("array", "values"),
    [
        (np.array([0, 1], bool), [0, 255]),
        (np.array([0.0, 0.5, 1.0]), [0, 128, 255]),
        (np.array([-1.0, 0.0, 1.0], np.float32), [0, 128, 255]),
        (np.array([0.0, 100.0, 255.0], np.float16), [0, 100, 255]),
        (np.array([0, 1, 255], np.int64), [0, 1, 255]),
        (np.array([0, 257, 65535], ">u2"), [0, 1, 255]),
    ],
)
def test_other_numbers_are_scaled_by_the_range_of_all_of_them(
    tmp_path: Path, notes: Any, array: np.ndarray[Any, Any], values: list[int]
) -> None:
    pictures = np.zeros((2, 1, len(array)), array.dtype)
    pictures[1, 0] = array
    np.save(tmp_path / "x.npy", pictures)
    assert pixels(entries(tmp_path / "x.npy", notes)[1]).ravel().tolist() == values
    assert array.dtype == bool or any("scaled to 8 bits" in line for line in notes.lines)


def test_a_picture_with_nan_is_a_row_and_the_others_are_not(tmp_path: Path, notes: Any) -> None:
    array = RNG.random((3, 4, 4))
    array[1, 2, 2] = np.nan
    np.save(tmp_path / "x.npy", array)
    found = entries(tmp_path / "x.npy", notes)
    assert pixels(found[0]).shape == (4, 4, 1)
    with pytest.raises(UnreadablePicture, match="not a number"):
        pixels(found[1])


@pytest.mark.parametrize("names", [("images", "labels"), ("x", "y"), ("arr_0", "arr_1"), ("data", "targets")])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_pairs_by_their_usual_names(tmp_path: Path, notes: Any, names: tuple[str, str], save: Any) -> None:
    images = RNG.integers(0, 256, (4, 5, 6), np.uint8)
    save(tmp_path / "x.npz", **{names[0]: images, names[1]: np.array([[2], [0], [1], [2]])})
    found = entries(tmp_path / "x.npz", notes)
    assert [entry.label for entry in found] == ["2", "0", "1", "2"]
    assert all(np.array_equal(pixels(entry)[..., 0], image) for entry, image in zip(found, images, strict=True))


@pytest.mark.parametrize(
    "names",
    [("x_train", "y_train", "x_test", "y_test"), ("train_images", "train_labels", "test_images", "test_labels")],
)
def test_npz_with_splits(tmp_path: Path, notes: Any, names: tuple[str, ...]) -> None:
    images = np.zeros((5, 4, 4), np.uint8)
    arrays = [images[:3], np.array(["a", "b", "c"]), images[3:], np.array([b"d", b"e"])]
    np.savez(tmp_path / "x.npz", **dict(zip(names, arrays, strict=True)))
    found = {(entry.label, entry.split) for entry in entries(tmp_path / "x.npz", notes)}
    assert found == {("a", "train"), ("b", "train"), ("c", "train"), ("d", "held-out"), ("e", "held-out")}


def test_pickled_arrays_are_never_opened(tmp_path: Path, notes: Any) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    np.save(tmp_path / "x.npy", np.array([Trap()] * 3, object), allow_pickle=True)
    np.savez(tmp_path / "x.npz", images=np.array([Trap()] * 3, object))
    for name in ("x.npy", "x.npz"):
        with pytest.raises(InputError, match="pickle"):
            entries(tmp_path / name, notes)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (np.zeros((5, 784), np.uint8), "has shape"),
        (np.zeros((5, 6, 6, 2), np.uint8), "has shape"),
        (np.zeros((0, 4, 4), np.uint8), "is empty"),
        (np.zeros((2, 4, 0), np.uint8), "has shape"),
        (np.zeros((2, 4, 4), complex), "holds complex128"),
        (np.full((2, 4, 4), -70_000), "scale it to 0…255"),
        (np.full((2, 4, 4), np.nan), "no finite number"),
        (np.array(7), "has shape"),
    ],
)
def test_arrays_that_are_no_pictures_say_why(
    tmp_path: Path, notes: Any, array: np.ndarray[Any, Any], match: str
) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(InputError, match=match):
        entries(tmp_path / "x.npy", notes)


def test_damaged_numpy_files_say_so(tmp_path: Path, notes: Any) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros((5, 4, 4), np.uint8))
    for name, data in [("a.npy", stream.getvalue()[:100]), ("b.npy", b"hello"), ("c.npz", b"hello"), ("d.npy", b"")]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match="damaged or no NumPy file"):
            entries(tmp_path / name, notes)


def test_npz_without_pictures_says_what_it_has(tmp_path: Path, notes: Any) -> None:
    np.savez(tmp_path / "x.npz", weights=np.zeros((3, 3)))
    with pytest.raises(InputError, match=r"it has weights \(3, 3\)"):
        entries(tmp_path / "x.npz", notes)


@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 7, 3), (3, 2, 4), (300, 400, 3)])
def test_a_png_made_of_an_array_is_the_array_and_its_bytes_never_change(shape: tuple[int, ...]) -> None:
    array = (np.arange(np.prod(shape)) % 251).astype(np.uint8).reshape(shape)
    array[..., -1] = 255 if shape[-1] == 4 else array[..., -1]
    data = png_bytes(array)
    assert np.array_equal(read_picture(data).pixels, array[..., :3])


def test_the_bytes_of_such_a_png_are_the_same_everywhere() -> None:
    # a fixed hash: the name of an original must not depend on the machine's zlib
    array = (np.arange(28 * 28) % 251).astype(np.uint8).reshape(28, 28, 1)
    digest = hashlib.sha256(png_bytes(array)).hexdigest()
    assert digest == "e86b04bd780b8e7b6772f5f11e514b14f5be1b20ce73f383d710e2264cc45522"
