"""Fetching one address: `async with Fetcher(settings) as fetcher: outcome = await fetcher.get(url)`."""

from __future__ import annotations

import asyncio
import datetime as dt
import string
import time
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin

from ganvas.catalog.wanted import host_of
from ganvas.collect.fetch import robots as robots_txt
from ganvas.collect.fetch.body import read_body
from ganvas.collect.fetch.failures import Stop, failed_by, failed_with, one_line
from ganvas.collect.fetch.guard import Guard, Resolve
from ganvas.collect.fetch.http1 import Http1
from ganvas.collect.fetch.https import Https
from ganvas.collect.fetch.opt_outs import opted_out
from ganvas.collect.fetch.outcome import Failed, Fetched, Moved
from ganvas.collect.fetch.target import Refused, Target, target_of
from ganvas.collect.fetch.tls import HTTP1, HTTP2, Trust, offering, trusted
from ganvas.collect.fetch.transport import Reply, Transport
from ganvas.collect_settings import CollectSettings
from ganvas.errors import SettingsError
from ganvas.version import __version__

MOST_REDIRECTS = 5
REDIRECTS = frozenset((301, 302, 303, 307, 308))
SAID_BYTES = 16 * 1024  # of the body of a 4xx: what an API says of what it has not
SAID_S = 1.0


class Fetcher:
    """Addresses checked and pinned, redirects too, bytes and time capped, robots.txt and opt-outs honoured."""

    def __init__(self, settings: CollectSettings, *, trust: Trust = trusted, resolve: Resolve | None = None) -> None:
        """`trust` makes the TLS contexts, `resolve` stands in for the system's names. Raises SettingsError."""
        self.settings = settings
        self._trust = trust
        self._guard = Guard(settings.allow_hosts, resolve)
        self._headers = {"User-Agent": user_agent(settings), "Accept": "*/*", "Accept-Encoding": "identity"}
        self._agent = self._headers["User-Agent"].partition("/")[0].partition(" ")[0].lower()
        self._robots = robots_txt.Robots(self._robots_txt, self._agent, settings.pause_s)
        self._by_scheme: dict[str, Transport] = {}

    async def __aenter__(self) -> Self:
        self._by_scheme["http"] = Http1(self._guard, partial(offering, self._trust, [HTTP1]), *self._caps)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._robots.close()
        self._guard.close()
        for transport in self._by_scheme.values():
            await transport.close()
        await asyncio.sleep(0)  # connections close in the loop's next turn

    async def get(
        self,
        url: str | Moved,
        *,
        etag: str | None = None,
        modified: str | None = None,
        robots: bool = True,
        over_hosts: bool = False,
    ) -> Fetched | Failed | Moved:
        """The answer to a GET, never an exception for whatever a server does. Status 2xx or 304, or Failed.

        Redirects are followed within a host. Where one leads to another, Moved: given in place of an address, it goes
        on there, when it is that host's turn; with `over_hosts` it is followed, too.
        With `etag` or `modified`, an unchanged answer is Fetched with status 304 and no body. `robots`: whether
        robots.txt and X-Robots-Tag, which are for crawlers, are heard (only where the settings honour them at all).
        """
        headers = self._headers
        if etag or modified:
            headers = headers | _conditions(etag, modified)
        return await self._get(_Fetch(url, headers, robots, self.settings.max_bytes, over_hosts=over_hosts))

    def crawl_delay_s(self, url: str) -> float | None:
        """What the robots.txt of an address's host asks to be left between two fetches, where it has been read."""
        try:
            return self._robots.crawl_delay_s(target_of(url).origin)
        except Refused:
            return None

    async def _robots_txt(self, url: str) -> Fetched | Failed:
        fetch = _Fetch(url, self._headers, False, robots_txt.MOST_BYTES, cut=True, over_hosts=True)
        outcome = await self._get(fetch)
        assert not isinstance(outcome, Moved)
        return outcome

    async def _get(self, fetch: _Fetch) -> Fetched | Failed | Moved:
        try:
            async with asyncio.timeout(self.settings.timeout_s) as limit:
                return await self._follow(fetch)
        except Exception as error:
            failed = failed_by(error)
            if failed.error == "timeout" and limit.expired():
                failed = Failed("timeout", f"not done in {self.settings.timeout_s:g} s")
            return fetch.failed(failed)

    async def _follow(self, fetch: _Fetch) -> Fetched | Failed | Moved:
        before = None
        while len(fetch.asked) <= MOST_REDIRECTS:
            target = target_of(fetch.at)
            self._guard.check(target)
            fetch.at = target.url
            if target.url in fetch.asked:
                return fetch.failed(Failed("redirects", "in a circle"))
            if before is not None and not fetch.over_hosts and host_of(target.url) != host_of(before):
                return fetch.moved()
            before = target.url
            fetch.asked.add(target.url)
            if fetch.robots and self.settings.robots:
                against = await self._robots.why_not(target)
                if against is not None:
                    return fetch.failed(against)
            answer = await self._ask(fetch, target)
            if not isinstance(answer, str):
                return answer
            fetch.at = answer
        return fetch.failed(Failed("redirects", f"more than {MOST_REDIRECTS}"))

    async def _ask(self, fetch: _Fetch, target: Target) -> Fetched | Failed | str:
        """What an address answers, or where it sends one."""
        async with self._transport(target.scheme).ask(target, fetch.headers) as reply:
            if reply.status in REDIRECTS:
                return _next_address(target, reply)
            if reply.status == 304 and fetch.conditional:
                return fetch.done(reply, None)
            if not 200 <= reply.status < 300:
                return fetch.failed(await _what_it_said(reply))
            if reply.status == 206:
                return fetch.failed(Failed("protocol", "206, a part, though all was asked for", 206))
            if fetch.robots and self.settings.opt_outs and "X-Robots-Tag" in reply.headers:
                self._heed(reply)
            _check_length(reply, fetch)
            encoding = reply.headers.get("Content-Encoding")
            return fetch.done(reply, await read_body(reply.pieces, encoding, fetch.most_bytes, cut=fetch.cut))

    def _transport(self, scheme: str) -> Transport:
        if scheme not in self._by_scheme:  # https: what authorities are trusted takes a while to read
            tls = offering(self._trust, [HTTP2, HTTP1])
            self._by_scheme[scheme] = Https(self._guard, tls, self._by_scheme["http"], *self._caps)
        return self._by_scheme[scheme]

    @property
    def _caps(self) -> tuple[float, float]:
        return self.settings.connect_timeout_s, self.settings.read_timeout_s

    def _heed(self, reply: Reply) -> None:
        directive = opted_out(reply.headers.getall("X-Robots-Tag"), self._agent, dt.datetime.now(dt.UTC))
        if directive is not None:
            raise Stop(Failed("opt-out", f"X-Robots-Tag: {directive}", reply.status))


