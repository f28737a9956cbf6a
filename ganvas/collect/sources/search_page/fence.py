"""What the page may reach: the hosts it is made of. No other is asked for anything, nor even its name looked up.

Pictures of other hosts are answered here with one pixel, so that a page that shows an original only once it has loaded
goes on; addresses are all that is wanted of them, and the collector asks for those itself, under its own guard.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ganvas.collect.sources.search_page.selectors import is_below

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request, Route

ONE_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NEVER_NEEDED = {"media", "font", "manifest", "ping"}


@dataclass
class Fence:
    """`netloc` is the search page's own host with its port, `hosts` those that it is made of beside it."""

    netloc: str
    hosts: tuple[str, ...] = ()
    stays: bool = False  # whether the page is where it should be, and may not be led elsewhere

    def flags(self) -> list[str]:
        """The same for the browser's resolver: a redirect never comes by as a request of its own."""
        own = f"MAP {self.netloc} {self.netloc}" if ":" in self.netloc else f"EXCLUDE {self.netloc}"
        others = [f"EXCLUDE {name}" for host in self.hosts for name in (host, f"*.{host}")]
        return [f"--host-resolver-rules={', '.join([own, *others, 'MAP * ~NOTFOUND'])}"]

    def lets(self, url: str) -> bool:
        """Whether the page may ask this address."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return False
        if parts.scheme not in ("http", "https"):
            return parts.scheme in ("data", "blob")
        return parts.netloc == self.netloc or any(is_below(host, of) for of in self.hosts)

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


def _is_of(request: Request, page: Page) -> bool:
    """A request of a window that has only just opened belongs to no frame yet."""
    from playwright.sync_api import Error

    try:
        return request.frame.page == page
    except Error:
        return False
