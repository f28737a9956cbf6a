"""Pictures with a JSON beside them in a tar (WebDataset), and pictures in Parquet files."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganvas.collect import add
from ganvas.collect.archive import archive
from ganvas.collect.registry import Entry
from ganvas.errors import InputError, MissingExtra
from ganvas.studio import StudioFolder


def png(level: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (9, 7), level).save(buffer, "PNG")
    return buffer.getvalue()


def tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as file:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


def entries(path: Path, notes: Any) -> list[Entry]:
    return list(archive(path, notes).entries)


def test_a_json_beside_a_picture_describes_it_before_or_after(tmp_path: Path, notes: Any) -> None:
    one = json.dumps({"label": "cat", "split": "validation", "title": "One", "year": 1890}).encode()
    two = json.dumps({"label": 3, "License": "CC0", "Artist Name": "Ada", "artist": {"id": 1}}).encode()
    path = tar(tmp_path / "x.tar", {"a/0.png": png(1), "a/0.json": one, "a/1.json": two, "a/1.png": png(2)})
    first, second = entries(path, notes)
    assert (first.label, first.split, first.title, first.details) == ("cat", "validation", "One", {"year": 1890})
    assert (second.label, second.licence, second.artist) == ("3", "CC0", "Ada")
    assert second.details == {"artist": {"id": 1}}


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b"not json", b"\xff\xfe", b"[" * 60_000, b'{"label": {"a": 1}}', b"x" * 70_000, b"null"]
)
def test_a_json_that_says_nothing_costs_no_picture(tmp_path: Path, notes: Any, data: bytes) -> None:
    path = tar(tmp_path / "x.tar", {"cat/0.png": png(1), "cat/0.json": data, "dog/1.png": png(2), "lone.json": b"{}"})
    assert [(entry.member, entry.label) for entry in entries(path, notes)] == [
        ("cat/0.png", "cat"),
        ("dog/1.png", "dog"),
    ]


def test_a_json_beside_one_picture_leaves_the_labels_of_the_others(tmp_path: Path, notes: Any) -> None:
    members = {f"{label}/{n}.png": png(n) for n in range(3) for label in ("cat", "dog")}
    members["cat/0.json"] = json.dumps({"category": "instagram", "likes": 3}).encode()
    members["dog/1.json"] = json.dumps({"label": "wolf"}).encode()
    found = {entry.member: entry for entry in entries(tar(tmp_path / "x.tar", members), notes)}
    assert found["cat/0.png"].details == {"category": "instagram", "likes": 3}
    assert {member: entry.label for member, entry in found.items()} == {
        **{f"{label}/{n}.png": label for n in range(3) for label in ("cat", "dog")},
        "dog/1.png": "wolf",
    }


def test_a_json_beside_a_picture_adds_to_what_the_whole_folder_is_told(tmp_path: Path, notes: Any) -> None:
    lines = b'{"file_name": "0.png", "label": "jar", "title": "Jar"}\n{"file_name": "1.png", "label": "urn"}\n'
    members = {"0.png": png(0), "1.png": png(1), "2.png": png(2), "metadata.jsonl": lines}
    members["0.json"] = json.dumps({"licence": "CC0"}).encode()
    found = entries(tar(tmp_path / "x.tar", members), notes)
    assert [entry.label for entry in found] == ["jar", "urn", None]
    assert (found[0].title, found[0].licence) == ("Jar", "CC0")


def test_what_is_beside_a_picture_wins_however_it_is_called_and_lists_are_read(tmp_path: Path, notes: Any) -> None:
    said = {"file_name": "0.png", "artist": "Album", "credit": ["Ada", "Bob"], "category": ["a", "b"], "title": "Old"}
    members = {"a/0.png": png(0), "a/metadata.jsonl": json.dumps(said).encode()}
    members["a/0.json"] = json.dumps({"creator": "Single", "title": "New"}).encode()
    [found] = entries(tar(tmp_path / "x.tar", members), notes)
    assert (found.artist, found.attribution, found.title, found.label) == ("Single", "Ada, Bob", "New", None)
    assert found.details == {"artist": "Album", "category": ["a", "b"]}


def test_what_a_json_beside_a_picture_leaves_empty_takes_nothing_away(tmp_path: Path, notes: Any) -> None:
    said = {"file_name": "0.png", "title": "Jar", "licence": "CC0", "tags": ["clay"], "label": "jar", "year": 1890}
    empty = {"title": None, "licence": " ", "tags": [], "label": "", "year": 0, "maker": {}}
    members = {"0.png": png(0), "metadata.jsonl": json.dumps(said).encode(), "0.json": json.dumps(empty).encode()}
    [found] = entries(tar(tmp_path / "x.tar", members), notes)
    assert (found.title, found.licence, found.label) == ("Jar", "CC0", "jar")
    assert found.details == {"tags": ["clay"], "year": 0}


def test_a_split_that_is_none_here_is_kept_as_it_is(tmp_path: Path, notes: Any) -> None:
    lines = b'{"file_name": "0.png", "split": "fold-3"}\n{"file_name": "1.png", "split": "test"}\n'
    members = {"0.png": png(0), "1.png": png(1), "metadata.jsonl": lines, "1.json": b'{"split": "fold-1"}'}
    found = entries(tar(tmp_path / "x.tar", members), notes)
    assert [(entry.split, entry.details) for entry in found] == [(None, {"split": f"fold-{n}"}) for n in (3, 1)]
    found = entries(tar(tmp_path / "y.tar", members | {"1.json": b"{}"}), notes)
    assert (found[1].split, found[1].details) == ("held-out", {})


def test_a_folder_of_shards_is_its_shards_and_one_that_is_bad_keeps_none_out(tmp_path: Path) -> None:
    (tmp_path / "in" / "data").mkdir(parents=True)
    for number, name in enumerate(["train-0.tar", "data/test-0.tar"]):
        said = json.dumps({"label": "ab"[number]}).encode()
        tar(tmp_path / "in" / name, {"0.png": png(number), "0.json": said, "1.png": png(number + 2)})
    (tmp_path / "in" / "README.md").write_text("about it")
    studio = StudioFolder.create(tmp_path / "studio")
    added = add(studio, tmp_path / "in")
    assert (added.found, added.new, added.known, added.unreadable) == (4, 4, 0, {})
    assert [image.label for image in studio.catalog.images()] == ["b", None, "a", None]
    assert add(studio, tmp_path / "in" / "train-0.tar").new == 0
    tar(tmp_path / "in" / "data" / "notes.tar", {"notes.txt": b"no picture"})
    tar(tmp_path / "in" / "later.tar", {"0.png": png(9)})
    with pytest.raises(InputError, match=r"no pictures in .*notes.tar"):
        add(studio, tmp_path / "in")
    assert studio.catalog.count_images() == 5


def write_parquet(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pytest.importorskip("pyarrow").Table.from_pylist(rows), path, **options)
    return path


def test_pictures_in_a_parquet_file(tmp_path: Path) -> None:
    rows = [
        {"image": {"bytes": png(n), "path": f"{n}.png"}, "label": "ab"[n % 2], "title": f"No {n}", "year": n}
        for n in range(150)
    ]
    rows[7]["image"] = {"bytes": b"not a picture", "path": None}
    rows[8]["image"] = None
    studio = StudioFolder.create(tmp_path / "studio")
    path = write_parquet(tmp_path / "validation-0.parquet", rows)
    added = add(studio, path)
    assert (added.found, added.new) == (150, 148)
    assert sum(added.unreadable.values()) == 2
    images = studio.catalog.images()
    assert [image.label for image in images[:3]] == ["a", "b", "a"]
    assert {image.split for image in images} == {"validation"}
    assert len(studio.catalog.matching("year > 100 and title ilike 'no 1%'")) == 49
    assert add(studio, path).new == 0


def test_numbers_stand_for_the_names_that_a_parquet_file_gives_them(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pytest.importorskip("pyarrow").Table.from_pylist([{"img": png(n), "label": n % 2} for n in range(4)])
    told = {"info": {"features": {"label": {"_type": "ClassLabel", "names": ["cat", "dog"]}}}}
    path = tmp_path / "x.parquet"
    parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(told)}), path)
    studio = StudioFolder.create(tmp_path / "studio")
    add(studio, path)
    assert [image.label for image in studio.catalog.images()] == ["cat", "dog", "cat", "dog"]


def test_a_parquet_file_that_cannot_be_added_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = StudioFolder.create(tmp_path / "studio")
    path = write_parquet(tmp_path / "x.parquet", [{"a": 1}])
    with pytest.raises(InputError, match=r"none of its columns \(a\) holds bytes"):
        add(studio, path)
    whole = write_parquet(tmp_path / "y.parquet", [{"image": png(n)} for n in range(9)]).read_bytes()
    for damaged in (b"PAR1", whole[: len(whole) // 2], b"PAR1" + b"\0" * 100 + b"PAR1", b""):
        (tmp_path / "z.parquet").write_bytes(damaged)
        with pytest.raises(InputError, match="is damaged or no Parquet file"):
            add(studio, tmp_path / "z.parquet")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match="parquet"):
        add(studio, path)
