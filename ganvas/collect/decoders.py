"""Worker processes that decode: `Decoders(images, workers).map(batches)`, in a `with`.

What a worker left unanswered when it died is tried once more, one by one; a picture that kills a worker alone gets a
reason and the others go on. Python's own process pools are not used: they import the caller's script again, and lose
all that is in flight when one worker dies.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ganvas.errors import GanvasError
from ganvas.workers import worker_environment

T = TypeVar("T")
PATIENCE_S = 120.0
PROGRAM = ("-P", "-m", "ganvas.collect.decoder")

Content = bytes | Path
Reply = dict[str, Any]


class Decoders:
    """As many workers as there is work for, at most `workers`; started when first needed."""

    def __init__(self, images: Path, workers: int, patience_s: float = PATIENCE_S) -> None:
        self.images = images
        self.workers = workers
        self.patience_s = patience_s
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="decoder")
        self._own = threading.local()
        self._started: set[_Worker] = set()
        self._closing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._closing = True
        for worker in list(self._started):
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._started:
            worker.close()

    def map(self, batches: Iterable[tuple[T, Sequence[Content | Reply]]]) -> Iterator[tuple[T, list[Reply]]]:
        """The replies of each batch, in the order of the batches; a few batches are under way at a time.

        Where a batch holds a reply instead of something to read, that reply is passed on.
        """
        pending: deque[tuple[T, Future[list[Reply]]]] = deque()
        for name, contents in batches:
            pending.append((name, self._threads.submit(self._answered, contents)))
            if len(pending) > 2 * self.workers:
                name, future = pending.popleft()
                yield name, future.result()
        for name, future in pending:
            yield name, future.result()

    def start(self) -> None:
        """Start all workers now, where there will surely be work for them: it takes each a third of a second."""
        for _ in range(self.workers):
            self._threads.submit(self._worker)

    def submit(self, contents: Sequence[Content]) -> Future[list[Reply]]:
        """The replies of one batch, when they are there."""
        return self._threads.submit(self._answered, contents)

    def _answered(self, contents: Sequence[Content | Reply]) -> list[Reply]:
        replies = iter(self._decoded([it for it in contents if not isinstance(it, dict)]))
        return [it if isinstance(it, dict) else next(replies) for it in contents]

    def _decoded(self, contents: list[Content]) -> list[Reply]:
        replies = self._answers(contents)
        return replies + [self._alone(content) for content in contents[len(replies) :]]

    def _alone(self, content: Content) -> Reply:
        answers = self._answers([content])
        return answers[0] if answers else {"reason": self._own.death}

    def _answers(self, contents: list[Content]) -> list[Reply]:
        """The replies until the worker died, if it did; a fresh one takes its place at the next call."""
        worker = self._worker()
        replies = worker.ask(contents, self.patience_s)
        if len(replies) < len(contents):
            self._own.worker, self._own.death = None, worker.death()
        return replies

    def _worker(self) -> _Worker:
        if self._closing:
            raise GanvasError("stopped")
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is None:
            worker = self._own.worker = _Worker(self.images)
            self._started.add(worker)
        return worker


class _Worker:
    """One process and its two pipes."""

    def __init__(self, images: Path) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 lives as long as the process
        self._late = False
        self._process = subprocess.Popen(
            [sys.executable, *PROGRAM, str(images)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for the one who decides, not for the workers
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._replies = self._process.stdin, self._process.stdout
        if not self._replies.readline():
            raise GanvasError(f"the program that reads pictures does not start: {self._last_words()}")

    def ask(self, contents: list[Content], patience_s: float) -> list[Reply]:
        """The replies until the worker died, if it did."""
        replies: list[Reply] = []
        watch = threading.Timer(patience_s, self._give_up)
        watch.start()
        try:
            self._send(contents)
            while len(replies) < len(contents) and (line := self._replies.readline()).endswith(b"\n"):
                replies += json.loads(line)
        except BrokenPipeError:
            pass
        finally:
            watch.cancel()
        return replies

    def death(self) -> str:
        self.kill()
        code = self._process.wait()
        self.close()
        if self._late:
            return "took too long to read"
        if code < 0:
            return f"crashed the decoder: {signal.Signals(-code).name}"
        return f"crashed the decoder: exit {code}"

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):  # what a dead process was still to be sent
            self._requests.close()
        self._replies.close()
        self._errors.close()

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        self.close()
        return lines[-1] if lines else "it ended at once"

    def _send(self, contents: list[Content]) -> None:
        jobs = [{"bytes": len(it)} if isinstance(it, bytes) else {"path": str(it)} for it in contents]
        self._requests.write(json.dumps(jobs).encode() + b"\n")
        for content in contents:
            if isinstance(content, bytes):
                self._requests.write(content)
        self._requests.flush()

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()


def _environment() -> dict[str, str]:
    return {**worker_environment(), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # as there are many of them
