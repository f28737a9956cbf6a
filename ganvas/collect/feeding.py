"""What a source names goes into the catalog as it is wanted: `Feeder(…)`, a thread that pulls `source.start()`.

A source may take its time over the next item (a browser scrolls), and may have no end. So it is pulled one at a time,
and only while more is wanted; what has gathered is written together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from ganvas.catalog.wanted import Item, Page
from ganvas.collect.sources.source import Source
from ganvas.errors import GanvasError, InputError

FIRST_AT_ONCE, MOST_AT_ONCE = 64, 1000  # few at first, so that fetching begins while the rest is read
MOST_BYTES = 16 * 2**20
LOOK_EVERY_S = 0.2

Write = Callable[[Sequence[Page | Item]], object]


class Feeder:
    """`written` counts what is in the catalog; `ended`: there is no more; `error`: what the source raised."""

    def __init__(self, source: Source, write: Write, room: Callable[[], int], stir: Callable[[], object]) -> None:
        """`room` says how many more items are wanted; 0 makes the feeder wait. `stir` is called when more is written,
        and at the end.
        """
        self._source = source
        self._write = write
        self._room = room
        self._stir = stir
        self._stopping = threading.Event()
        self._gathered: list[Page | Item] = []
        self._in_hand = 0  # being written at this moment, by whichever thread
        self._held_bytes = 0
        self._lock = threading.Lock()
        self.written = 0
        self.ended = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience_s: float = 10.0) -> None:
        """Let the source close what it has opened (a browser), for as long as that may take."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def _run(self) -> None:
        try:
            self._feed()
        except GanvasError as error:  # it belongs to whoever waits for the collection
            self.error = error
        except Exception as error:
            self.error = InputError(f"source {self._source.name}: {type(error).__name__}: {error}")
        finally:
            self.ended = True
            self._stir()

    def _feed(self) -> None:
        found = iter(self._source.start())
        try:
            while self._more_wanted():
                one = next(found, None)
                if one is None:
                    break
                self._gather(one)
        finally:
            if isinstance(found, Iterator) and hasattr(found, "close"):
                found.close()
            self.flush()

    def _more_wanted(self) -> bool:
        while not self._stopping.is_set():
            if self._is_room():
                return True
            self.flush()
            if self._is_room():
                return True
            self._stopping.wait(LOOK_EVERY_S)
        return False

    def _is_room(self) -> bool:
        with self._lock:
            known = len(self._gathered) + self._in_hand
        return self._room() > known

    def _gather(self, one: Page | Item) -> None:
        held = sum(len(picture.data or b"") for picture in one.pictures) if isinstance(one, Item) else 0
        with self._lock:
            self._gathered.append(one)
            self._held_bytes += held
            many = min(max(FIRST_AT_ONCE, self.written), MOST_AT_ONCE)
            is_full = len(self._gathered) >= many or self._held_bytes > MOST_BYTES
        if is_full:
            self.flush()

    def flush(self) -> None:
        """Write what has gathered: called now and then, since a source may take its time over the next item."""
        with self._lock:
            gathered, self._gathered, self._held_bytes = self._gathered, [], 0
            self._in_hand += len(gathered)
        if not gathered:
            return
        written = 0
        try:
            self._write(gathered)
            written = len(gathered)
        finally:
            with self._lock:
                self._in_hand -= len(gathered)
                self.written += written
        self._stir()
