"""Zip and tar: members as streams, labels from their folders, and everything an archive can do wrong."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganvas.collect import archive as archive_module
from ganvas.collect.limits import ArchiveLimits
from ganvas.collect.registry import DamagedSource, Entry, source_for
from ganvas.errors import InputError
from ganvas.pictures.sniff import UnreadablePicture

Paint = Callable[..., bytes]
ENDINGS = ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"]


def pack(path: Path, members: dict[str, bytes]) -> Path:
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, data in members.items():
                zipped.writestr(name, data)
        return path
    compression = path.name.split("tar")[-1].lstrip(".")
    with tarfile.open(path, f"w:{compression}") as tar:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def read_all(path: Path, notes: Any, limits: ArchiveLimits | None = None) -> list[tuple[Entry, bytes | str]]:
    """Every entry with its bytes, or the reason why there are none."""
    assert source_for(path).name == "archive"
    listing = archive_module.archive(path, notes, limits or ArchiveLimits())
    found: list[tuple[Entry, bytes | str]] = []
    for entry in listing.entries:
        assert not isinstance(entry.content, Path)
        try:
            found.append((entry, entry.content()))
        except UnreadablePicture as error:
            found.append((entry, str(error)))
    assert listing.total == len(found)
    return found


def bytes_of(entry: Entry) -> bytes:
    assert not isinstance(entry.content, Path)
    try:
        return entry.content()
    except UnreadablePicture:
        return b""


@pytest.mark.parametrize("ending", ENDINGS)
def test_pictures_of_an_archive_come_in_order_with_labels(
    tmp_path: Path, paint: Paint, notes: Any, ending: str
) -> None:
    members = {"d/dog/2.png": paint(2), "d/cat/1.png": paint(1), "d/cat/unnamed": paint(3), "d/readme.txt": b"hello"}
    path = pack(tmp_path / f"a.{ending}", members | {"__MACOSX/d/._1.png": b"x", "d/.DS_Store": b"x"})
    found = read_all(path, notes)
    assert [(entry.member, entry.label) for entry, _ in found] == [
        ("d/dog/2.png", "dog"), ("d/cat/1.png", "cat"), ("d/cat/unnamed", "cat"),
    ]  # fmt: skip
    assert [data for _, data in found] == list(members.values())[:3]


def test_one_folder_around_all_pictures_is_no_label(tmp_path: Path, paint: Paint, notes: Any) -> None:
    path = pack(tmp_path / "a.zip", {f"houses/{i}.png": paint(i) for i in range(3)})
    assert {entry.label for entry, _ in read_all(path, notes)} == {None}


@pytest.mark.parametrize("ending", ENDINGS)
def test_metadata_inside_is_read_wherever_it_lies(tmp_path: Path, paint: Paint, notes: Any, ending: str) -> None:
    line = json.dumps({"file_name": "1.png", "label": "vase", "title": "A vase"}).encode()
    path = pack(tmp_path / f"a.{ending}", {"in/1.png": paint(1), "in/2.png": paint(2), "in/metadata.jsonl": line})
    (one, _), (two, _) = read_all(path, notes)
    assert (one.label, one.title, two.label) == ("vase", "A vase", None)


@pytest.mark.parametrize("ending", ENDINGS)
def test_archives_inside_are_left_alone_with_a_note(tmp_path: Path, paint: Paint, notes: Any, ending: str) -> None:
    path = pack(tmp_path / f"a.{ending}", {"1.png": paint(1), "more.zip": b"PK\x03\x04", "more.tar.gz": b"x"})
    assert len(read_all(path, notes)) == 1
    assert any("2 archives inside" in line for line in notes.lines)


@pytest.mark.parametrize("ending", ["zip", "tar"])
def test_an_archive_without_pictures_says_so(tmp_path: Path, notes: Any, ending: str) -> None:
    with pytest.raises(InputError, match="empty"):
        read_all(pack(tmp_path / f"a.{ending}", {}), notes)
    with pytest.raises(InputError, match="none of its 2 files"):
        read_all(pack(tmp_path / f"b.{ending}", {"a.txt": b"hello", "b.csv": b"1,2"}), notes)


def test_an_encrypted_member_is_a_reason(tmp_path: Path, paint: Paint, notes: Any) -> None:
    path = pack(tmp_path / "a.zip", {"1.png": paint(1), "2.png": paint(2)})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, at + 8, 1)
    path.write_bytes(data)
    (_, one), (_, two) = read_all(path, notes)
    assert one == "encrypted in the archive"
    assert two == paint(2)


def test_a_damaged_member_of_a_zip_costs_only_itself(tmp_path: Path, paint: Paint, notes: Any) -> None:
    path = pack(tmp_path / "a.zip", {"1.png": paint(1), "2.png": paint(2), "3.png": paint(3)})
    with zipfile.ZipFile(path) as zipped:
        at = zipped.getinfo("2.png").header_offset + 60
    data = bytearray(path.read_bytes())
    data[at : at + 20] = b"\xff" * 20
    path.write_bytes(data)
    one, two, three = (data for _, data in read_all(path, notes))
    assert (one, three) == (paint(1), paint(3))
    assert isinstance(two, str)
    assert "damaged in the archive" in two


def test_a_zip_cut_short_cannot_be_opened_and_says_so(tmp_path: Path, paint: Paint, notes: Any) -> None:
    path = pack(tmp_path / "a.zip", {f"{i}.png": paint(i) for i in range(20)})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="damaged and cannot be opened"):
        read_all(path, notes)


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_tar_cut_short_gives_what_is_before(tmp_path: Path, paint: Paint, notes: Any, ending: str) -> None:
    # bzip2 unpacks 900 kB at a time: there must be more than one such block
    pictures = [paint(seed, size=(150, 150)) for seed in range(40)]
    path = pack(tmp_path / f"a.{ending}", {f"{i}.png": data for i, data in enumerate(pictures)})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 4 // 5])
    listing = archive_module.archive(path, notes)
    sound: list[bytes] = []
    with pytest.raises(DamagedSource):
        sound.extend(data for entry in listing.entries if (data := bytes_of(entry)))
    assert 8 < len(sound) < 40
    assert sound == pictures[: len(sound)]


def test_a_tar_with_a_broken_header_inside_is_damaged_not_finished(tmp_path: Path, paint: Paint, notes: Any) -> None:
    path = pack(tmp_path / "a.tar", {f"{i}.png": paint(i) for i in range(5)})
    data = bytearray(path.read_bytes())
    with tarfile.open(path) as tar:
        at = tar.getmember("3.png").offset
    data[at : at + 300] = b"\x55" * 300
    path.write_bytes(data)
    listing = archive_module.archive(path, notes)
    members = []
    with pytest.raises(DamagedSource):
        members.extend(entry.member for entry in listing.entries)
    assert listing.total == 3


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_a_file_only_named_like_an_archive_says_so(tmp_path: Path, notes: Any, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is a letter" * 100)
    with pytest.raises(InputError, match=f"{name} is damaged"):
        source_for(tmp_path / name).listing(tmp_path / name, notes)


@pytest.mark.parametrize("ending", ENDINGS)
def test_limits_on_members_and_on_all_bytes(tmp_path: Path, paint: Paint, notes: Any, ending: str) -> None:
    path = pack(tmp_path / f"a.{ending}", {f"{i}.png": paint(i) for i in range(5)})
    with pytest.raises(InputError, match="more than 4 files"):
        read_all(path, notes, ArchiveLimits(members=4))
    with pytest.raises(InputError, match="unpacks to more"):
        read_all(path, notes, ArchiveLimits(total_bytes=500))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_member_over_the_limit_is_a_reason(tmp_path: Path, paint: Paint, notes: Any, ending: str) -> None:
    path = pack(tmp_path / f"a.{ending}", {"1.png": paint(1), "2.png": paint(2, size=(200, 200))})
    (_, one), (_, two) = read_all(path, notes, ArchiveLimits(member_bytes=5000))
    assert one == paint(1)
    assert isinstance(two, str)
    assert two.startswith("larger than")
