"""`add`: into the catalog once, whatever happens on the way."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganvas.collect import Added, add, decoders
from ganvas.errors import GanvasError, InputError
from ganvas.studio import StudioFolder
from tests.standstill import stands_still
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
Write = Callable[[Path, list[str]], Path]
Paint = Callable[..., bytes]


def stored(studio: StudioFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in studio.images.rglob("*") if path.is_file()}


def test_a_folder_is_added_and_its_originals_are_stored_unaltered(
    studio: StudioFolder, tmp_path: Path, write: Write, paint: Paint, notes: Any
) -> None:
    folder = write(tmp_path / "in", ["cat/1.png", "dog/2.png", "dog/3.png"])
    (folder / "dog" / "twin.png").write_bytes(paint(0))
    (folder / "dog" / "4.png").write_text("no picture")
    added = add(studio, folder, progress=notes)
    assert added == Added(found=5, new=3, known=1, unreadable={"text, not a picture": 1})
    assert stored(studio) == {hashlib.sha256(paint(seed)).hexdigest(): paint(seed) for seed in range(3)}
    assert all(studio.image_path(sha256).is_file() for sha256 in stored(studio))
    images = studio.catalog.images()
    assert [(image.label, image.format, image.width, image.height) for image in images] == [
        ("cat", "PNG", 8, 6), ("dog", "PNG", 8, 6), ("dog", "PNG", 8, 6),
    ]  # fmt: skip
    assert studio.catalog.dropped() == {"unreadable": 1}
    assert notes.steps == notes.total == 5


def test_adding_again_repeats_nothing_and_finds_what_is_new(
    studio: StudioFolder, tmp_path: Path, write: Write, paint: Paint
) -> None:
    folder = write(tmp_path / "in", ["1.png", "2.png"])
    add(studio, folder)
    places = {path: path.stat().st_mtime_ns for path in studio.images.rglob("*") if path.is_file()}
    assert add(studio, folder) == Added(found=2, new=0, known=2)
    (folder / "3.png").write_bytes(paint(3))
    (folder / "again.png").write_bytes(paint(1))
    assert add(studio, folder) == Added(found=4, new=1, known=3)
    assert {path: path.stat().st_mtime_ns for path in places} == places


def test_a_file_that_changed_is_a_new_item_and_the_old_picture_stays(
    studio: StudioFolder, tmp_path: Path, write: Write, paint: Paint
) -> None:
    folder = write(tmp_path / "in", ["1.png"])
    add(studio, folder)
    (folder / "1.png").write_bytes(paint(1, size=(9, 9)))
    assert add(studio, folder) == Added(found=1, new=1, known=0)
    assert studio.catalog.count_images() == 2


def test_labels_that_a_second_folder_brings_reach_what_was_added_before(
    studio: StudioFolder, tmp_path: Path, write: Write, paint: Paint
) -> None:
    folder = write(tmp_path / "in", ["cat/1.png"])
    add(studio, folder)
    assert [image.label for image in studio.catalog.images()] == [None]
    (folder / "dog").mkdir()
    (folder / "dog" / "2.png").write_bytes(paint(2))
    add(studio, folder)
    assert [image.label for image in studio.catalog.images()] == ["cat", "dog"]


def test_a_given_label_replaces_all_others_also_of_what_is_known(
    studio: StudioFolder, tmp_path: Path, write: Write
) -> None:
    folder = write(tmp_path / "in", ["cat/1.png", "dog/2.png"])
    add(studio, folder)
    assert add(studio, folder, label="pet") == Added(found=2, new=0, known=2)
    assert [image.label for image in studio.catalog.images()] == ["pet", "pet"]


def test_one_picture_can_be_added(studio: StudioFolder, tmp_path: Path, paint: Paint) -> None:
    (tmp_path / "unnamed").write_bytes(paint(1, "JPEG"))
    assert add(studio, tmp_path / "unnamed", label="vase").new == 1
    assert [(image.format, image.label) for image in studio.catalog.images()] == [("JPEG", "vase")]


def test_arrays_become_png_originals(studio: StudioFolder, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (70, 5, 6, 3), np.uint8)
    np.savez(tmp_path / "x.npz", x_train=images[:60], y_train=np.arange(60) % 2, x_test=images[60:])
    assert add(studio, tmp_path / "x.npz") == Added(found=70, new=70, known=0)
    assert add(studio, tmp_path / "x.npz") == Added(found=70, new=0, known=70)
    found = studio.catalog.images()
    assert [image.split for image in found] == ["train"] * 60 + ["held-out"] * 10
    assert [image.label for image in found][:3] == ["0", "1", "0"]


def test_odd_file_names_are_added_once(studio: StudioFolder, tmp_path: Path, paint: Paint) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for seed, name in enumerate([b"\xff\xfe.png", "Häuser ⌂.png".encode(), b"new\nline.png", b"quo'te\".png"]):
        Path(os.fsdecode(os.path.join(os.fsencode(folder), name))).write_bytes(paint(seed))
    assert add(studio, folder).new == 4
    assert add(studio, folder) == Added(found=4, new=0, known=4)


def test_a_file_that_cannot_be_opened_is_tried_again_next_time(
    studio: StudioFolder, tmp_path: Path, write: Write, paint: Paint
) -> None:
    folder = write(tmp_path / "in", ["1.png"])
    (folder / "2.png").symlink_to(tmp_path / "later.png")
    assert add(studio, folder).unreadable == {"cannot be opened": 1}
    (tmp_path / "later.png").write_bytes(paint(2))
    assert add(studio, folder) == Added(found=2, new=1, known=1)


def test_a_folder_around_the_studio_leaves_the_studio_out(
    studio: StudioFolder, tmp_path: Path, write: Write, notes: Any
) -> None:
    write(tmp_path, ["1.png", "2.png"])
    assert add(studio, tmp_path).new == 2
    assert add(studio, tmp_path, progress=notes) == Added(found=2, new=0, known=2)
    assert any("is a studio" in line for line in notes.lines)


def test_a_folder_inside_the_studio_can_be_added_but_its_own_cannot(
    studio: StudioFolder, write: Write, tmp_path: Path
) -> None:
    assert add(studio, write(studio.root / "raw", ["1.png"])).new == 1
    (tmp_path / "link").symlink_to(studio.images)
    for own in (studio.root, studio.images, studio.runs, tmp_path / "link"):
        with pytest.raises(InputError, match="the studio's own"):
            add(studio, own)


def test_what_cannot_be_added_is_one_clear_line(studio: StudioFolder, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "bad" / name).write_text("I am no picture")
    (tmp_path / "letter.doc").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(100))
    (tmp_path / "text.jpg").write_text("I am no picture")
    for name, match in [
        ("nowhere", "does not exist"),
        ("empty", "it is empty"),
        ("bad", "no picture could be read in .*bad: 2 files, the first a.jpg: text, not a picture"),
        ("letter.doc", "cannot be added: give a folder"),
        ("text.jpg", "1 file, the first text.jpg: text, not a picture"),
    ]:
        with pytest.raises(InputError, match=match) as caught:
            add(studio, tmp_path / name)
        assert "\n" not in str(caught.value)
    assert studio.catalog.dropped() == {"unreadable": 1}  # three files of the same bytes are one image


def test_what_was_read_of_a_damaged_archive_is_kept_and_said(
    studio: StudioFolder, tmp_path: Path, paint: Paint
) -> None:
    import tarfile

    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for seed in range(10):
            (tmp_path / "x.png").write_bytes(paint(seed))
            tar.add(tmp_path / "x.png", f"{seed}.png")
    data = (tmp_path / "a.tar").read_bytes()
    with tarfile.open(tmp_path / "a.tar") as tar:
        cut = tar.getmembers()[6].offset_data + 20
    (tmp_path / "a.tar").write_bytes(data[:cut])
    with pytest.raises(InputError, match="is damaged .*the 6 pictures before that are in the studio"):
        add(studio, tmp_path / "a.tar")
    assert studio.catalog.count_images() == 6
    (tmp_path / "a.tar").write_bytes(data)
    assert add(studio, tmp_path / "a.tar").new == 4


def test_no_room_for_originals_stops_with_one_line(studio: StudioFolder, tmp_path: Path, write: Write) -> None:
    folder = write(tmp_path / "in", ["1.png"])
    shutil.rmtree(studio.images)
    studio.images.write_text("in the way")
    with pytest.raises(GanvasError, match="cannot be written to .*run again"):
        add(studio, folder)
    assert studio.catalog.count_images() == 0


DEADLY = """
import os, signal, sys
from ganvas.collect import decoder
real = decoder.check_picture
def deadly(data, **options):
    if data.endswith(b"exit"):
        os._exit(3)
    if data.endswith(b"crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if data.endswith(b"hang"):
        signal.pause()
    return real(data, **options)
decoder.check_picture = deadly
decoder.main()
"""


@pytest.fixture
def deadly_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real workers, whose decoder dies of some pictures as a broken C library would."""
    monkeypatch.setattr(decoders, "PROGRAM", ("-P", "-c", DEADLY))


@pytest.mark.usefixtures("deadly_decoder")
def test_a_picture_that_kills_its_worker_costs_one_row(
    studio: StudioFolder, tmp_path: Path, write: Write, paint: Paint
) -> None:
    folder = write(tmp_path / "in", [f"{index:03}.png" for index in range(150)])
    (folder / "040.png").write_bytes(paint(40) + b"exit")
    (folder / "041.png").write_bytes(paint(41) + b"crash")
    (folder / "149.png").write_bytes(paint(149) + b"crash")
    added = add(studio, folder, workers=2)
    assert (added.found, added.new) == (150, 147)
    assert added.unreadable == {"crashed the decoder": 3}
    assert studio.catalog.count_images() == 147
    assert [image.sha256 for image in studio.catalog.images()] == [
        hashlib.sha256(paint(seed)).hexdigest() for seed in range(150) if seed not in (40, 41, 149)
    ]
    decision = studio.catalog.decisions(hashlib.sha256(paint(41) + b"crash").hexdigest())[0]
    assert (decision.stage, decision.rule, decision.keep) == ("read", "unreadable", False)
    assert decision.reason == "crashed the decoder: SIGSEGV"


@pytest.mark.usefixtures("deadly_decoder")
def test_a_picture_that_never_ends_is_given_up(
    studio: StudioFolder, tmp_path: Path, write: Write, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", ["1.png", "2.png", "3.png"])
    (folder / "2.png").write_bytes(paint(1) + b"hang")
    with decoders.Decoders(studio.images, 1, patience_s=2.0) as pool:
        contents = [folder / f"{number}.png" for number in (1, 2, 3)]
        ((name, replies),) = pool.map([("batch", contents)])
    assert name == "batch"
    assert [reply.get("reason") for reply in replies] == [None, "took too long to read", None]


def test_a_picture_that_fills_the_memory_of_its_worker_costs_one_row(
    studio: StudioFolder, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "from ganvas.collect import decoder; decoder.MEMORY_BYTES = 350 * 2**20; decoder.main()"
    monkeypatch.setattr(decoders, "PROGRAM", ("-P", "-c", program))
    folder = write(tmp_path / "in", ["1.png", "3.png"])
    Image.new("P", (16_000, 12_000)).save(folder / "2.png")  # 192 MB, and as many again as gray
    added = add(studio, folder, workers=1)
    assert added == Added(found=3, new=2, known=0, unreadable={"needs more memory than there is": 1})


def test_a_worker_that_cannot_start_says_why(
    studio: StudioFolder, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "PROGRAM", ("-c", "raise SystemExit('no library')"))
    with pytest.raises(GanvasError, match="does not start: no library"):
        add(studio, write(tmp_path / "in", ["1.png"]))


ADD = """
import sys
from ganvas.catalog import Catalog
from ganvas.collect import add
from ganvas.progress import Silent
from ganvas.studio import StudioFolder
from tests.standstill import stops_after
class Loud(Silent):
    def note(self, line):
        print(line, flush=True)
stops_after(1, Catalog, "add_found")
add(StudioFolder.open(sys.argv[1]), sys.argv[2], progress=Loud())
"""
MANY = 1200  # more than are recorded at a time


def start_adding(studio: StudioFolder, pictures: list[bytes], path: Path) -> subprocess.Popen[bytes]:
    """A real process adding an archive of these, which stands still once it has recorded some."""
    with zipfile.ZipFile(path, "w") as zipped:
        for number, data in enumerate(pictures):
            zipped.writestr(f"{number}.png", data)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.Popen(
        [sys.executable, "-c", ADD, studio.root, path],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    stands_still(process)
    return process


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_add_that_was_stopped_goes_on_where_it_was(tmp_path: Path, paint: Paint, how: signal.Signals) -> None:
    pictures = [paint(seed) for seed in range(MANY)]
    studio = StudioFolder.create(tmp_path / "studio")
    process = start_adding(studio, pictures, tmp_path / "a.zip")
    process.send_signal(how)
    process.send_signal(signal.SIGCONT)
    said, trouble = process.communicate(timeout=60)
    told = b"the same command goes on from there" in said
    assert told == (how == signal.SIGINT), (process.returncode, trouble.decode())
    before = studio.catalog.count_images()
    assert 0 < before < MANY
    originals = stored(studio)
    assert all(image.sha256 in originals for image in studio.catalog.images())
    assert add(studio, tmp_path / "a.zip") == Added(found=MANY, new=MANY - before, known=before)
    hashes = [hashlib.sha256(data).hexdigest() for data in pictures]
    assert [image.sha256 for image in studio.catalog.images()] == hashes
    assert {name: data for name, data in stored(studio).items() if name in set(hashes)} == dict(
        zip(hashes, pictures, strict=True)
    )
    studio.catalog.close()


def test_the_workers_end_with_the_one_who_started_them(tmp_path: Path, paint: Paint) -> None:
    studio = StudioFolder.create(tmp_path / "studio")
    process = start_adding(studio, [paint(seed) for seed in range(MANY)], tmp_path / "a.zip")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        process.communicate()
        pytest.skip("this system does not list the children of a process")
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    workers = {int(pid) for task in tasks for pid in (task / "children").read_text().split()}
    process.kill()
    process.communicate()
    assert workers
    wait_for(lambda: not any("decoder" in command(pid) for pid in workers), "all workers gone")
    studio.catalog.close()


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
