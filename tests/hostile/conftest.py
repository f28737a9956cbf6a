"""What a hostile server costs, and the servers, certificates and fetchers of the tests of fetching."""

from __future__ import annotations

import pytest

from ganvas.collect.fetch.outcome import Failed, Fetched
from tests.collect.fetch.conftest import Get, certificates, get, server
from tests.collect.web_server import WebServer

__all__ = ["certificates", "costs_one", "get", "server"]

MOST_BYTES = 100_000
TRIES = 20  # under caps that a test makes short, a busy machine may be too late with a good answer, too


@pytest.fixture
def costs_one(server: WebServer, get: Get):
    """`costs_one(behaviour)`: what the address failed by, after which the same fetcher fetches a good one.

    Caps are long, as nothing but what a server does may decide; `read_timeout_s` and the like make those short that do.
    """

    def fetched(behaviour, **settings: object) -> Failed:
        server.does("/bad", behaviour)
        server.answers("/good", b"good")
        urls = [server.url("/bad"), *[server.url("/good")] * (TRIES if settings else 1)]
        bad, *others = get(*urls, robots=False, max_bytes=MOST_BYTES, **settings)
        in_time = [one for one in others if not (isinstance(one, Failed) and one.error == "timeout")]
        assert in_time, others
        assert isinstance(in_time[0], Fetched)
        assert in_time[0].body == b"good"
        assert isinstance(bad, Failed)
        return bad

    return fetched
