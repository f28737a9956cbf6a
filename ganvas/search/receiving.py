"""What a trial sends home, put into the real studio as it arrives: whole files, whole checkpoints, the catalog."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ganvas.errors import InputError
from ganvas.search.sending import News, Piece, Records, WholeCheckpoint
from ganvas.search.shipping import CHECKPOINTS
from ganvas.studio import StudioFolder

ARRIVING = ".partial-"  # checkpoints called so are cleared away when a run is let go of, or goes on here


class Receiver:
    """Writes into runs/NAME, which it holds until `close`. Raises InputError when another process trains in it."""

    def __init__(self, studio: StudioFolder, run: str) -> None:
        from ganvas.train.run_folder import RunFolder

        self._catalog = studio.catalog
        self._folder = RunFolder(studio.runs / run)
        self._held = ExitStack()
        self._held.enter_context(self._folder.lock())
        self._open: dict[str, BinaryIO] = {}

    def take(self, news: News) -> None:
        """Put a piece into its place. Raises InputError where it cannot be written."""
        try:
            if isinstance(news, Piece):
                self._piece(news)
            elif isinstance(news, WholeCheckpoint):
                self._checkpoint(news.name)
            else:
                self._records(news)
        except OSError as error:
            raise InputError(
                f"{self._folder.path} cannot be written ({error.strerror}): free some space, and search again to go on"
            ) from error

    def close(self) -> None:
        """Let go of the run; what did not arrive whole is not kept."""
        from ganvas.train.checkpoint import mend

        with self._held, suppress(OSError):  # what cannot be cleared away is in nobody's way
            for path, file in self._open.items():
                file.close()
                self._arriving(path).unlink(missing_ok=True)
            mend(self._folder.checkpoints)

    def _arriving(self, path: str) -> Path:
        parts = PurePosixPath(path).parts
        deep = 3 if path.startswith(f"{CHECKPOINTS}/") else len(parts)
        if path.startswith("/") or ".." in parts or len(parts) != deep:
            raise InputError(f"a worker sent {path!r}, which is no file of a run: see what that machine runs")
        if parts[0] == CHECKPOINTS:
            return self._folder.checkpoints / f"{ARRIVING}{parts[1]}" / parts[2]
        return self._folder.path.joinpath(*parts[:-1], f".{parts[-1]}.arriving")

    def _piece(self, piece: Piece) -> None:
        arriving = self._arriving(piece.path)
        if piece.path not in self._open:
            arriving.parent.mkdir(parents=True, exist_ok=True)
            self._open[piece.path] = arriving.open("wb")
        file = self._open[piece.path]
        file.write(piece.data)
        if not piece.last:
            return
        file.flush()
        os.fsync(file.fileno())
        self._open.pop(piece.path).close()
        if not piece.path.startswith(f"{CHECKPOINTS}/"):
            arriving.replace(self._folder.path / piece.path)

    def _checkpoint(self, name: str) -> None:
        """In its place when its checksums say that it is whole, and then the older ones go, as in a training here."""
        from ganvas.train.checkpoint import damage, put_in_place

        arrived = self._arriving(f"{CHECKPOINTS}/{name}/state.json").parent
        if damage(arrived) is not None:
            shutil.rmtree(arrived, ignore_errors=True)
            return
        keep = int(self._folder.read_settings()["settings"]["keep_checkpoints"])
        put_in_place(arrived, self._folder.checkpoints / name, keep)

    def _records(self, news: Records) -> None:
        row, run = news.row, self._folder.name
        if self._catalog.run_named(run) is None:
            self._catalog.add_run(row)
        else:
            told = ("state", "reason", "images_seen", "train_seconds", "finished_at")
            self._catalog.update_run(run, **{name: getattr(row, name) for name in told})
        self._catalog.cut_ticks(run, news.images)
        for tick in news.ticks:
            self._catalog.add_tick(run, tick)
        self._catalog.save_scores(run, news.scores)
