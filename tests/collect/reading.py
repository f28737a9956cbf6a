"""Asking a source's pages one after the other, without a collector: what it names, in the order of naming."""

from __future__ import annotations

import datetime as dt
import urllib.request
from collections import deque

from ganvas.catalog.wanted import Item, Page
from ganvas.collect.sources import Answer, Source


def read_all(source: Source) -> tuple[list[Page], list[Item]]:
    """(pages, items) of a whole collection."""
    pages: list[Page] = []
    items: list[Item] = []
    waiting = deque(source.start())
    while waiting:
        found = waiting.popleft()
        if isinstance(found, Item):
            items.append(found)
        else:
            pages.append(found)
            waiting.extend(source.read(found, ask(found.url)))
    return pages, items


def ask(url: str) -> Answer:
    request = urllib.request.Request(url, headers={"User-Agent": "tests (tests@example.org)"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return answer(url, reply.read(), reply.status)


def answer(url: str, body: bytes, status: int = 200) -> Answer:
    return Answer(url, status, body, "application/json", dt.datetime.now(dt.UTC))
