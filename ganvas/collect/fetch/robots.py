"""robots.txt, asked once a host: `await Robots(fetch, agent).why_not(target)`. After RFC 9309."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from protego import Protego

from ganvas.collect.fetch.outcome import ERRORS, Failed, Fetched
from ganvas.collect.fetch.target import Target

MOST_BYTES = 500 * 1024  # what of it must be read; the rest is not
GOOD_FOR_S = 24 * 3600.0
MOST_HOSTS = 20_000
LONGEST_DELAY_S = 60.0


@dataclass(frozen=True)
class _Rules:
    """`none`: there is no robots.txt, or it could not be had for now (`failed`)."""

    file: Protego | None
    failed: Failed | None
    until: float


class Robots:
    """Rules by origin, as fetched with `fetch` (at most MOST_BYTES of it, redirects followed, no rules asked)."""

    def __init__(self, fetch: Callable[[str], Awaitable[Fetched | Failed]], agent: str, pause_s: float) -> None:
        """`pause_s`: after how long a host is asked again whose robots.txt could not be had."""
        self._fetch = fetch
        self._agent = agent
        self._pause_s = pause_s
        self._rules: OrderedDict[str, _Rules] = OrderedDict()
        self._asking: dict[str, asyncio.Task[_Rules]] = {}

    async def why_not(self, target: Target) -> Failed | None:
        """What stands against asking; None where nothing does.

        Where robots.txt could not be had, `retry_after_s` is when it is asked again: no try before that could succeed.
        """
        rules = self._rules.get(target.origin)
        if rules is None or rules.until <= time.monotonic():
            rules = await self._ask(target.origin)
        if rules.failed is not None:
            return replace(rules.failed, retry_after_s=max(rules.until - time.monotonic(), 0.0))
        if rules.file is None or rules.file.can_fetch(target.url, self._agent):
            return None
        return Failed("robots", f"robots.txt of {target.host} asks {self._agent} to leave this out")

    def crawl_delay_s(self, origin: str) -> float | None:
        """What a host's robots.txt, where it is known, asks to be left between two fetches."""
        rules = self._rules.get(origin)
        delay = rules.file.crawl_delay(self._agent) if rules and rules.file else None
        return min(delay, LONGEST_DELAY_S) if delay else None

    def close(self) -> None:
        for task in self._asking.values():
            task.cancel()

    async def _ask(self, origin: str) -> _Rules:
        task = self._asking.get(origin)
        if task is None:
            task = self._asking[origin] = asyncio.create_task(self._read(origin))
            task.add_done_callback(lambda _: self._asking.pop(origin, None))
        return await asyncio.shield(task)  # others wait for the same file

    async def _read(self, origin: str) -> _Rules:
        rules = _rules(await self._fetch(f"{origin}/robots.txt"), self._pause_s)
        self._rules[origin] = rules
        self._rules.move_to_end(origin)
        if len(self._rules) > MOST_HOSTS:
            self._rules.popitem(last=False)
        return rules


def _rules(answer: Fetched | Failed, pause_s: float) -> _Rules:
    now = time.monotonic()
    if isinstance(answer, Fetched):
        return _Rules(_parsed(answer.body or b""), None, now + GOOD_FOR_S)
    if _says_there_is_none(answer):
        return _Rules(None, None, now + GOOD_FOR_S)
    wait = max(answer.retry_after_s or 0.0, pause_s)
    return _Rules(None, replace(answer, reason=f"robots.txt: {answer.reason}", body=None), now + wait)


def _says_there_is_none(answer: Failed) -> bool:
    # RFC 9309, 2.3.1.2 and 2.3.1.3: 4xx, or no end of redirects, is "no rules"; "too many requests" is no such answer.
    # A certificate that is not trusted, or no HTTP at all, is the host's own matter, and its pictures' as well.
    if answer.status is not None and 400 <= answer.status < 500:
        return not ERRORS[answer.error].passes or answer.status == 403
    return answer.error in ("redirects", "address")


def _parsed(body: bytes) -> Protego | None:
    text = body.decode("utf-8-sig", "replace").replace("\x00", "")
    if not text.strip() or text.lstrip()[:1] == "<":
        return None  # a web page in its place says nothing
    return Protego.parse(text)
