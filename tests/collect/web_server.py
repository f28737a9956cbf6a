"""A web server on loopback for tests, which answers as it is told and misbehaves as it is told.

    with WebServer() as server:
        server.answers("/a.jpg", picture, content_type="image/jpeg")
        server.does("/b.jpg", function)          # async function(asked, writer): every byte is its own
        server.url("/a.jpg"); server.asked       # what came, in order

It lives in a thread with a loop of its own, so tests and the code under test may block.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self

import h2.config
import h2.connection
import h2.events


@dataclass(frozen=True)
class Asked:
    """A request: names of headers are lower-case; `connection` counts connections from 1."""

    path: str
    headers: dict[str, str]
    connection: int
    http: str = "1.1"


Behaviour = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Said:
    """An answer in whole."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class WebServer:
    """Speaks HTTP/1.1, and HTTP/2 where `tls` offers it. What it knows nothing of is 404."""

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.asked: list[Asked] = []
        self.connections = self.open = 0
        self.host, self._tls = host, tls
        self._answers: dict[str, Said | Behaviour | None] = {}
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def url(self, path: str, host: str | None = None) -> str:
        return f"{'https' if self._tls else 'http'}://{host or self.host}:{self.port}{path}"

    def answers(
        self,
        path: str,
        body: bytes = b"",
        status: int = 200,
        content_type: str | None = None,
        headers: Mapping[str, str] | list[tuple[str, str]] = (),
    ) -> None:
        """`path` without what follows a "?"."""
        lines = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        if content_type:
            lines.append(("Content-Type", content_type))
        self._answers[path] = Said(status, lines, body)

    def does(self, path: str, behaviour: Behaviour) -> None:
        self._answers[path] = behaviour

    def leaves(self, path: str) -> None:
        """Never answers this path, and goes on with others on the same connection (HTTP/2)."""
        self._answers[path] = None

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def found(self, asked: Asked) -> Said | Behaviour | None:
        self.asked.append(asked)
        return self._answers.get(asked.path.partition("?")[0], Said(404, [], b"nothing here"))

    async def _serve(self) -> None:
        self._loop, self._end, self._under_way = asyncio.get_running_loop(), asyncio.Event(), set()
        server = await asyncio.start_server(self._connected, self.host, 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._under_way.add(asyncio.current_task())
        self.connections += 1
        self.open += 1
        number = self.connections
        agreed = self._tls and writer.get_extra_info("ssl_object").selected_alpn_protocol()
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await (_http2 if agreed == "h2" else _http1)(self, reader, writer, number)
        finally:
            self.open -= 1
            writer.transport.abort()
            self._under_way.discard(asyncio.current_task())


async def _http1(server: WebServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        asked = Asked(head[0].split(" ")[1], {name.lower(): value for name, value in headers.items()}, number)
        found = server.found(asked)
        if isinstance(found, Said):
            writer.write(whole(found.status, found.headers, found.body))
            await writer.drain()
        else:
            await found(asked, writer)
            await writer.drain()
            if getattr(found, "ends", True):
                return


async def _http2(server: WebServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
    """Whole answers only; a behaviour is given the connection as it is, and ends it."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    writer.write(connection.data_to_send())
    while data := await reader.read(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers = {name.decode(): value.decode() for name, value in event.headers}
                found = server.found(Asked(headers[":path"], headers, number, "2"))
                if found is None:
                    continue
                if not isinstance(found, Said):
                    await found(Asked(headers[":path"], headers, number, "2"), writer)
                    return
                lines = [(":status", str(found.status)), *((name.lower(), value) for name, value in found.headers)]
                connection.send_headers(event.stream_id, lines)
                connection.send_data(event.stream_id, found.body[:16000], end_stream=True)
        writer.write(connection.data_to_send())
        await writer.drain()


def whole(status: int, headers: list[tuple[str, str]], body: bytes) -> bytes:
    """The bytes of an answer, its length added unless it is given."""
    lines = [f"HTTP/1.1 {status} Said"]
    lines += [f"{name}: {value}" for name, value in headers]
    if status >= 200 and status != 304 and not any(name.lower() == "content-length" for name, _ in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def says(*pieces: bytes, every_s: float = 0.0, then_hangs: bool = False) -> Behaviour:
    """These bytes, one after the other, and the end of the connection, or silence."""

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if every_s:
                await asyncio.sleep(every_s)
        if then_hangs:
            await asyncio.Event().wait()
        writer.write_eof() if writer.can_write_eof() else None

    return behave


def endless(head: bytes, piece: bytes, every_s: float = 0.0) -> Behaviour:
    """A beginning, and the same piece without end."""

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_s)

    return behave


async def resets(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """The connection broken off in the middle of an answer."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbeginning")
    await writer.drain()
    writer.transport.abort()
