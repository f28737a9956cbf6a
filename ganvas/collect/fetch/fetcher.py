"""Fetching one address: `async with Fetcher(settings) as fetcher: outcome = await fetcher.get(url)`."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from ganvas.collect.fetch.outcome import Failed, Fetched
from ganvas.collect_settings import CollectSettings


class Fetcher:
    """Addresses checked and pinned, redirects too, bytes and time capped, robots.txt and opt-outs honoured."""

    def __init__(self, settings: CollectSettings) -> None:
        self.settings = settings

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def get(
        self, url: str, *, etag: str | None = None, modified: str | None = None, robots: bool = True
    ) -> Fetched | Failed:
        """The answer to a GET, never an exception for whatever a server does. Status 2xx or 304, or Failed.

        With `etag` or `modified`, an unchanged answer is Fetched with status 304 and no body. `robots`: whether
        robots.txt is asked (only where the settings honour it at all).
        """
        raise NotImplementedError
