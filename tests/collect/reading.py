"""Asking a source's pages one after the other, without a collector: what it names, in the order of naming."""

from __future__ import annotations

import datetime as dt
import urllib.error
import urllib.request
from collections import deque

from ganvas.catalog.wanted import Item, Page
from ganvas.collect.sources import Answer, Source


def read_all(source: Source) -> tuple[list[Page], list[Item]]:
    """(pages, items) of a whole collection. A page that its source calls missing is passed over."""
    pages: list[Page] = []
    items: list[Item] = []
    waiting = deque(source.start())
    while waiting:
        found = waiting.popleft()
        if isinstance(found, Item):
            items.append(found)
            continue
        pages.append(found)
        waiting.extend(source.read(found, asked) if (asked := ask(source, found)) else ())
    return pages, items


def ask(source: Source, page: Page) -> Answer | None:
    """The answer to one page; None where the source calls it missing."""
    request = urllib.request.Request(page.url, headers={"User-Agent": "tests (tests@example.org)"})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return answer(page.url, reply.read(), reply.status)
    except urllib.error.HTTPError as error:
        with error:
            if source.missing(page, error.code, error.read()):
                return None
        raise


def answer(url: str, body: bytes, status: int = 200) -> Answer:
    return Answer(url, status, body, "application/json", dt.datetime.now(dt.UTC))
