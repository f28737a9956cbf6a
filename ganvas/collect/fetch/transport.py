"""What speaks HTTP: a `Transport` asks one target once, and hands over a `Reply` whose body is still to come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from multidict import CIMultiDict, CIMultiDictProxy

from ganvas.collect.fetch.target import Target

KEPT_FOR_S = 15.0  # connections without work
MOST_SOCKETS = 512  # beyond these, none is kept for later: a list of many hosts asks most of them once


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and headers; `pieces` is the body as it was sent, compressed where the server compressed it."""

    status: int
    headers: CIMultiDict[str] | CIMultiDictProxy[str]
    pieces: AsyncIterator[bytes]


class Transport(Protocol):
    """Connects only where the guard lets it; follows no redirect, keeps no cookie, heeds no proxy settings."""

    def ask(self, target: Target, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Reply]: ...

    async def close(self) -> None: ...
