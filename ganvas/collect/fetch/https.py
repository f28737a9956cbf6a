"""HTTPS: HTTP/2 where a host offers it (httpx's own engine, httpcore), else HTTP/1.1 through aiohttp.

The first fetch from a host is made on a connection that offers both; so what it speaks is known without a question of
its own. From then on a host with HTTP/2 has one connection for all its fetches, any other has aiohttp's.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast
from weakref import WeakValueDictionary

import h2.exceptions
import httpcore
from multidict import CIMultiDict

from ganvas.collect.fetch.failures import CutShort
from ganvas.collect.fetch.guard import Guard
from ganvas.collect.fetch.stream import connect, raw
from ganvas.collect.fetch.target import Target
from ganvas.collect.fetch.tls import HTTP1, HTTP2
from ganvas.collect.fetch.transport import KEPT_FOR_S, Reply, Transport

MOST_KEPT = 128  # connections without work
MOST_REMEMBERED = 100_000  # hosts whose protocol is known

Place = tuple[str, int]
# what may be HTTP/2's own fault; a timeout is not
BROKEN = (httpcore.ProtocolError, httpcore.NetworkError, httpcore.ConnectionNotAvailable, h2.exceptions.H2Error)


@dataclass(eq=False)
class _Connection:
    place: Place
    speaks: str
    http: httpcore.AsyncHTTP2Connection | httpcore.AsyncHTTP11Connection
    busy: int = 0
    asked: int = 0
    idle_since: float = 0.0
    retired: bool = False  # takes no new fetch, and closes when its last one ends


class Https:
    """A Transport for https; what is HTTP/1.1 goes to `http1`."""

    def __init__(
        self, guard: Guard, tls: ssl.SSLContext, http1: Transport, connect_timeout_s: float, read_timeout_s: float
    ) -> None:
        """`tls` offers both protocols."""
        self._guard, self._tls, self._http1 = guard, tls, http1
        self._connect_timeout_s = connect_timeout_s
        self._extensions = {"timeout": {"read": read_timeout_s, "write": read_timeout_s}}
        self._speaks: dict[Place, str] = {}
        self._open: dict[Place, _Connection] = {}
        self._locks: WeakValueDictionary[Place, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def ask(self, target: Target, headers: Mapping[str, str]) -> AsyncIterator[Reply]:
        begun = None
        if self._speaks.get((target.host, target.port)) != HTTP1:
            begun = await self._begin(target, headers)
        if begun is None:
            async with self._http1.ask(target, headers) as reply:
                yield reply
            return
        connection, response = begun
        whole = _Whole(response)
        try:
            yield Reply(response.status, _headers(response), whole.pieces(), connection.speaks)
        finally:
            # what still comes of a body that nobody wants would fill the window that all fetches share
            await self._end(connection, sound=whole.ended)
            await whole.close()

    async def close(self) -> None:
        for connection in list(self._open.values()):
            await self._retire(connection, at_once=True)

    async def _begin(self, target: Target, headers: Mapping[str, str]) -> tuple[_Connection, httpcore.Response] | None:
        """A connection and the beginning of its answer; None where the host is to be asked by HTTP/1.1."""
        request = httpcore.Request(
            b"GET",
            target.url.encode("ascii"),
            headers=raw([("Host", target.origin.partition("://")[2]), *headers.items()]),
            extensions=self._extensions,
        )
        while (connection := await self._connection(target)) is not None:
            known_good = connection.asked > 0
            connection.asked += 1
            try:
                return connection, await connection.http.handle_async_request(request)
            except BROKEN:
                await self._end(connection, sound=False)
                if known_good:
                    continue  # closed since it was last used, or too old: a new one will tell
                if connection.speaks == HTTP1:
                    raise
                self._remember(connection.place, HTTP1)
            except BaseException:
                await self._end(connection, sound=False)
                raise
        return None

    async def _connection(self, target: Target) -> _Connection | None:
        place = (target.host, target.port)
        lock = self._locks.setdefault(place, asyncio.Lock())
        async with lock:  # the first fetch from a host shows what it speaks; others wait for that
            if self._speaks.get(place) == HTTP1:
                return None
            connection = self._open.get(place)
            if connection is not None and not connection.http.is_available():
                await self._retire(connection)
                connection = None
            if connection is None:
                connection = await self._connect(target, place)
            connection.busy += 1
            return connection

    async def _connect(self, target: Target, place: Place) -> _Connection:
        await self._close_idle()
        stream = await connect(self._guard, target, self._tls, self._connect_timeout_s)
        origin = httpcore.Origin(b"https", target.host.encode("ascii"), target.port)
        speaks = stream.protocol
        self._remember(place, speaks)
        if speaks == HTTP2:
            connection = _Connection(place, speaks, httpcore.AsyncHTTP2Connection(origin, stream))
            self._open[place] = connection
        else:
            connection = _Connection(place, speaks, httpcore.AsyncHTTP11Connection(origin, stream), retired=True)
        return connection

    async def _end(self, connection: _Connection, *, sound: bool) -> None:
        connection.busy -= 1
        connection.idle_since = time.monotonic()
        if connection.retired or not sound:
            await self._retire(connection)

    async def _retire(self, connection: _Connection, *, at_once: bool = False) -> None:
        connection.retired = True
        if self._open.get(connection.place) is connection:
            del self._open[connection.place]
        if connection.busy <= 0 or at_once:
            await _close(connection.http)

    async def _close_idle(self) -> None:
        idle = sorted((one for one in self._open.values() if one.busy == 0), key=lambda one: one.idle_since)
        long_ago = time.monotonic() - KEPT_FOR_S
        for place, one in enumerate(idle):
            if one.idle_since < long_ago or len(idle) - place > MOST_KEPT:
                await self._retire(one)

    def _remember(self, place: Place, speaks: str) -> None:
        if len(self._speaks) >= MOST_REMEMBERED:
            self._speaks.clear()
        self._speaks[place] = speaks


class _Whole:
    """A response's body, and whether it came to its end."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self.ended = False

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            async for piece in cast(AsyncIterable[bytes], self._response.stream):
                yield piece
        except (httpcore.ProtocolError, httpcore.NetworkError, h2.exceptions.H2Error) as error:
            raise CutShort(str(error) or type(error).__name__) from error
        self.ended = True

    async def close(self) -> None:
        with suppress(*BROKEN):
            await self._response.aclose()


def _headers(response: httpcore.Response) -> CIMultiDict[str]:
    return CIMultiDict((_text(name), _text(value)) for name, value in response.headers)


def _text(header: bytes) -> str:
    return header.decode("utf-8", "surrogateescape")  # as aiohttp does


async def _close(http: httpcore.AsyncHTTP2Connection | httpcore.AsyncHTTP11Connection) -> None:
    with suppress(*BROKEN):  # it is closed already
        await http.aclose()
