from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganvas.curate import make_plan, make_set, planned_facts
from ganvas.curate.holding import hold
from ganvas.curate.serving import READY
from ganvas.curate.workers import Workers
from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet
from ganvas.studio import StudioFolder
from ganvas.workers import worker_environment
from tests.waiting import wait_for

Add = Callable[..., list[str]]
MANY = 400  # enough for worker processes, in chunks


def workers_of(width: int) -> list[int]:
    """The worker processes that pack pictures this wide, by their command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"ganvas.curate.packer" in command and f'"width": {width},'.encode() in command:
            found.append(int(process.name))
    return found


def test_originals_gone_changed_or_damaged_are_left_out_and_decided(studio: StudioFolder, add: Add, notes: Any) -> None:
    hashes = add(20)
    studio.image_path(hashes[3]).unlink()
    studio.image_path(hashes[5]).write_bytes(studio.image_path(hashes[6]).read_bytes())
    progress = notes()
    row = make_set(studio, "pets", progress=progress)
    packed = PackedSet.open(studio.sets / "pets")
    left = [sha256 for n, sha256 in enumerate(hashes) if n not in (3, 5)]
    assert row.count == len(packed) == 18
    assert packed.sha256s == left
    assert studio.catalog.dropped() == {"altered": 1, "vanished": 1}
    assert "1 picture left out: vanished since added" in progress.lines
    [decision] = studio.catalog.decisions(hashes[3])
    assert (decision.stage, decision.reason) == ("pack", "original cannot be opened: No such file or directory")
    assert make_set(studio, "again").fingerprint == row.fingerprint


def test_an_original_that_can_no_longer_be_read_is_left_out(studio: StudioFolder, add: Add) -> None:
    import hashlib

    from ganvas.catalog import FoundPicture

    add(3)
    data = b"\x89PNG\r\n\x1a\n but no more"
    sha256 = hashlib.sha256(data).hexdigest()
    path = studio.image_path(sha256)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    studio.catalog.add_found([FoundPicture(sha256, len(data), "PNG", 12, 10, "RGB", 1, None, "folder", "x")])
    assert make_set(studio, "pets").count == 3
    [decision] = studio.catalog.decisions(sha256)
    assert (decision.stage, decision.rule, decision.keep) == ("pack", "unreadable", False)


@pytest.mark.parametrize("instead", [None, b"another picture's bytes"])
def test_an_original_that_is_back_is_planned_and_packed_again(
    studio: StudioFolder, add: Add, instead: bytes | None
) -> None:
    hashes = add(5)
    path = studio.image_path(hashes[2])
    data = path.read_bytes()
    path.unlink()
    if instead:
        path.write_bytes(instead)
    assert make_set(studio, "first").count == 4
    assert planned_facts(make_plan(studio, "second"))["images"] == 4
    path.write_bytes(data)
    dropped = studio.catalog.dropped()
    assert planned_facts(make_plan(studio, "second"))["images"] == 5
    assert studio.catalog.dropped() == dropped
    assert make_set(studio, "second").count == 5
    assert PackedSet.open(studio.sets / "second").sha256s == hashes
    assert studio.catalog.dropped() == {}


def test_an_original_that_is_back_stays_out_where_another_rule_drops_it(studio: StudioFolder, add: Add) -> None:
    hashes = add(5)
    path = studio.image_path(hashes[0])
    data = path.read_bytes()
    path.unlink()
    make_set(studio, "first")
    path.write_bytes(data)
    studio.catalog.decide("inspect", "dark", [(hashes[0], False, None, None)])
    assert planned_facts(make_plan(studio, "second"))["images"] == make_set(studio, "second").count == 4


def test_a_folder_of_originals_that_is_not_there_drops_nothing(studio: StudioFolder, add: Add) -> None:
    add(5)
    shutil.rmtree(studio.images)
    with pytest.raises(InputError, match=r"none of the 5 originals in .* can be read \(original cannot be opened"):
        make_set(studio, "pets")
    assert studio.catalog.dropped() == {}
    assert list(studio.sets.iterdir()) == []


def test_a_picture_that_ends_its_decoder_costs_one_picture(
    studio: StudioFolder, add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(150)
    [deadly] = add(1, text="deadly")
    add(150)
    (tmp_path / "sitecustomize.py").write_text(
        "import hashlib, os, sys\n"
        "real = hashlib.sha256\n"
        "def sha256(data=b'', **options):\n"
        "    if b'deadly' in data:\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return real(data, **options)\n"
        "hashlib.sha256 = sha256\n"
    )
    monkeypatch.syspath_prepend(tmp_path)  # the workers get this path too, and import the file when they start
    assert make_set(studio, "pets", size=(8, 8), workers=2).count == 300
    [decision] = studio.catalog.decisions(deadly)
    assert decision.reason == "ended the process that decoded it"
    assert deadly not in PackedSet.open(studio.sets / "pets").sha256s


def test_a_worker_ended_from_outside_costs_nothing(studio: StudioFolder, add: Add, notes: Any) -> None:
    hashes = add(MANY)
    killed: list[int] = []

    def kill_one(done: float) -> None:
        if not killed:
            killed.append(workers_of(9)[0])
            os.kill(killed[0], signal.SIGKILL)

    make_set(studio, "pets", size=(9, 8), workers=2, progress=notes(kill_one))
    assert killed
    assert PackedSet.open(studio.sets / "pets").sha256s == hashes


def test_a_worker_that_died_keeps_no_pipe_and_no_entry_among_the_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dying.py").write_text(f"import os\nos.write(1, {READY!r})\ninput()\n")
    monkeypatch.syspath_prepend(tmp_path)
    with Workers("dying", "-", 1, lost="lost") as pool:
        answers = pool.in_order([[n] for n in range(8)])
        assert next(answers) == (["lost"], b"")
        open_files = len(os.listdir("/proc/self/fd"))
        assert [entries for entries, _ in answers] == [["lost"]] * 7
        assert len(os.listdir("/proc/self/fd")) <= open_files


@pytest.mark.parametrize("at", [64, MANY])
def test_a_killed_packing_leaves_no_half_set_and_no_process(studio: StudioFolder, add: Add, at: int) -> None:
    add(MANY)
    code = """
