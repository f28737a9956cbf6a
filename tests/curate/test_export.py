"""Exports: what is in them, that they are whole, and that `ganvas add` makes the same set of them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganvas import Studio
from ganvas.catalog import FoundPicture
from ganvas.collect import add as add_source
from ganvas.curate import export_set as write_export
from ganvas.curate import make_set
from ganvas.curate.export_files import FORMS, writer_of
from ganvas.curate.export_rows import Example
from ganvas.errors import InputError, MissingExtra
from ganvas.pictures.packed import PackedSet
from ganvas.report import credits_of, write_credits
from ganvas.studio import StudioFolder

Add = Callable[..., list[str]]
HOSTILE = ["../../etc/pass wd", "a|b\n# head <script>alert(1)</script>", "größe/ÄÖ", "CON", "..."]


def export_set(studio: StudioFolder, name: str, *how: Any, **more: Any) -> Path:
    """With the credits of the set, as `PictureSet.export` gives them."""
    owed = credits_of(studio, name)
    credits = {"CREDITS.md": owed.markdown, "credits.json": owed.json}
    return write_export(studio, name, *how, credits=credits, licences=owed.rows, **more)


@pytest.fixture
def pets(studio: StudioFolder, add: Add) -> PackedSet:
    """60 pictures of two labels and none, split in three."""
    add(60, size=(12, 10), labels=["cat", "dog", None])
    make_set(studio, "pets", size=(8, 6), split="60/20/20")
    return PackedSet.open(studio.sets / "pets")


def contents(packed: PackedSet) -> set[tuple[bytes, str | None, str]]:
    names = [packed.label_names[label] if label >= 0 else None for label in packed.labels]
    return {
        (picture.tobytes(), name, str(split))
        for picture, name, split in zip(packed.images, names, packed.split, strict=True)
    }


@pytest.mark.parametrize("form", FORMS)
def test_adding_an_export_gives_the_same_set(studio: StudioFolder, pets: PackedSet, tmp_path: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    place = export_set(studio, "pets", form, tmp_path / "out")
    other = StudioFolder.create(tmp_path / "other")
    added = add_source(other, place)
    assert (added.found, added.new) == (60, 60)
    assert add_source(other, place).new == 0
    make_set(other, "pets", split="given")
    again = PackedSet.open(other.sets / "pets")
    assert again.images.shape == pets.images.shape
    assert contents(again) == contents(pets)


def test_originals_are_exported_as_they_were_found(studio: StudioFolder, pets: PackedSet, tmp_path: Path) -> None:
    place = export_set(studio, "pets", "folder", tmp_path / "out", originals=True)
    files = {json.loads(line)["sha256"]: path for path, line in lines(place)}
    assert files.keys() == set(pets.sha256s)
    for sha256, path in files.items():
        assert path.read_bytes() == studio.image_path(sha256).read_bytes()
    studio.image_path(pets.sha256s[3]).write_bytes(b"other")
    with pytest.raises(InputError, match="is not what was added"):
        export_set(studio, "pets", "folder", tmp_path / "more", originals=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "studio"]


def lines(place: Path) -> list[tuple[Path, str]]:
    """(picture, its line) of every metadata.jsonl."""
    found = []
    for file in sorted(place.glob("*/metadata.jsonl")):
        for line in file.read_text().splitlines():
            found.append((file.parent / json.loads(line)["file_name"], line))
    return found


def test_a_folder_is_what_hugging_face_reads(studio: StudioFolder, pets: PackedSet, tmp_path: Path) -> None:
    place = export_set(studio, "pets", "folder", tmp_path / "out")
    assert sorted(path.name for path in place.iterdir()) == [
        *("CREDITS.md", "README.md", "credits.json", "test", "train", "validation")
    ]
    rows = [(path, json.loads(line)) for path, line in lines(place)]
    assert len(rows) == 60
    for path, row in rows:
        with Image.open(path) as picture:
            assert (picture.format, picture.size) == ("PNG", (8, 6))
            pixels = np.asarray(picture).transpose(2, 0, 1)
        np.testing.assert_array_equal(pixels, pets.images[pets.sha256s.index(row["sha256"])])
        assert row["split"] == path.parent.name
    front = (place / "README.md").read_text().split("---\n")[1]
    assert 'pretty_name: "pets"' in front
    assert '  - split: test\n    path: "test/**"\n' in front
    assert "- n<1K" in front


@pytest.mark.parametrize("form", ["zip", "webdataset", "parquet"])
def test_the_same_set_gives_the_same_bytes(studio: StudioFolder, pets: PackedSet, tmp_path: Path, form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    both = [export_set(studio, "pets", form, tmp_path / name) for name in ("one", "two")]
    if form == "zip":
        assert both[0].read_bytes() == both[1].read_bytes()
        return
    one, two = ({path.name: path.read_bytes() for path in place.iterdir()} for place in both)
    assert one == two
    assert len(one) == 6


def test_a_row_group_of_large_originals_stays_small(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with writer_of("parquet", tmp_path / "out") as writer:
        for n in range(20):
            writer.add(Example("train", f"{n}.tiff", bytes([n]) * 2**23, {"label": "vase", "sha256": f"{n:064x}"}))
    file = parquet.ParquetFile(tmp_path / "out" / "train-00000-of-00001.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [8, 8, 4]
    table = file.read()
    assert [(row["path"], row["bytes"][0]) for row in table["image"].to_pylist()] == [
        (f"{n}.tiff", n) for n in range(20)
    ]
    assert set(table["label"].to_pylist()) == {"vase"}
    assert set(table["title"].to_pylist()) == {None}


def test_words_from_outside_are_data_wherever_they_stand(studio: StudioFolder, add: Add, tmp_path: Path) -> None:
    hashes = add(10, labels=HOSTILE)
    found = [
        FoundPicture(
            sha256,
            9,
            "PNG",
            12,
            10,
            "RGB",
            1,
            None,
            "folder",
            f"/home/me/private!{text}/x.png",
            title=text,
            artist=text,
            label=text,
            licence=text,
            attribution=f"{text} | by",
        )
        for sha256, text in zip(hashes, HOSTILE * 2, strict=True)
    ]
    with studio.catalog.session(write=True) as connection:
        connection.exec_driver_sql("DELETE FROM item_images")
        connection.exec_driver_sql("DELETE FROM items")
    studio.catalog.add_found(found)
    make_set(studio, "pets", split="50/50")
    place = export_set(studio, "pets", "folder", tmp_path / "out")
    rows = [json.loads(line) for _, line in lines(place)]
    assert all({row[name] for row in rows} == set(HOSTILE) for name in ("label", "title", "artist"))
    assert all(path.parent.parent == place and path.name.isascii() and " " not in path.name for path, _ in lines(place))
    assert all(path.is_file() for path, _ in lines(place))
    assert "/home/me" not in "".join(
        path.read_text() for path in place.rglob("*") if path.suffix in (".md", ".json", ".jsonl")
    )
    for page in ("README.md", "CREDITS.md"):
        text = (place / page).read_text()
        assert "<script>" not in text
        assert "\n# head" not in text


def test_an_export_has_the_credits_that_the_set_has(studio: StudioFolder, add: Add, tmp_path: Path) -> None:
    hashes = add(3)
    words = {"licence": "CC BY-SA\n4.0", "title": "Krug", "artist": "Müller_Å & [Söhne] *1890*"}
    studio.catalog.add_found([found(hashes[0], **words), found(hashes[1], licence="MIT"), found(hashes[1])])
    make_set(studio, "pets")
    place = Studio.open(studio.root).named_set("pets").export("folder", tmp_path / "out")
    written = write_credits(studio, "pets")
    assert (place / "CREDITS.md").read_bytes() == written.markdown.read_bytes()
    assert (place / "credits.json").read_bytes() == written.json.read_bytes()
    assert "“Krug” by Müller\\_Å \\& \\[Söhne\\] \\*1890\\*\n" in (place / "CREDITS.md").read_text()
    card = (place / "README.md").read_text()
    assert "| CC BY-SA 4.0 | 1 |\n| MIT | 1 |\n| not stated | 1 |" in card


def found(sha256: str, **words: str) -> FoundPicture:
    return FoundPicture(sha256, 9, "PNG", 12, 10, "RGB", 1, None, "folder", sha256 + "".join(words), **words)  # type: ignore[arg-type]


def test_originals_that_look_the_same_once_small_stay_two(studio: StudioFolder, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name, size in (("a.png", 20), ("b.png", 30)):
        Image.new("RGB", (size, size), "red").save(source / name)
    add_source(studio, source)
    make_set(studio, "red", size=(8, 8))
    other = StudioFolder.create(tmp_path / "other")
    add_source(other, export_set(studio, "red", "folder", tmp_path / "out"))
    assert make_set(other, "red").count == 2


def test_what_cannot_be_exported_says_so_and_leaves_nothing(
    studio: StudioFolder, pets: PackedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").mkdir()
    for options, said in [
        ({"form": "foldr"}, "Did you mean folder?"),
        ({"name": "petz"}, "Did you mean pets?"),
        ({"out": tmp_path / "taken"}, "exists, and nothing is written over"),
        ({"out": Path("/proc/nowhere/out")}, "could not be written"),
    ]:
        asked: dict[str, Any] = {"name": "pets", "form": "folder", "out": tmp_path / "out", **options}
        with pytest.raises(InputError) as error:
            export_set(studio, asked["name"], asked["form"], asked["out"])
        assert said in str(error.value)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match="ganvas\\[parquet\\]"):
        export_set(studio, "pets", "parquet", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["studio", "taken"]


def test_a_stopped_export_leaves_nothing(studio: StudioFolder, pets: PackedSet, tmp_path: Path, notes: Any) -> None:
    def stop(done: float) -> None:
        if done == 30:
            raise KeyboardInterrupt

    for form in ("folder", "zip", "webdataset"):
        with pytest.raises(KeyboardInterrupt):
            export_set(studio, "pets", form, tmp_path / form, progress=notes(stop))
    assert [path.name for path in tmp_path.iterdir()] == ["studio"]


def test_a_zip_is_whole_and_has_no_folder_of_ours_in_it(studio: StudioFolder, pets: PackedSet, tmp_path: Path) -> None:
    with zipfile.ZipFile(export_set(studio, "pets", "zip", tmp_path / "pets.zip")) as file:
        assert file.testzip() is None
        names = file.namelist()
        assert len(names) == 60 + 3 + 3
        texts = {"README.md", "CREDITS.md", "credits.json"}
        assert {name.partition("/")[0] for name in names} == texts | {"train", "validation", "test"}
        with Image.open(io.BytesIO(file.read(names[6]))) as picture:
            picture.load()
