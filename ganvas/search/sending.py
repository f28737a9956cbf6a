"""What a trial makes far from its studio, on its way home as it is made: `for news in sender.news(): ...`.

The order is the one in which a kill may cut it off: a run can go on from whatever has arrived. Settings come before the
run's row, that and all that was noted on the way to a checkpoint before it, checkpoints before the row that says they
are there, and how it ended comes last. What rests on something is looked for before it, so that this is never older.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from ganvas.catalog import RunRow, ScoreRow, TickRow
from ganvas.record_folder import SETTINGS_FILE
from ganvas.search.outcome import OUTCOME_FILE
from ganvas.search.shipping import CHECKPOINTS, PART_BYTES, records
from ganvas.studio import StudioFolder

STATE_FILE = "state.json"  # of a checkpoint, written last
BEST = "best"

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Piece:
    """Bytes of a file of the run; `last` makes it whole."""

    path: str
    data: bytes = field(repr=False)
    last: bool


@dataclass(frozen=True)
class WholeCheckpoint:
    """All pieces of this checkpoint were sent."""

    name: str


@dataclass(frozen=True)
class Records:
    """What the catalog there says of the run. `ticks` are the new ones, none lies after `images`."""

    row: RunRow
    ticks: tuple[TickRow, ...]
    images: int
    scores: tuple[ScoreRow, ...]


News = Piece | WholeCheckpoint | Records


class Sender:
    """Knows what of a run's files and records was sent; what is there when it is made needs no sending."""

    def __init__(self, studio: StudioFolder, run: str) -> None:
        self._catalog, self._run = studio.catalog, run
        self._folder = studio.runs / run
        self._told = (self._catalog.run_named(run), self._catalog.ticks(run), self._catalog.scores(run))
        self._files = {path: _stamp(path) for path in records(self._folder)}
        self._checkpoints = {path.name: _identity(path) for path in self._whole_checkpoints()}

    def news(self) -> Iterator[News]:
        """What is new since the last call, in the order in which it must arrive."""
        if not (self._folder / SETTINGS_FILE).exists():
            return
        ended, row = (self._folder / OUTCOME_FILE).exists(), self._catalog.run_named(self._run)
        saved = [(path, _identity(path)) for path in self._whole_checkpoints()]
        for path in records(self._folder):
            if path.name != OUTCOME_FILE:
                yield from self._file(path)
        if row is not None:
            before, _, scores = self._told
            yield from self._records(before or _at_its_beginning(row), scores)
            for path, identity in saved:  # no run goes on from the best one, so it may be as new as can be
                yield from self._checkpoint(path, _identity(path) if path.name == BEST else identity)
            yield from self._records(row, self._catalog.scores(self._run))
        if ended:
            yield from self._file(self._folder / OUTCOME_FILE)

    def _file(self, path: Path) -> Iterator[Piece]:
        try:
            stamp = _stamp(path)
            if self._files.get(path) == stamp:
                return
            data = path.read_bytes()
        except OSError:
            return  # not there yet, or no more
        self._files[path] = stamp
        yield from _pieces(path.relative_to(self._folder).as_posix(), data)

    def _whole_checkpoints(self) -> list[Path]:
        folder = self._folder / CHECKPOINTS
        return [*sorted(folder.glob("[0-9]*")), *folder.glob(BEST)]

    def _checkpoint(self, path: Path, identity: bytes | None) -> Iterator[News]:
        if identity is None or self._checkpoints.get(path.name) == identity:
            return
        with ExitStack() as opened:
            try:  # an open file stays what it was when its folder is removed or replaced
                files = [opened.enter_context(file.open("rb")) for file in sorted(path.iterdir())]
            except OSError:
                return
            if _identity(path) != identity:
                return
            for file in files:
                name = f"{CHECKPOINTS}/{path.name}/{Path(file.name).name}"
                data = file.read(PART_BYTES)
                while following := file.read(PART_BYTES):
                    yield Piece(name, data, last=False)
                    data = following
                yield Piece(name, data, last=True)
        self._checkpoints[path.name] = identity
        yield WholeCheckpoint(path.name)

    def _records(self, row: RunRow, scores: list[ScoreRow]) -> Iterator[Records]:
        """This row and these scores with the ticks of now, unless all of it was sent."""
        ticks = self._catalog.ticks(self._run)
        if (row, ticks, scores) == self._told:
            return
        before = {tick.tick: tick for tick in self._told[1]}
        new = tuple(tick for tick in ticks if before.get(tick.tick) != tick)
        self._told = (row, ticks, scores)
        yield Records(row, new, ticks[-1].images_seen if ticks else -1, tuple(scores))


def _at_its_beginning(row: RunRow) -> RunRow:
    return replace(row, state="training", reason=None, images_seen=0, train_seconds=0.0, finished_at=None)


def _pieces(path: str, data: bytes) -> Iterator[Piece]:
    for start in range(0, max(1, len(data)), PART_BYTES):
        yield Piece(path, data[start : start + PART_BYTES], last=start + PART_BYTES >= len(data))


def _stamp(path: Path) -> Stamp:
    facts = path.stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _identity(path: Path) -> bytes | None:
    try:
        return (path / STATE_FILE).read_bytes()
    except OSError:
        return None
