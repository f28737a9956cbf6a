"""HTTPS: HTTP/2 where a host offers it, else HTTP/1.1 through aiohttp.

The first fetch from a host is made on a connection that offers both; so what it speaks is known without a question of
its own. From then on a host with HTTP/2 has one connection for all its fetches, any other has aiohttp's.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from multidict import CIMultiDict

from ganvas.collect.fetch.guard import Guard
from ganvas.collect.fetch.http2 import Answer, Broken, Headers, Http2
from ganvas.collect.fetch.stream import Once, Pair, connect
from ganvas.collect.fetch.target import Target
from ganvas.collect.fetch.tls import HTTP1, HTTP2
from ganvas.collect.fetch.transport import KEPT_FOR_S, Reply, Transport

MOST_KEPT = 128  # connections
MOST_REMEMBERED = 100_000  # hosts whose protocol is known

Place = tuple[str, int]


@dataclass(eq=False)
class _Shared:
    """An HTTP/2 connection and how many fetches are on it. `retired`: it takes no more, and closes with the last."""

    place: Place
    http: Http2
    busy: int = 0
    asked: int = 0
    retired: bool = False
    rest: asyncio.TimerHandle | None = None


class Https:
    """A Transport for https; hosts that speak HTTP/1.1 only go to `http1`."""

    def __init__(
        self, guard: Guard, tls: ssl.SSLContext, http1: Transport, connect_timeout_s: float, read_timeout_s: float
    ) -> None:
        """`tls` offers both protocols."""
        self._guard, self._tls, self._http1 = guard, tls, http1
        self._connect_timeout_s, self._read_timeout_s = connect_timeout_s, read_timeout_s
        self._speaks: dict[Place, str] = {}
        self._open: dict[Place, _Shared] = {}
        self._locks: WeakValueDictionary[Place, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def ask(self, target: Target, headers: Mapping[str, str]) -> AsyncIterator[Reply]:
        way: _Shared | Pair | None
        while (way := await self._way(target)) is not None:
            if not isinstance(way, _Shared):
                async with self._ask_once(way, target, headers) as reply:
                    yield reply
                return
            answer = await self._begin(way, target, headers)
            if answer is None:
                continue
            try:
                yield Reply(answer.status, _headers(answer.headers), answer.pieces())
            finally:
                answer.close()
                self._end(way, sound=answer.whole)
            return
        async with self._http1.ask(target, headers) as reply:
            yield reply

    async def close(self) -> None:
        for shared in list(self._open.values()):
            self._retire(shared)
            shared.http.close()

    async def _way(self, target: Target) -> _Shared | Pair | None:
        """An HTTP/2 connection; a new one that is for one HTTP/1.1 fetch; or None, for aiohttp's."""
        place = (target.host, target.port)
        if self._speaks.get(place) == HTTP1:
            return None
        lock = self._locks.setdefault(place, asyncio.Lock())
        async with lock:  # the first fetch from a host shows what it speaks; others wait for that
            if self._speaks.get(place) == HTTP1:
                return None
            shared = self._open.get(place)
            if shared is not None and not shared.http.available:
                self._retire(shared)
                shared = None
            if shared is None:
                pair = await connect(self._guard, target, self._tls, self._connect_timeout_s)
                if _agreed(pair) != HTTP2:
                    self._remember(place, HTTP1)
                    return pair
                shared = self._share(place, pair)
            shared.busy += 1
            if shared.rest is not None:
                shared.rest.cancel()
            return shared

    async def _begin(self, shared: _Shared, target: Target, headers: Mapping[str, str]) -> Answer | None:
        """The beginning of an answer; None where the connection broke, and another way may do."""
        shared.asked += 1
        is_first = shared.asked == 1
        place = [(":method", "GET"), (":authority", _authority(target)), (":scheme", "https")]
        lines = [*place, (":path", _path(target)), *((name.lower(), value) for name, value in headers.items())]
        try:
            return await shared.http.ask(lines)
        except Broken:
            self._end(shared, sound=False)
            if is_first:  # what it offered, it does not speak; a later one may only have been closed meanwhile
                self._remember(shared.place, HTTP1)
            return None
        except BaseException:
            self._end(shared, sound=False)
            raise

    @asynccontextmanager
    async def _ask_once(self, pair: Pair, target: Target, headers: Mapping[str, str]) -> AsyncIterator[Reply]:
        once = Once(pair, target, self._read_timeout_s)
        try:
            await once.ask(target, [("Host", _authority(target)), ("Connection", "close"), *headers.items()])
            yield Reply(once.status, _headers(once.headers), once.pieces())
        finally:
            once.close()

    def _share(self, place: Place, pair: Pair) -> _Shared:
        self._remember(place, HTTP2)
        idle = [one for one in self._open.values() if one.busy == 0]
        for one in idle[: max(0, len(self._open) - MOST_KEPT)]:
            self._retire(one)
        shared = self._open[place] = _Shared(place, Http2(*pair, self._read_timeout_s))
        return shared

    def _end(self, shared: _Shared, *, sound: bool) -> None:
        shared.busy -= 1
        if shared.retired or not sound:  # a connection on which one fetch broke off may be dead for all
            self._retire(shared)
        elif shared.busy == 0:
            shared.rest = asyncio.get_running_loop().call_later(KEPT_FOR_S, self._retire, shared)

    def _retire(self, shared: _Shared) -> None:
        shared.retired = True
        if self._open.get(shared.place) is shared:
            del self._open[shared.place]
        if shared.rest is not None:
            shared.rest.cancel()
        if shared.busy <= 0:
            shared.http.close()

    def _remember(self, place: Place, speaks: str) -> None:
        if len(self._speaks) >= MOST_REMEMBERED:
            self._speaks.clear()
        self._speaks[place] = speaks


def _agreed(pair: Pair) -> str:
    return pair[1].get_extra_info("ssl_object").selected_alpn_protocol() or HTTP1


def _authority(target: Target) -> str:
    return target.origin.partition("://")[2]


def _path(target: Target) -> str:
    return target.url[len(target.origin) :]


def _headers(lines: Headers) -> CIMultiDict[str]:
    return CIMultiDict((_text(name), _text(value)) for name, value in lines)


def _text(header: bytes) -> str:
    return header.decode("utf-8", "surrogateescape")  # as aiohttp does
