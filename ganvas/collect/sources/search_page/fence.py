"""What the page may reach: the hosts it is made of. No other is asked for anything, nor even its name looked up.

Pictures of other hosts are answered here with one pixel, so that a page that shows an original only once it has loaded
goes on; addresses are all that is wanted of them, and the collector asks for those itself, under its own guard.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ganvas.collect.fetch.guard import Guard
from ganvas.collect.fetch.target import PORTS, Refused
from ganvas.collect.sources.search_page.selectors import is_below

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request, Route

ONE_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NEVER_NEEDED = {"media", "font", "manifest", "ping"}


@dataclass
class Fence:
    """`own` is the search page's own host with its port, `hosts` those that it is made of beside it."""

    own: str
    hosts: tuple[str, ...]
    allow_hosts: tuple[str, ...] = ()
    stays: bool = False  # whether the page is where it should be, and may not be led elsewhere
    known: dict[tuple[str, int], bool] = field(default_factory=dict)

    @classmethod
    def of(cls, address: str, hosts: Iterable[str], allow_hosts: Iterable[str] = ()) -> Fence:
        """Around the page at this address. `allow_hosts`: which of `hosts` need not be public."""
        return cls(_host_and_port(address), tuple(hosts), tuple(allow_hosts))

    def flags(self) -> list[str]:
        """The same for the browser's resolver: a redirect never comes by as a request of its own."""
        others = [f"EXCLUDE {name}" for host in self.hosts for name in (host, f"*.{host}")]
        return [f"--host-resolver-rules={', '.join([f'MAP {self.own} {self.own}', *others, 'MAP * ~NOTFOUND'])}"]

    def lets(self, url: str) -> bool:
        """Whether the page may ask this address."""
        try:
            parts = urlsplit(url)
            if parts.scheme not in PORTS:
                return parts.scheme in ("data", "blob")
            host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        except ValueError:
            return False
        return _host_and_port(url) == self.own or (
            any(is_below(host, of) for of in self.hosts) and self._is_public(host, port)
        )

    def _is_public(self, host: str, port: int) -> bool:
        """By the collector's own guard, which waits for names; a thread, because this one has its loop running."""
        if (host, port) not in self.known:
            with ThreadPoolExecutor(1) as thread:
                self.known[host, port] = thread.submit(
                    asyncio.run, _passes(Guard(self.allow_hosts), host, port)
                ).result()
        return self.known[host, port]

    def put_around(self, context: BrowserContext, page: Page) -> None:
        """Answer each request of the page, frames and workers too, before it is sent."""
        context.route("**/*", lambda route, request: self._answer(route, request, page))

    def _answer(self, route: Route, request: Request, page: Page) -> None:
        if not _is_of(request, page):
            route.abort()
        elif self.lets(request.url):
            if self.stays and request.is_navigation_request() and request.frame == page.main_frame:
                route.fulfill(status=204)  # which leaves a page where it is; an abort would not
            elif request.resource_type in NEVER_NEEDED:
                route.abort()
            else:
                route.continue_()
        elif request.is_navigation_request() and request.frame == page.main_frame:
            route.fulfill(status=204)
        elif request.resource_type == "image":
            route.fulfill(status=200, content_type="image/gif", body=ONE_PIXEL)
        else:
            route.abort()


async def _passes(guard: Guard, host: str, port: int) -> bool:
    try:
        await guard.addresses(host, port)
    except Refused:
        return False
    except OSError:  # a name that has no address here may have one behind a proxy
        return True
    finally:
        guard.close()
    return True


def _host_and_port(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or PORTS[parts.scheme]}"


def _is_of(request: Request, page: Page) -> bool:
    """A request of a window that has only just opened belongs to no frame yet."""
    from playwright.sync_api import Error

    try:
        return request.frame.page == page
    except Error:
        return False
