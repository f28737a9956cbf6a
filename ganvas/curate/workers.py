"""Worker processes that look at originals: `with Workers(PROGRAM, argument, 2, lost=…) as pool: pool.in_order(chunks)`.

The programs end when their input does, so they neither import the caller's script nor outlive the caller. What a worker
died on is asked for again, one by one, in fresh ones; what kills a worker alone costs its own entry and nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ganvas.curate.serving import READY
from ganvas.errors import GanvasError
from ganvas.workers import worker_environment

Answer = tuple[list[Any], bytes]  # an entry a thing that was asked about, and the bytes that follow
DIED = "ended the process that decoded it"


def no_bytes(entries: list[Any]) -> int:
    """How many bytes follow the entries of a program that sends none."""
    return 0


class Workers:
    """A thread for each worker process, which waits for it and starts it when the first chunk comes.

    `lost` is the entry of what a worker died on; `follow` says how many bytes come after a line of entries.
    """

    def __init__(
        self, program: str, argument: str, count: int, *, lost: Any, follow: Callable[[list[Any]], int] = no_bytes
    ) -> None:
        self._command = [sys.executable, "-P", "-m", program, argument]
        self._count = count
        self._lost = lost
        self._follow = follow
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=program.rpartition(".")[2])
        self._own = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closing = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing = True
        for process in list(self._processes):
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.communicate()

    def in_order(self, chunks: Iterable[Sequence[Any]]) -> Iterator[Answer]:
        """The answer to each chunk, in order; a few are under way at a time."""
        pending: deque[Future[Answer]] = deque()
        for chunk in chunks:
            pending.append(self._threads.submit(self._answer, chunk))
            if len(pending) > 2 * self._count:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    def _answer(self, chunk: Sequence[Any]) -> Answer:
        answer = self._ask(chunk)
        if answer is not None:
            return answer
        if len(chunk) == 1:  # the one that the worker died on
            return [self._lost], b""
        singly = [self._answer([one]) for one in chunk]
        return [entry for entries, _ in singly for entry in entries], b"".join(payload for _, payload in singly)

    def _ask(self, chunk: Sequence[Any]) -> Answer | None:
        process = self._process()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(chunk).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if line.endswith(b"\n"):
                entries = json.loads(line)
                size = self._follow(entries)
                payload = process.stdout.read(size)
                if len(payload) == size:
                    return entries, payload
        except BrokenPipeError:
            pass
        self._own.process = None
        self._processes.remove(process)
        process.kill()  # what closed its pipe, or sent half an answer, answers no more
        process.communicate()
        return None

    def _process(self) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if self._closing:
            raise GanvasError("the workers were stopped")
        if process is None:
            process = self._own.process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=worker_environment(),
                start_new_session=True,  # Ctrl-C is for the one who decides, not for the workers
            )
            self._processes.append(process)
            assert process.stdout is not None
            if process.stdout.readline() != READY and not self._closing:
                program = " ".join(self._command[:-1])
                raise GanvasError(f"a program of ganvas does not start: run `{program} -` to see why")
        return process
