"""What a host's turn ends with: `Fetched`, `Failed` or `Moved`; the errors that a row may carry, in a table."""

from __future__ import annotations

from dataclasses import dataclass

from ganvas.catalog.fetch_records import FAILED, REFUSED


@dataclass(frozen=True)
class Fetched:
    """A whole answer. `body` is None where nothing has changed since (304).

    `seconds`: what it took, waits included; `earlier_s`: what other hosts took before, which sent the fetch here.
    """

    url: str
    final_url: str
    status: int
    body: bytes | None
    content_type: str | None
    etag: str | None
    modified: str | None
    seconds: float
    earlier_s: float = 0.0


@dataclass(frozen=True)
class Failed:
    """No answer that can be used. `error` is one of ERRORS; `retry_after_s` is what the server asked for.

    `body` is the beginning of what came with a 4xx, by which a source may tell what is missing from what is hidden.
    """

    error: str
    reason: str
    status: int | None = None
    retry_after_s: float | None = None
    final_url: str | None = None
    body: bytes | None = None


@dataclass(frozen=True)
class Moved:
    """A redirect leads to another host: the fetch that began at `url` is to go on there. `asked` is what it has asked.

    `seconds` and `earlier_s` are as those of Fetched.
    """

    url: str
    to: str
    asked: frozenset[str] = frozenset()
    seconds: float = 0.0
    earlier_s: float = 0.0


@dataclass(frozen=True)
class ErrorClass:
    """`passes`: another try may succeed. `cools`: the host is left alone for a while. `ends_as`: the row's state."""

    passes: bool = False
    cools: bool = False
    ends_as: str = FAILED


ERRORS = {
    # the network; another try may succeed
    "dns": ErrorClass(passes=True),
    "connect": ErrorClass(passes=True),
    "timeout": ErrorClass(passes=True),  # connecting, a silent server, or the whole fetch
    "cut-short": ErrorClass(passes=True),  # reset, or another length than was said
    "protocol": ErrorClass(),  # no HTTP, headers without end
    "tls": ErrorClass(),
    # what the server said
    "throttled": ErrorClass(passes=True, cools=True),  # 429
    "forbidden": ErrorClass(passes=True, cools=True),  # 403: a firewall may be what says it
    "unavailable": ErrorClass(passes=True, cools=True),  # 503
    "server-error": ErrorClass(passes=True),  # other 5xx, and 408
    "challenge": ErrorClass(passes=True, cools=True),  # 200, and a page for people in place of the answer
    "gone": ErrorClass(),  # 404, 410
    "refused": ErrorClass(),  # other 4xx
    "redirects": ErrorClass(),  # in a circle, too many, or to nowhere
    # what came
    "too-large": ErrorClass(),
    "not-a-picture": ErrorClass(),
    "unreadable": ErrorClass(),  # a picture, damaged
    "not-understood": ErrorClass(),  # a page that its source can make nothing of
    # what is not to be had
    "address": ErrorClass(ends_as=REFUSED),  # not public, not http(s), not an address
    "robots": ErrorClass(ends_as=REFUSED),
    "opt-out": ErrorClass(ends_as=REFUSED),
}
