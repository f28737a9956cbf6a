"""A connection for httpcore that the guard made: `await connect(guard, target, tls, timeout_s)`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any

import aiohappyeyeballs
import httpcore

from ganvas.collect.fetch.guard import Guard, addr_infos
from ganvas.collect.fetch.target import Target
from ganvas.collect.fetch.tls import HTTP1

NEXT_ADDRESS_AFTER_S = 0.25  # RFC 8305


async def connect(guard: Guard, target: Target, tls: ssl.SSLContext, timeout_s: float) -> Stream:
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
        reader, writer = await asyncio.open_connection(sock=connected, ssl=tls, server_hostname=target.host)
        return Stream(reader, writer)


class Stream(httpcore.AsyncNetworkStream):
    """asyncio's streams as httpcore wants them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def protocol(self) -> str:
        """What was agreed on (ALPN)."""
        return self._writer.get_extra_info("ssl_object").selected_alpn_protocol() or HTTP1

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
        self._writer.transport.abort()  # a farewell could wait for a server that never answers

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError("TLS is there already")

    def get_extra_info(self, info: str) -> Any:
        return self._writer.get_extra_info({"server_addr": "peername", "client_addr": "sockname"}.get(info, info))


def raw(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Headers as httpcore takes them."""
    return [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers]
