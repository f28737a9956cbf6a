"""Archives made to do harm: names that climb out, links, devices, bombs. Nothing outside the studio is ever written."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.collect import add
from ganvas.collect.archive import archive
from ganvas.collect.limits import ArchiveLimits
from ganvas.collect.registry import DamagedSource
from ganvas.errors import InputError
from ganvas.pictures.sniff import UnreadablePicture
from ganvas.progress import Silent
from ganvas.studio import StudioFolder


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[StudioFolder]:
    folder = StudioFolder.create(tmp_path / "home" / "studio")
    yield folder
    folder.catalog.close()


def picture(seed: int = 0) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (6, 8), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


CLIMBING = ["../../up.png", "/abs.png", "a/../../../b.png", "..\\..\\c.png", "C:\\d.png", "~/e.png"]


@pytest.mark.parametrize("ending", ["zip", "tar"])
def test_names_that_climb_out_are_only_names(studio: StudioFolder, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"slip.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(path, "w") as zipped:
            for seed, name in enumerate(CLIMBING):
                zipped.writestr(name, picture(seed))
    else:
        with tarfile.open(path, "w") as tar:
            for seed, name in enumerate(CLIMBING):
                info = tarfile.TarInfo(name)
                info.size = len(picture(seed))
                tar.addfile(info, io.BytesIO(picture(seed)))
    outside = files_below(tmp_path)
    added = add(studio, path)
    assert (added.found, added.new) == (len(CLIMBING), len(CLIMBING))
    new = files_below(tmp_path) - outside
    assert {Path(name).parts[2] for name in new if name.startswith("home/studio/")} <= {"images", "catalog.db"} | {
        "catalog.db-wal",
        "catalog.db-shm",
    }
    assert all(name.startswith("home/studio/") for name in new)


def test_links_and_devices_in_a_tar_are_not_followed(studio: StudioFolder, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture(7))
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, kind, target in [
            ("link.png", tarfile.SYMTYPE, str(tmp_path / "secret.png")),
            ("hard.png", tarfile.LNKTYPE, "../../secret.png"),
            ("null.png", tarfile.CHRTYPE, ""),
            ("disk.png", tarfile.BLKTYPE, ""),
            ("pipe.png", tarfile.FIFOTYPE, ""),
        ]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            tar.addfile(info)
        info = tarfile.TarInfo("real.png")
        info.size = len(picture())
        tar.addfile(info, io.BytesIO(picture()))
    added = add(studio, tmp_path / "a.tar")
    assert (added.found, added.new) == (1, 1)


def test_a_link_in_a_zip_is_no_picture(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        zipped.writestr(link, "/etc/passwd")
        zipped.writestr("real.png", picture())
    assert [entry.member for entry in archive(tmp_path / "a.zip", Silent()).entries] == ["real.png"]


def test_a_zip_bomb_is_a_row_and_the_picture_beside_it_is_added(studio: StudioFolder, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        with zipped.open("huge.png", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(bytes(2**20))
        with zipped.open("dense.bmp", "w") as member:
            for _ in range(33):
                member.write(bytes(2**20))
        zipped.writestr("real.png", picture())
    added = add(studio, tmp_path / "a.zip")
    assert (added.found, added.new) == (3, 1)
    assert set(added.unreadable) == {"larger than 256 MiB", "packed more than 200 times"}


def test_a_zip_that_lies_about_a_size_is_a_row(studio: StudioFolder, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("liar.png", bytes(5 * 2**20))
        zipped.writestr("real.png", picture())
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    path.write_bytes(data)
    added = add(studio, path)
    assert (added.new, sum(added.unreadable.values())) == (1, 1)


def test_a_tar_that_unpacks_to_far_more_than_it_is_stops(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        for data in (picture(), bytes(2**21), bytes(2**21)):
            info = tarfile.TarInfo("a.png")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    entries = archive(tmp_path / "a.tar.gz", Silent(), ArchiveLimits(small_bytes=2**16)).entries
    assert next(entries).member == "a.png"
    with pytest.raises(DamagedSource, match="a bomb"):
        next(entries)


def test_a_tar_header_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 2**40
    with gzip.open(tmp_path / "a.tar.gz", "wb") as stream:
        stream.write(header.tobuf(tarfile.GNU_FORMAT))
        stream.write(bytes(2**20))
    with pytest.raises(InputError, match="damaged or no archive"):
        archive(tmp_path / "a.tar.gz", Silent())


def test_a_picture_bomb_in_a_folder_is_a_row(studio: StudioFolder, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    stream = io.BytesIO()
    Image.new("1", (16_000, 16_000)).save(stream, "PNG")
    assert len(stream.getvalue()) < 100_000
    (tmp_path / "in" / "bomb.png").write_bytes(stream.getvalue())
    (tmp_path / "in" / "real.png").write_bytes(picture())
    added = add(studio, tmp_path / "in")
    assert (added.new, added.unreadable) == (1, {"more than 200 megapixels": 1})


def test_an_unreadable_member_is_never_stored(studio: StudioFolder, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        zipped.writestr("../evil.png", b"#!/bin/sh\necho no picture")
        zipped.writestr("real.png", picture())
    add(studio, tmp_path / "a.zip")
    assert len(files_below(studio.images)) == 1
    assert studio.catalog.dropped() == {"unreadable": 1}


def test_reading_a_member_never_reads_past_the_limit(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("1.png", bytes(10_000))
    entry = next(archive(tmp_path / "a.zip", Silent(), ArchiveLimits(member_bytes=9_999)).entries)
    assert not isinstance(entry.content, Path)
    with pytest.raises(UnreadablePicture, match="larger than"):
        entry.content()