import os, sys
from contextlib import contextmanager
from ganvas.curate import make_plan, make_set, planned_facts
from ganvas.studio import StudioFolder

class Deadly:
    done = 0
    def note(self, line): ...
    def describe(self, text): ...
    @contextmanager
    def task(self, label, total, unit=""):
        yield self
    def advance(self, steps=1):
        self.done += steps
        if self.done >= int(sys.argv[2]):
            os.kill(os.getpid(), 9)

make_set(StudioFolder.open(sys.argv[1]), "pets", size=(11, 8), workers=2, progress=Deadly())
"""
    command = [sys.executable, "-c", code, str(studio.root), str(at)]
    done = subprocess.run(command, check=False, env=worker_environment())
    assert done.returncode == -signal.SIGKILL
    [leftover] = studio.sets.iterdir()
    assert leftover.name.startswith(".pets.partial-")
    assert studio.catalog.sets() == []
    wait_for(lambda: not workers_of(11), "all workers gone")
    assert make_set(studio, "pets", size=(8, 8)).count == MANY
    assert [folder.name for folder in studio.sets.iterdir()] == ["pets"]


def test_an_interrupted_packing_cleans_up_after_itself(studio: StudioFolder, add: Add, notes: Any) -> None:
    add(MANY)

    def interrupt(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_set(studio, "pets", size=(13, 8), workers=2, progress=notes(interrupt))
    assert list(studio.sets.iterdir()) == []
    assert workers_of(13) == []
    assert make_set(studio, "pets").count == MANY


def test_what_another_process_is_packing_is_left_alone(studio: StudioFolder, add: Add) -> None:
    add(3)
    busy, left = studio.sets / ".other.partial-1", studio.sets / ".other.partial-2"
    busy.mkdir()
    left.mkdir()
    with hold(busy):
        make_set(studio, "pets")
    assert sorted(folder.name for folder in studio.sets.iterdir()) == [".other.partial-1", "pets"]


def test_a_folder_that_the_catalog_never_knew_is_replaced(studio: StudioFolder, add: Add) -> None:
    add(3)
    (studio.sets / "pets").mkdir()
    (studio.sets / "pets" / "images.npy").write_bytes(b"half")
    make_set(studio, "pets")
    assert len(PackedSet.open(studio.sets / "pets")) == 3
    assert [folder.name for folder in studio.sets.iterdir()] == ["pets"]


def test_of_two_that_make_the_same_set_at_once_one_says_so(studio: StudioFolder, add: Add, notes: Any) -> None:
    add(3)

    def make_it_too(done: float) -> None:
        make_set(StudioFolder.open(studio.root), "pets", size=(8, 8))

    with pytest.raises(InputError, match="made by another process at the same time"):
        make_set(studio, "pets", progress=notes(make_it_too))
    assert PackedSet.open(studio.sets / "pets").width == 8
    assert [folder.name for folder in studio.sets.iterdir()] == ["pets"]


def test_a_sets_folder_that_cannot_be_written_says_so(studio: StudioFolder, add: Add) -> None:
    add(3)
    studio.sets.rmdir()
    studio.sets.write_text("not a folder")
    with pytest.raises(InputError, match=r"set pets cannot be written in .*sets: File exists"):
        make_set(studio, "pets")


@pytest.fixture
def small_disk(studio: StudioFolder) -> Iterator[Path]:
    """The studio's sets on a file system of one megabyte."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(studio.sets)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small file system")
    yield studio.sets
    subprocess.run(["umount", "-l", str(studio.sets)], check=True)


def full_disk(studio: StudioFolder, **options: Any) -> None:
    with pytest.raises(InputError) as error:
        make_set(studio, "pets", **options)
    assert str(error.value).startswith(f"the disk of {studio.sets} is full: set pets needs ")
    assert "free some space, or pack smaller with --size" in str(error.value)
    assert list(studio.sets.glob(".*")) == []
    assert studio.catalog.sets() == []


def test_a_set_larger_than_the_disk_is_refused_before_packing(
    studio: StudioFolder, add: Add, small_disk: Path, notes: Any
) -> None:
    add(10)
    progress = notes()
    full_disk(studio, size=(256, 256), progress=progress)
    assert progress.done == 0
    assert make_set(studio, "pets", size=(64, 64)).count == 10


@pytest.mark.parametrize("reserve", [True, False])
def test_a_disk_that_fills_up_while_packing_is_one_line_and_leaves_nothing(
    studio: StudioFolder, add: Add, small_disk: Path, notes: Any, monkeypatch: pytest.MonkeyPatch, reserve: bool
) -> None:
    add(MANY)
    if not reserve:  # as on systems where space cannot be reserved
        monkeypatch.delattr(os, "posix_fallocate")

    def fill(done: float) -> None:
        with open(small_disk / "another program's file", "ab") as file:
            while True:
                try:
                    os.write(file.fileno(), bytes(4096))
                except OSError:
                    return

    full_disk(studio, size=(24, 24), workers=1, progress=notes(fill))
    (small_disk / "another program's file").unlink()
    assert make_set(studio, "pets", size=(24, 24)).count == MANY
