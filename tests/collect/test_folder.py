"""What a folder gives: which files, which labels, which splits, which words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganvas.collect.labels import label_paths
from ganvas.collect.registry import Entry, source_for
from ganvas.errors import InputError

Write = Callable[[Path, list[str]], Path]


def entries(path: Path, notes: Any) -> list[Entry]:
    source = source_for(path)
    assert source.name == "folder"
    listing = source.listing(path, notes)
    found = list(listing.entries)
    assert listing.total == len(found)
    return found


def labels(path: Path, notes: Any) -> dict[str, str | None]:
    return {entry.member: entry.label for entry in entries(path, notes)}


def test_every_picture_is_found_in_order_and_other_files_are_passed_over(
    tmp_path: Path, write: Write, notes: Any
) -> None:
    folder = write(tmp_path / "in", ["b.png", "a/2.JPG", "a/1.png", "deep/er/x", ".hidden/9.png", ".9.png"])
    for name in ("Thumbs.db", "notes.txt", "labels.csv", "a/.DS_Store"):
        (folder / name).write_text("not a picture")
    assert [entry.member for entry in entries(folder, notes)] == ["a/1.png", "a/2.JPG", "b.png", "deep/er/x"]


def test_a_file_that_claims_to_be_a_picture_is_listed_whatever_it_holds(tmp_path: Path, notes: Any) -> None:
    (tmp_path / "in").mkdir()
    for name in ("text.jpg", "drawing.svg", "phone.heic"):
        (tmp_path / "in" / name).write_text("x")
    assert len(entries(tmp_path / "in", notes)) == 3


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["1.png", "2.png"], [(None, None)] * 2),
        (["cat/1.png", "dog/1.png"], [("cat", None), ("dog", None)]),
        (["houses/1.png", "houses/2.png"], [(None, None)] * 2),
        (["data/cat/1.png", "data/dog/1.png"], [("cat", None), ("dog", None)]),
        (["cat/a/1.png", "cat/b/1.png", "dog/1.png"], [("cat", None), ("cat", None), ("dog", None)]),
        (["cat/1.png", "dog/1.png", "loose.png"], [("cat", None), ("dog", None), (None, None)]),
        (
            ["train/cat/1.png", "train/dog/1.png", "test/cat/2.png"],
            [("cat", "train"), ("dog", "train"), ("cat", "held-out")],
        ),
        (["train/1.png", "val/2.png"], [(None, "train"), (None, "validation")]),
        (["x/train/a/1.png", "x/validation/b/1.png"], [("a", "train"), ("b", "validation")]),
        (["train/a/1.png", "train/b/1.png"], [("a", "train"), ("b", "train")]),
        (["train/1.png", "car/1.png", "bus/1.png"], [("train", None), ("car", None), ("bus", None)]),
        (["train/images/1.png", "test/images/2.png"], [(None, "train"), (None, "held-out")]),
        (["../cat/1.png", "../../dog/1.png"], [("cat", None), ("dog", None)]),
        (["cat\\1.png", "dog\\1.png"], [("cat", None), ("dog", None)]),
        ([], []),
    ],
)
def test_labels_and_splits_come_from_folders(names: list[str], expected: list[tuple[str | None, str | None]]) -> None:
    assert label_paths(names) == expected


def test_a_link_back_up_does_not_go_round_for_ever(tmp_path: Path, write: Write, notes: Any) -> None:
    folder = write(tmp_path / "in", ["cat/1.png", "dog/2.png"])
    (folder / "cat" / "again").symlink_to(folder)
    (folder / "same").symlink_to(folder / "dog")
    assert len(entries(folder, notes)) == 2


def test_linked_files_and_folders_elsewhere_are_followed(tmp_path: Path, write: Write, notes: Any) -> None:
    elsewhere = write(tmp_path / "elsewhere", ["1.png", "2.png"])
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "more").symlink_to(elsewhere)
    (tmp_path / "in" / "one.png").symlink_to(elsewhere / "1.png")
    (tmp_path / "in" / "gone.png").symlink_to(elsewhere / "gone.png")
    assert [entry.member for entry in entries(tmp_path / "in", notes)] == [
        "gone.png", "more/1.png", "more/2.png", "one.png",
    ]  # fmt: skip


def test_a_pipe_named_like_a_picture_is_not_waited_for(tmp_path: Path, write: Write, notes: Any) -> None:
    folder = write(tmp_path / "in", ["1.png"])
    os.mkfifo(folder / "2.png")
    assert [entry.member for entry in entries(folder, notes)] == ["1.png"]


def test_studios_below_are_passed_over_with_a_note(tmp_path: Path, write: Write, notes: Any) -> None:
    folder = write(tmp_path / "in", ["1.png", "studio/images/ab/abcdef"])
    (folder / "studio" / "ganvas.toml").write_text("")
    assert [entry.member for entry in entries(folder, notes)] == ["1.png"]
    assert any("is a studio" in line for line in notes.lines)


def test_archives_inside_are_left_alone_with_a_note(tmp_path: Path, write: Write, notes: Any) -> None:
    folder = write(tmp_path / "in", ["1.png"])
    (folder / "more.zip").write_bytes(b"PK\x03\x04")
    assert len(entries(folder, notes)) == 1
    assert any("1 archives" in line for line in notes.lines)


def test_an_empty_folder_and_one_without_pictures_say_so(tmp_path: Path, notes: Any) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError, match="it is empty"):
        entries(tmp_path / "in", notes)
    (tmp_path / "in" / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match="none of its 1 files is a picture"):
        entries(tmp_path / "in", notes)


def metadata(folder: Path, rows: list[Any]) -> None:
    (folder / "metadata.jsonl").write_text("\n".join(json.dumps(row) for row in rows))


def test_metadata_gives_labels_words_and_details(tmp_path: Path, write: Write, notes: Any) -> None:
    folder = write(tmp_path / "in", ["cat/1.png", "dog/2.png", "dog/3.png"])
    rows = [
        {"file_name": "cat/1.png", "label": 3, "title": "A vase", "license": "CC0", "credit": "Met", "year": 1890},
        {"file_name": "./dog/2.png", "label": "jug", "split": "test", "box": [1, 2]},
    ]
    metadata(folder, rows)
    one, two, three = entries(folder, notes)
    assert (one.label, one.title, one.licence, one.attribution) == ("3", "A vase", "CC0", "Met")
    assert one.details == {"year": 1890}
    assert (two.label, two.split, two.details) == ("jug", "held-out", {"box": [1, 2]})
    assert three.label is None


def test_metadata_without_labels_keeps_the_folders(tmp_path: Path, write: Write, notes: Any) -> None:
    folder = write(tmp_path / "in", ["cat/1.png", "dog/2.png"])
    metadata(folder, [{"file_name": "cat/1.png", "caption": "one"}])
    assert labels(folder, notes) == {"cat/1.png": "cat", "dog/2.png": "dog"}


def test_metadata_of_each_split_lies_in_its_folder(tmp_path: Path, write: Write, notes: Any) -> None:
    folder = write(tmp_path / "in", ["train/1.png", "test/1.png"])
    metadata(folder / "train", [{"file_name": "1.png", "class": "a"}])
    metadata(folder / "test", [{"file_name": "1.png", "class": "b"}])
    assert [(entry.label, entry.split) for entry in entries(folder, notes)] == [("b", "held-out"), ("a", "train")]


def test_bad_lines_of_metadata_are_noted_and_cost_nothing(tmp_path: Path, write: Write, notes: Any) -> None:
    folder = write(tmp_path / "in", ["1.png", "2.png"])
    good = json.dumps({"file_name": "1.png", "label": "a"}).encode()
    lines = [good, b"{not json", b"[1, 2]", b'{"label": "b"}', b"", b"\xff\xfe", b'{"file_name": 7}', b"[" * 5000]
    (folder / "metadata.jsonl").write_bytes(b"\n".join(lines))
    assert labels(folder, notes) == {"1.png": "a", "2.png": None}
    assert any("6 lines" in line for line in notes.lines)
