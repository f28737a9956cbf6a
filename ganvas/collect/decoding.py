"""Pictures that were fetched, on their way through the decoders: `reply = await decoding.reply(body)`.

A decoder is a process, and a batch costs one pair of messages: what comes within a few milliseconds goes together.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from ganvas.collect.decoders import Decoders, Reply

BATCH = 64
BATCH_BYTES = 4 * 2**20
WITHIN_S = 0.02

Waiting = tuple[bytes, "asyncio.Future[Reply]"]


class Decoding:
    """Batches for `decoders`. `bytes` are those of pictures that wait for a reply: whoever fetches looks at it."""

    def __init__(self, decoders: Decoders) -> None:
        self.bytes = 0
        self._decoders = decoders
        self._batch: list[Waiting] = []
        self._batch_bytes = 0
        self._soon: asyncio.TimerHandle | None = None

    async def reply(self, body: bytes) -> Reply:
        """What a decoder says of a picture, its original stored. Raises GanvasError where there can be no decoders."""
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._batch.append((body, answer))
        self._batch_bytes += len(body)
        self.bytes += len(body)
        if len(self._batch) >= BATCH or self._batch_bytes >= BATCH_BYTES:
            self._send()
        elif self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(WITHIN_S, self._send)
        try:
            return await answer
        finally:
            self.bytes -= len(body)

    def _send(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
        batch, self._batch, self._batch_bytes, self._soon = self._batch, [], 0, None
        if not batch:
            return
        loop = asyncio.get_running_loop()
        replies = self._decoders.submit([body for body, _ in batch])
        replies.add_done_callback(lambda done: loop.call_soon_threadsafe(_hand_out, batch, done))


def _hand_out(batch: list[Waiting], done: Future[list[Reply]]) -> None:
    error = None if done.cancelled() else done.exception()
    for number, (_, answer) in enumerate(batch):
        if answer.done():
            continue
        if done.cancelled():
            answer.cancel()
        elif error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(done.result()[number])
