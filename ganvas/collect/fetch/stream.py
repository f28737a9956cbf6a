"""A TLS connection that the guard made, and one HTTP/1.1 fetch over it: `await connect(…)`, `await ask_once(…)`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any

import aiohappyeyeballs
import httpcore

from ganvas.collect.fetch.failures import CutShort
from ganvas.collect.fetch.guard import Guard, addr_infos
from ganvas.collect.fetch.target import Target

NEXT_ADDRESS_AFTER_S = 0.25  # RFC 8305

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(guard: Guard, target: Target, tls: ssl.SSLContext, timeout_s: float) -> Pair:
    """TCP and TLS to one of the addresses that were checked. Raises Refused, OSError, ssl.SSLError, TimeoutError."""
    async with asyncio.timeout(timeout_s):
        if target.address is not None:
            addresses = [str(target.address)]
        else:
            addresses = await guard.addresses(target.host, target.port)
        connected = await aiohappyeyeballs.start_connection(
            addr_infos(addresses, target.port),
            happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S,
            socket_factory=guard.socket,
        )
        return await asyncio.open_connection(sock=connected, ssl=tls, server_hostname=target.host)


class Once:
    """One HTTP/1.1 fetch over a connection, by httpx's engine; then it is closed."""

    def __init__(self, pair: Pair, target: Target, read_timeout_s: float) -> None:
        origin = httpcore.Origin(b"https", target.host.encode("ascii"), target.port)
        self._stream = _Stream(*pair)
        self._http = httpcore.AsyncHTTP11Connection(origin, self._stream)
        self._timeouts = {"timeout": {"read": read_timeout_s, "write": read_timeout_s}}
        self._response = httpcore.Response(0)

    async def ask(self, target: Target, headers: Iterable[tuple[str, str]]) -> None:
        """Raises httpcore's exceptions."""
        request = httpcore.Request(
            b"GET",
            target.url.encode("ascii"),
            headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in headers],
            extensions=self._timeouts,
        )
        self._response = await self._http.handle_async_request(request)

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return self._response.headers

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body. Raises CutShort, httpcore.ReadTimeout."""
        try:
            async for piece in self._response.aiter_stream():
                yield piece
        except (httpcore.ProtocolError, httpcore.NetworkError) as error:
            raise CutShort(str(error) or type(error).__name__) from error

    def close(self) -> None:
        self._stream.abort()


class _Stream(httpcore.AsyncNetworkStream):
    """asyncio's streams as httpcore wants them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout("silent") from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout("does not take what is sent") from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self.abort()

    def abort(self) -> None:
        self._writer.transport.abort()  # a farewell could wait for a server that never answers

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError("TLS is there already")

    def get_extra_info(self, info: str) -> Any:
        return self._writer.get_extra_info({"server_addr": "peername", "client_addr": "sockname"}.get(info, info))