class _Fetch:
    """One fetch under way: where it is by now, and what it ends with."""

    def __init__(
        self,
        start: str | Moved,
        headers: dict[str, str],
        robots: bool,
        most_bytes: int,
        *,
        cut: bool = False,
        over_hosts: bool = False,
    ) -> None:
        moved = Moved(start, start) if isinstance(start, str) else start
        self.url, self.at, self.asked = moved.url, moved.to, set(moved.asked)
        self.earlier_s = moved.seconds + moved.earlier_s
        self.headers, self.robots, self.most_bytes, self.cut = headers, robots, most_bytes, cut
        self.over_hosts = over_hosts
        self.begun = time.perf_counter()

    @property
    def conditional(self) -> bool:
        return "If-None-Match" in self.headers or "If-Modified-Since" in self.headers

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.begun

    def done(self, reply: Reply, body: bytes | None) -> Fetched:
        def said(name: str) -> str | None:
            value = reply.headers.get(name)
            return value if value and value.isprintable() else None  # what no row could hold is not worth keeping

        return Fetched(
            self.url,
            self.at,
            reply.status,
            body,
            said("Content-Type"),
            said("ETag"),
            said("Last-Modified"),
            self.seconds,
            self.earlier_s,
        )

    def moved(self) -> Moved:
        return Moved(self.url, self.at, frozenset(self.asked), self.seconds, self.earlier_s)

    def failed(self, failed: Failed) -> Failed:
        at = self.at.encode("utf-8", "replace").decode("utf-8")
        return replace(failed, reason=one_line(failed.reason), final_url=at)


def user_agent(settings: CollectSettings) -> str:
    """Who asks: the setting, or ganvas with its version and whom to turn to."""
    whom = f"+{settings.contact}" if settings.contact else "collects pictures for a person"
    agent = settings.user_agent or f"ganvas/{__version__} ({whom})"
    if not (agent.isascii() and agent.isprintable()):
        raise SettingsError("collect.user_agent and collect.contact go into a header: plain ASCII on one line, please")
    return agent


def _conditions(etag: str | None, modified: str | None) -> dict[str, str]:
    given = {"If-None-Match": etag, "If-Modified-Since": modified}
    return {name: value for name, value in given.items() if value and value.isprintable()}


def _next_address(target: Target, reply: Reply) -> str:
    location = reply.headers.get("Location", "").strip()
    if not location:
        raise Stop(Failed("redirects", f"{reply.status} to nowhere", reply.status))
    if not location.isprintable():  # bytes that are no UTF-8: they stay what they are
        location = quote(location.encode("utf-8", "surrogateescape"), safe=string.printable)
    try:
        return urljoin(target.url, location)
    except ValueError as error:
        raise Stop(Failed("redirects", f"{reply.status} to what is no address", reply.status)) from error


def _check_length(reply: Reply, fetch: _Fetch) -> None:
    length = reply.headers.get("Content-Length", "")
    if length.isdigit() and len(length) < 20 and int(length) > fetch.most_bytes and not fetch.cut:
        reason = f"{int(length):,} bytes, more than {fetch.most_bytes:,}"
        raise Stop(Failed("too-large", reason, reply.status))


async def _what_it_said(reply: Reply) -> Failed:
    failed = failed_with(reply.status, reply.headers.get("Retry-After"), dt.datetime.now(dt.UTC))
    if not 400 <= reply.status < 500:
        return failed
    try:
        async with asyncio.timeout(SAID_S):
            body = await read_body(reply.pieces, reply.headers.get("Content-Encoding"), SAID_BYTES, cut=True)
    except Exception:  # the status is what counts
        return failed
    return replace(failed, body=body)
