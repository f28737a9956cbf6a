"""On a machine that cannot see the studio: a studio for one trial, made of what was sent and gone when it ends.

The set is unpacked once on each machine, into a folder of the system's temporary one that is named by its content, and
goes when no trial has used it for a week.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ganvas.catalog import SetRow
from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet
from ganvas.search.shipping import FEATURES, Cargo, ShippedFile, ShippedRun, ShippedSet
from ganvas.studio import StudioFolder

Get = Callable[[Any], bytes]
IN_USE = ".in-use"  # locked while it is; its time says when it last was
KEPT_S = 7 * 86400.0  # a set that no trial uses


@contextmanager
def borrowed_studio(cargo: Cargo, get: Get) -> Iterator[StudioFolder]:
    """A studio with the set and the runs that were sent. Raises InputError for what arrived damaged."""
    home = _home()
    with ExitStack() as held:
        with _alone(home):
            packed = _unpacked(home, cargo.picture_set, get)
            held.enter_context(_used(packed.parent))
            _sweep(home / "studios", 0.0)
            _sweep(home / "sets", KEPT_S)
            root = Path(tempfile.mkdtemp(dir=home / "studios"))
            held.callback(shutil.rmtree, root, ignore_errors=True)
            held.enter_context(_used(root))
        studio = StudioFolder.create(root / "studio")
        _put_set(studio, packed)
        for run in cargo.runs:
            _put_run(studio, run, get)
        yield studio
        studio.catalog.close()


def _home() -> Path:
    """This user's folder for what is sent here; nobody else may have prepared it."""
    home = Path(tempfile.gettempdir()) / f"ganvas-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.getuid():
        raise InputError(f"{home} belongs to somebody else: set TMPDIR to another folder where Ray is started")
    for part in ("sets", "studios"):
        (home / part).mkdir(exist_ok=True)
    return home


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One process of this machine at a time: the others wait for the set that it unpacks, and then have it."""
    with (home / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unpacked(home: Path, shipped: ShippedSet, get: Get) -> Path:
    folder = home / "sets" / shipped.digest[:32] / shipped.name
    own = [file for file in shipped.files if not file.path.startswith(FEATURES)]
    if all(_is_there(folder, file) for file in own):
        return folder
    shutil.rmtree(folder, ignore_errors=True)  # systems tidy up their temporary folders file by file
    partial = folder.with_name(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    _write(partial, shipped.files, get)
    partial.rename(folder)
    return folder


def _is_there(folder: Path, file: ShippedFile) -> bool:
    try:
        return (folder / file.path).stat().st_size == file.size
    except OSError:
        return False


@contextmanager
def _used(folder: Path) -> Iterator[None]:
    """Nobody sweeps it for so long; its time says when it last was used."""
    path = folder / IN_USE
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        os.utime(file.fileno())
        try:
            yield
        finally:
            with suppress(OSError):  # systems tidy up their temporary folders file by file
                os.utime(path)


def _sweep(folder: Path, kept_s: float) -> None:
    """Remove what nothing uses and nothing has used for so long, also what trials left that were killed."""
    for left in folder.iterdir():
        try:
            with (left / IN_USE).open("a") as file:  # which leaves its time as it is
                if time.time() - os.fstat(file.fileno()).st_mtime < kept_s:
                    continue
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        except OSError:
            pass
        shutil.rmtree(left, ignore_errors=True)


def _put_set(studio: StudioFolder, folder: Path) -> None:
    packed = PackedSet.open(folder)
    (studio.sets / packed.name).symlink_to(folder)
    size = (packed.height, packed.width, packed.channels, len(packed))
    studio.catalog.add_set(SetRow(packed.name, *size, packed.label_names, {}, packed.fingerprint), [])


def _put_run(studio: StudioFolder, run: ShippedRun, get: Get) -> None:
    _write(studio.runs / run.name, run.files, get)
    studio.catalog.add_run(run.row)
    for tick in run.ticks:
        studio.catalog.add_tick(run.name, tick)


def _write(folder: Path, files: Sequence[ShippedFile], get: Get) -> None:
    for shipped in files:
        path, digest = folder / shipped.path, hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for part in shipped.parts:
                data = get(part)
                digest.update(data)
                file.write(data)
        if digest.hexdigest() != shipped.sha256:
            raise InputError(f"{shipped.path} did not arrive as it was sent: search again to go on")
