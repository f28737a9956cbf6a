"""Originals: written once, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from ganvas.collect.originals import STALE_S, store, sweep


def test_an_original_that_lies_there_is_not_written_again(tmp_path: Path) -> None:
    place = tmp_path / "ab" / "abcd"
    assert store(place, b"picture")
    written = place.stat()
    assert not store(place, b"picture")
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


def test_an_original_of_which_a_power_cut_left_half_is_mended(tmp_path: Path) -> None:
    place = tmp_path / "ab" / "abcd"
    store(place, b"pic")
    assert store(place, b"picture")
    assert place.read_bytes() == b"picture"


def test_what_killed_writers_left_behind_is_swept_up_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "ab"
    folder.mkdir()
    for name in (".old", ".new", "abcd"):
        (folder / name).write_bytes(b"half")
        before = (folder / name).stat().st_mtime - STALE_S - 60
        if name != ".new":
            os.utime(folder / name, (before, before))
    sweep(tmp_path)
    assert {path.name for path in folder.iterdir()} == {".new", "abcd"}
    sweep(tmp_path / "nowhere")
