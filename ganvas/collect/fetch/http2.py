"""HTTP/2: one connection, many fetches at a time: `answer = await Http2(reader, writer, read_timeout_s).ask(…)`.

The frames are the library h2's, which httpx uses as well. httpx's own connection lets whichever fetch reads next read
for all; one that hangs then holds up those whose answers have come. Here a task of the connection's own reads.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from ganvas.collect.fetch.failures import CutShort, Silent

WINDOW_BYTES = 2**20  # of a body, on its way before it is read
CONNECTION_WINDOW_BYTES = 2**24
MOST_HEADER_BYTES = 65_536
MOST_AT_A_TIME = 100
MOST_UNSENT_BYTES = 2**20  # answers to its questions that a server does not take
PIECE_BYTES = 65_536

Headers = list[tuple[bytes, bytes]]


class Broken(Exception):
    """A connection, or a fetch on it, that is no more; what was asked may be asked on another one."""


class Http2:
    """A connection on which h2 was agreed. Closed by whoever made it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, read_timeout_s: float) -> None:
        self._reader, self._writer, self.read_timeout_s = reader, writer, read_timeout_s
        self._frames = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
        self._frames.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: WINDOW_BYTES,
                SettingCodes.MAX_HEADER_LIST_SIZE: MOST_HEADER_BYTES,
            },
        )
        self._answers: dict[int, Answer] = {}
        self._freed = asyncio.Event()
        self._over: str | None = None  # why nothing more can be asked
        self._frames.initiate_connection()
        self._frames.increment_flow_control_window(CONNECTION_WINDOW_BYTES)
        self._send()
        self._reading = asyncio.create_task(self._read())

    @property
    def available(self) -> bool:
        return self._over is None

    async def ask(self, headers: Iterable[tuple[str, str]]) -> Answer:
        """Ask, and wait for the status and headers. Raises Broken, Silent. Pseudo-headers come first."""
        while self._over is None and len(self._answers) >= self._most_at_a_time():
            self._freed.clear()
            await self._freed.wait()
        if self._over is not None:
            raise Broken(self._over)
        try:
            number = self._frames.get_next_available_stream_id()
            self._frames.send_headers(number, list(headers), end_stream=True)
        except h2.exceptions.H2Error as error:
            self._end(str(error))
            raise Broken(str(error)) from error
        answer = self._answers[number] = Answer(self, number)
        self._send()
        try:
            await answer.begun()
        except BaseException:
            answer.close()
            raise
        return answer

    def close(self) -> None:
        """At once: a farewell could wait for a server that takes nothing."""
        self._end("closed")
        self._reading.cancel()
        self._writer.transport.abort()

    def read_so_far(self, number: int, many: int) -> None:
        """A fetch has taken bytes: as many more may come."""
        if many and self._over is None:
            self._frames.acknowledge_received_data(many, number)
            self._send()

    def leave(self, number: int, unread: int) -> None:
        """A fetch is over, whether it was answered in whole or not."""
        answer = self._answers.pop(number, None)
        self._freed.set()
        if answer is None or self._over is not None:
            return
        try:
            if not answer.ended:
                self._frames.reset_stream(number, ErrorCodes.CANCEL)
            if unread:
                self._frames.acknowledge_received_data(unread, number)
        except h2.exceptions.H2Error:
            pass  # the server has ended it meanwhile
        self._send()

    def _most_at_a_time(self) -> int:
        return max(1, min(MOST_AT_A_TIME, self._frames.remote_settings.max_concurrent_streams))

    async def _read(self) -> None:
        reason = "the connection was closed"
        try:
            while data := await self._reader.read(PIECE_BYTES):
                for event in self._frames.receive_data(data):
                    self._heed(event)
                self._send()
        except Exception as error:  # whatever a server sends: those who wait are to know of it
            reason = f"{type(error).__name__}: {error}"
        self._end(reason)
        self._writer.transport.abort()

    def _heed(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ConnectionTerminated):
            last = event.last_stream_id or 0
            self._end(f"the server ended the connection ({event.error_code})", after=0 if event.error_code else last)
            return
        answer = self._answers.get(getattr(event, "stream_id", None) or 0)
        if isinstance(event, h2.events.DataReceived) and answer is None:
            self._frames.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self._freed.set()
        if answer is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            answer.begin(list(event.headers or ()))
        elif isinstance(event, h2.events.DataReceived):
            answer.add(event.data or b"", event.flow_controlled_length or 0)
        elif isinstance(event, h2.events.StreamEnded):
            answer.end(None)
        elif isinstance(event, h2.events.StreamReset):
            answer.end(f"the server broke off ({event.error_code})")

    def _end(self, reason: str, after: int = 0) -> None:
        """Nothing more is asked; fetches numbered above `after` are over."""
        self._over = self._over or reason
        self._freed.set()
        for number, answer in list(self._answers.items()):
            if number > after:
                answer.end(reason)

    def _send(self) -> None:
        data = self._frames.data_to_send()
        if data:
            self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            self._writer.transport.abort()


class Answer:
    """One fetch on a connection: its head, then its body piece by piece. `close` it in the end."""

    def __init__(self, connection: Http2, number: int) -> None:
        self._connection, self._number = connection, number
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._came = asyncio.Event()
        self._broken: str | None = None
        self._head: Headers | None = None
        self.ended = False

    @property
    def status(self) -> int:
        value = next((value for name, value in self._head or () if name == b":status"), b"")
        return int(value) if value.isdigit() and len(value) == 3 else 0

    @property
    def headers(self) -> Headers:
        return [(name, value) for name, value in self._head or () if not name.startswith(b":")]

    @property
    def whole(self) -> bool:
        """Whether all of it came and was read."""
        return self.ended and self._broken is None and not self._pieces

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body. Raises CutShort, Silent."""
        while True:
            while self._pieces:
                piece, many = self._pieces.popleft()
                yield piece
                self._connection.read_so_far(self._number, many)
            if self._broken is not None:
                raise CutShort(self._broken)
            if self.ended:
                return
            await self._something()

    async def begun(self) -> None:
        while self._head is None:
            if self.ended:
                raise Broken(self._broken or "no status")
            await self._something()

    def close(self) -> None:
        self._connection.leave(self._number, sum(many for _, many in self._pieces))

    def begin(self, head: Headers) -> None:
        self._head = head
        self._came.set()

    def add(self, piece: bytes, many: int) -> None:
        self._pieces.append((piece, many))
        self._came.set()

    def end(self, broken: str | None) -> None:
        if not self.ended:
            self.ended, self._broken = True, broken
            self._came.set()

    async def _something(self) -> None:
        self._came.clear()
        try:
            async with asyncio.timeout(self._connection.read_timeout_s):
                await self._came.wait()
        except TimeoutError as error:
            raise Silent from error
