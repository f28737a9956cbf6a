"""What is sent to a machine without the studio, and what comes home from it, without a cluster between."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet
from ganvas.search.receiving import Receiver
from ganvas.search.sending import Piece, Sender, WholeCheckpoint
from ganvas.search.shipping import Cargo, ship_run, ship_set
from ganvas.search.space import settings_of
from ganvas.search.unpacking import IN_USE, borrowed_studio
from ganvas.studio import StudioFolder
from ganvas.train import train
from ganvas.train.checkpoint import checkpoints, damage, state_of
from ganvas.train.run_folder import RunFolder, read_lines
from tests.search.studios import TINY, studio_in

SETTINGS = {**settings_of(TINY), "budget": "640-images"}


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudioFolder:
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(away))
    return studio_in(tmp_path)


def same(data: bytes) -> bytes:
    return data


def files_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def bring_home(sender: Sender, receiver: Receiver, alter: Callable[[Piece], Piece] = lambda piece: piece) -> None:
    for news in sender.news():
        receiver.take(alter(news) if isinstance(news, Piece) else news)


def test_a_run_made_elsewhere_comes_home_whole_and_goes_on_there(studio: StudioFolder) -> None:
    cargo = Cargo(ship_set(studio.sets / "halves", same), ())
    with borrowed_studio(cargo, same) as away:
        sender, receiver = Sender(away, "far"), Receiver(studio, "far")
        bring_home(sender, receiver)
        assert studio.catalog.run_named("far") is None
        train(away, "halves", SETTINGS, name="far")
        bring_home(sender, receiver)
        receiver.close()
        made = files_of(away.runs / "far")
        assert files_of(studio.runs / "far") == made
        assert studio.catalog.run_named("far") == away.catalog.run_named("far")
        assert studio.catalog.ticks("far") == away.catalog.ticks("far")
        assert list(sender.news()) == []
    assert not away.root.exists()

    (run,) = filter(None, [ship_run(studio, "far", same)])
    with borrowed_studio(replace(cargo, runs=(run,)), same) as away:
        newest = checkpoints(RunFolder(away.runs / "far").checkpoints)
        assert [path.name for path in newest] == [checkpoints(studio.runs / "far" / "checkpoints")[-1].name]
        assert damage(newest[-1]) is None
        assert away.catalog.run_named("far") == studio.catalog.run_named("far")
        assert list(Sender(away, "far").news()) == []


def test_a_set_is_unpacked_once_a_machine_and_mended_when_something_is_gone(studio: StudioFolder) -> None:
    asked: list[bytes] = []

    def get(data: bytes) -> bytes:
        asked.append(data)
        return data

    cargo = Cargo(ship_set(studio.sets / "halves", same), ())
    with borrowed_studio(cargo, get) as one, borrowed_studio(cargo, get) as other:
        assert len(asked) == 3
        assert one.root != other.root
        packed = PackedSet.open(other.sets / "halves")
        assert packed.fingerprint == PackedSet.open(studio.sets / "halves").fingerprint
        (packed.folder.resolve() / "members.csv").unlink()
    with borrowed_studio(cargo, get) as again:
        assert len(PackedSet.open(again.sets / "halves")) == len(packed)
    assert len(asked) == 6


def test_what_arrives_damaged_is_refused_or_passed_over(studio: StudioFolder) -> None:
    cargo = Cargo(ship_set(studio.sets / "halves", same), ())
    with (
        pytest.raises(InputError, match="did not arrive as it was sent"),
        borrowed_studio(cargo, lambda data: data[:-1]),
    ):
        pass
    with borrowed_studio(cargo, same) as away:
        sender, receiver = Sender(away, "far"), Receiver(studio, "far")
        train(away, "halves", SETTINGS, name="far")
        worst = checkpoints(away.runs / "far" / "checkpoints")[-1].name

        def alter(piece: Piece) -> Piece:
            return replace(piece, data=piece.data[:-1]) if worst in piece.path else piece

        bring_home(sender, receiver, alter)
        receiver.close()
        kept = checkpoints(studio.runs / "far" / "checkpoints")
        assert kept
        assert worst not in [path.name for path in kept]
        assert all(damage(path) is None for path in kept)


def test_a_checkpoint_that_a_kill_left_half_replaced_is_mended(studio: StudioFolder) -> None:
    cargo = Cargo(ship_set(studio.sets / "halves", same), ())
    with borrowed_studio(cargo, same) as away:
        sender = Sender(away, "far")
        train(away, "halves", SETTINGS, name="far")
        newest = checkpoints(away.runs / "far" / "checkpoints")[-1]
        newest.rename(newest.with_name("best"))
        here = RunFolder(studio.runs / "far").checkpoints / "best"
        for left in (here, here.with_name(".replaced-best")):  # killed while the older one was being removed
            left.mkdir(parents=True)
            (left / "state.json").write_text("{}")
        receiver = Receiver(studio, "far")
        bring_home(sender, receiver)
        receiver.close()
    assert damage(here) is None
    assert [path.name for path in here.parent.iterdir() if path.name.startswith(".")] == []


def test_a_run_whose_checkpoints_cannot_be_mended_is_let_go_of(studio: StudioFolder) -> None:
    receiver, run = Receiver(studio, "far"), RunFolder(studio.runs / "far")
    (run.checkpoints / ".replaced-best").mkdir(parents=True)
    (run.checkpoints / "best").symlink_to("nowhere")  # no folder can be renamed to it
    receiver.close()
    with run.lock():
        pass


def test_a_worker_writes_nowhere_but_in_its_run(studio: StudioFolder) -> None:
    receiver = Receiver(studio, "far")
    for path in ("../other/settings.json", "/etc/passwd", "checkpoints/../../ganvas.toml", "checkpoints/x"):
        with pytest.raises(InputError, match="which is no file of a run"):
            receiver.take(Piece(path, b"x", last=True))
    with pytest.raises(InputError, match="which is no file of a run"):
        receiver.take(WholeCheckpoint("../.."))
    receiver.close()
    assert not (studio.runs / "other").exists()


def test_what_a_killed_trial_left_is_swept_by_the_next(studio: StudioFolder) -> None:
    cargo = Cargo(ship_set(studio.sets / "halves", same), ())
    with borrowed_studio(cargo, same) as living:
        left = living.root.parent.with_name("left")
        shutil.copytree(living.root.parent, left, symlinks=True)  # as of a worker that is no more
        with borrowed_studio(cargo, same):
            assert not left.exists()
            assert living.root.exists()


def test_a_set_that_no_trial_has_used_for_a_week_is_swept(studio: StudioFolder) -> None:
    cargo = Cargo(ship_set(studio.sets / "halves", same), ())
    with borrowed_studio(cargo, same) as away:
        mine = (away.sets / "halves").resolve().parent
    old, young, used = (mine.with_name(name) for name in ("old", "young", "used"))
    for folder in (old, young, used):
        shutil.copytree(mine, folder)
    for folder, days in ((mine, 8), (old, 8), (young, 6), (used, 8)):
        os.utime(folder / IN_USE, (then := time.time() - days * 86400, then))
    with (used / IN_USE).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        with borrowed_studio(cargo, lambda data: pytest.fail("it is there")):
            assert sorted(mine.parent.iterdir()) == sorted([mine, young, used])
    assert time.time() - (mine / IN_USE).stat().st_mtime < 86400


def test_wherever_the_way_home_is_cut_nothing_before_the_newest_checkpoint_is_missing(studio: StudioFolder) -> None:
    cargo = Cargo(ship_set(studio.sets / "halves", same), ())
    with borrowed_studio(cargo, same) as away:
        sender = Sender(away, "far")
        train(away, "halves", SETTINGS, name="far")
        news = list(sender.news())
    receiver, newest = Receiver(studio, "far"), []
    for piece in news:
        receiver.take(piece)
        if isinstance(piece, WholeCheckpoint):
            newest = checkpoints(studio.runs / "far" / "checkpoints")
            images = state_of(newest[-1])["images"]
            here = RunFolder(studio.runs / "far")
            assert images in [tick.images_seen for tick in studio.catalog.ticks("far")]
            assert images in [line["images"] for line in read_lines(here.ticks_file)]
            assert studio.catalog.existing_run("far").images_seen < images
    receiver.close()
    assert newest
    row = studio.catalog.existing_run("far")
    assert (row.state, row.images_seen) == ("finished", 640)
