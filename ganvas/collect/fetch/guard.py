"""Where a fetch may go: `Guard(allow_hosts)` checks every address and every connection, and pins names to addresses.

A name is resolved once, all that it resolves to is checked, and the connection goes to what was checked: asking the
name again, as a client does by itself, would let it answer differently the second time.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network
from typing import Any

from ganvas.collect.fetch.addresses import METADATA, METADATA_NAMES, Address, Network, plain, why_not_public
from ganvas.collect.fetch.target import Refused, Target, host_of_name
from ganvas.errors import SettingsError

Resolve = Callable[[str], Awaitable[list[str]]]

KNOWN_FOR_S = 60.0  # resolved names; connections are kept longer than this anyway
MOST_KNOWN = 20_000
LOOKUPS = 32  # names resolved at the same time: a slow name server must not hold up the rest

# What listens there speaks another protocol and may be made to act by a line of text: mail, shells, printers, chat,
# databases. After the "bad ports" of the Fetch standard.
OTHER_SERVICES = frozenset(
    (1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110)
    + (111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531)
    + (532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3306, 3659, 4045, 4190)
    + (5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211)
)


class Guard:
    """Checks and pins. `allow_hosts`: names, addresses or networks, with a port or without, that a person opened."""

    def __init__(self, allow_hosts: Iterable[str] = (), resolve: Resolve | None = None) -> None:
        """`resolve` stands in for the system's. Raises SettingsError for what is neither host, address nor network."""
        self._allowed = _Allowed(allow_hosts)
        self._threads: ThreadPoolExecutor | None = None
        self._resolve = resolve or self._ask_system
        self._known: dict[tuple[str, int], tuple[float, list[str]]] = {}
        self._asking: dict[tuple[str, int], asyncio.Task[list[str]]] = {}
        self._vetted: set[tuple[Address, int]] = set()  # not public, but of a name that is allowed

    def check(self, target: Target) -> None:
        """Raises Refused where the address itself says that it is not to be asked: no name is resolved for this."""
        named = self._allowed.name(target.host, target.port)
        if target.host in METADATA_NAMES and not named:
            raise Refused(f"{target.host} is {METADATA}")
        if target.address is not None:
            self._check_address(target.address, target.port, target.host)
        elif target.port in OTHER_SERVICES and not named:
            raise Refused(f"port {target.port} is another service's")

    async def addresses(self, host: str, port: int) -> list[str]:
        """What of a name's addresses may be asked. Raises Refused where none may, OSError where it has none."""
        known = self._known.get((host, port))
        if known and known[0] > time.monotonic():
            return known[1]
        task = self._asking.get((host, port))
        if task is None:
            task = self._asking[host, port] = asyncio.create_task(self._look_up(host, port))
            task.add_done_callback(lambda done: self._looked_up(host, port, done))
        return await asyncio.shield(task)  # others may wait for the same answer

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for an addrinfo, whose address is checked once more. Raises Refused."""
        family, kind, protocol, _, where = info
        address, port = ip_address(where[0]), int(where[1])
        if (plain(address), port) not in self._vetted:
            self._check_address(address, port, where[0])
        return socket.socket(family, kind, protocol)

    def close(self) -> None:
        """Ask no more names."""
        for task in self._asking.values():
            task.cancel()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _check_address(self, address: Address, port: int, host: str) -> None:
        if self._allowed.address(address, port):
            return
        words = why_not_public(address)
        if words is not None:
            raise Refused(f"{host} is not public: {words}; --allow-host opens it")
        if port in OTHER_SERVICES:
            raise Refused(f"port {port} is another service's")

    async def _look_up(self, host: str, port: int) -> list[str]:
        named = self._allowed.name(host, port)
        usable, reason = [], None
        for text in dict.fromkeys(await self._resolve(host)):
            address = ip_address(text)
            try:
                self._check_address(address, port, f"{host} ({text})")
            except Refused as refused:
                reason = refused
                if not named or why_not_public(address) == METADATA:
                    continue
                self._vetted.add((plain(address), port))
            usable.append(text)
        if not usable:
            raise reason or socket.gaierror(socket.EAI_NONAME, "no address")
        return usable

    def _looked_up(self, host: str, port: int, task: asyncio.Task[list[str]]) -> None:
        del self._asking[host, port]
        if not task.cancelled() and task.exception() is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[host, port] = (time.monotonic() + KNOWN_FOR_S, task.result())

    async def _ask_system(self, host: str) -> list[str]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="names")
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, socket.getaddrinfo, host, None, 0, socket.SOCK_STREAM)
        return [str(where[0]) for _, _, _, _, where in found if "%" not in str(where[0])]


class _Allowed:
    """What a person opened, each entry with the port it is for, or any."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._names: set[tuple[str, int | None]] = set()
        self._networks: list[tuple[Network, int | None]] = []
        for entry in entries:
            self._add(entry)

    def _add(self, entry: str) -> None:
        text, port = _without_port(entry.strip())
        try:
            self._networks.append((ip_network(text, strict=False), port))
            return
        except ValueError:
            pass
        try:
            host, _ = host_of_name(text)
        except Refused as error:
            raise SettingsError(
                f"allow_hosts: {entry!r} is no host, host:port, address or network (such as 10.0.0.0/8)"
            ) from error
        self._names.add((host, port))

    def name(self, host: str, port: int) -> bool:
        return (host, port) in self._names or (host, None) in self._names

    def address(self, address: Address, port: int) -> bool:
        """Whether an address is open. A metadata service is only where it is named alone, not by a network."""
        address = plain(address)
        alone = why_not_public(address) == METADATA
        return any(
            address.version == network.version
            and address in network
            and allowed_port in (None, port)
            and (network.num_addresses == 1 or not alone)
            for network, allowed_port in self._networks
        )


def _without_port(entry: str) -> tuple[str, int | None]:
    bracketed = re.fullmatch(r"\[(.+)\](?::([0-9]{1,5}))?", entry)
    plain_host = re.fullmatch(r"([^:]+):([0-9]{1,5})", entry)
    match = bracketed or plain_host
    if match is None:
        return entry, None
    return match[1], int(match[2]) if match[2] else None


def addr_infos(addresses: Iterable[str], port: int) -> list[tuple[Any, ...]]:
    """What connects to these addresses, as getaddrinfo would say it."""
    infos: list[tuple[Any, ...]] = []
    for text in addresses:
        six = ":" in text
        where = (text, port, 0, 0) if six else (text, port)
        family = socket.AF_INET6 if six else socket.AF_INET
        infos.append((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where))
    return infos
