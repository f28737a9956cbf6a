"""robots.txt: asked once a host, by the rules of RFC 9309."""

from __future__ import annotations

import asyncio

import pytest

from ganvas.collect.fetch.fetcher import Fetcher
from ganvas.collect.fetch.outcome import ERRORS, Failed, Fetched
from ganvas.collect_settings import CollectSettings
from tests.collect.fetch.conftest import Get
from tests.collect.web_server import WebServer, says

RULES = b"User-agent: *\nDisallow: /\n\nUser-agent: ganvas\nDisallow: /private\nCrawl-delay: 2\n"


@pytest.fixture
def pages(server: WebServer) -> WebServer:
    for path in ("/a", "/b", "/private/a"):
        server.answers(path, b"page")
    return server


def test_what_robots_txt_leaves_out_is_not_asked(pages: WebServer, get: Get) -> None:
    pages.answers("/robots.txt", RULES)
    a, private, around, b = get(*map(pages.url, ("/a", "/private/a", "/b/../private/a", "/b")))
    assert (a.body, b.body) == (b"page", b"page")
    assert {private.error, around.error} == {"robots"}
    assert pages.paths() == ["/robots.txt", "/a", "/b"]


def test_a_redirect_does_not_lead_around_it(pages: WebServer, get: Get) -> None:
    pages.answers("/robots.txt", RULES)
    pages.answers("/a", status=302, headers={"Location": "/private/a"})
    (failed,) = get(pages.url("/a"))
    assert (failed.error, failed.final_url) == ("robots", pages.url("/private/a"))


def test_it_is_not_asked_where_the_settings_or_the_caller_say_so(pages: WebServer, get: Get) -> None:
    pages.answers("/robots.txt", RULES)
    assert get(pages.url("/private/a"), robots=False)[0].body == b"page"
    assert get(pages.url("/private/a"), ask={"robots": False})[0].body == b"page"
    assert "/robots.txt" not in pages.paths()


def test_another_user_agent_is_under_its_own_rules(pages: WebServer, get: Get) -> None:
    pages.answers("/robots.txt", RULES)
    assert get(pages.url("/a"), user_agent="Other/1.0")[0].error == "robots"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_no_robots_txt_forbids_nothing(pages: WebServer, get: Get, status: int) -> None:
    pages.answers("/robots.txt", b"User-agent: *\nDisallow: /\n", status=status)
    assert get(pages.url("/a"))[0].body == b"page"


@pytest.mark.parametrize(("status", "error"), [(429, "throttled"), (500, "server-error"), (503, "unavailable")])
def test_a_robots_txt_that_cannot_be_had_now_forbids_for_now(
    pages: WebServer, get: Get, status: int, error: str
) -> None:
    pages.answers("/robots.txt", status=status)
    first, second = get(pages.url("/a"), pages.url("/b"))
    assert (first.error, second.error) == (error, error)
    assert ERRORS[error].passes
    assert first.reason.startswith("robots.txt: ")
    assert pages.paths() == ["/robots.txt"]
    assert 0 < second.retry_after_s <= first.retry_after_s <= CollectSettings().pause_s


def test_a_try_at_the_time_that_is_said_asks_for_robots_txt_again(pages: WebServer) -> None:
    pages.answers("/robots.txt", status=500)

    async def run() -> None:
        async with Fetcher(CollectSettings(allow_hosts=["127.0.0.1"], pause_s=0.2)) as fetcher:
            failed = await fetcher.get(pages.url("/a"))
            assert isinstance(failed, Failed)
            pages.answers("/robots.txt", status=404)
            await asyncio.sleep(failed.retry_after_s or 0.0)
            assert isinstance(await fetcher.get(pages.url("/a")), Fetched)

    asyncio.run(run())


def test_a_robots_txt_that_hangs_is_a_timeout(pages: WebServer, get: Get) -> None:
    pages.does("/robots.txt", says(then_hangs=True))
    (failed,) = get(pages.url("/a"), read_timeout_s=0.2)
    assert failed.error == "timeout"


def test_redirects_of_it_are_followed_and_a_circle_forbids_nothing(pages: WebServer, get: Get) -> None:
    pages.answers("/robots.txt", status=301, headers={"Location": "/rules"})
    pages.answers("/rules", RULES)
    assert get(pages.url("/private/a"))[0].error == "robots"
    pages.answers("/rules", status=301, headers={"Location": "/robots.txt"})
    assert get(pages.url("/private/a"))[0].body == b"page"


def test_only_its_beginning_is_read(pages: WebServer, get: Get) -> None:
    filler = b"# nothing\n" * 60_000
    pages.answers("/robots.txt", b"User-agent: *\nDisallow: /a\n" + filler + b"Disallow: /b\n")
    a, b = get(pages.url("/a"), pages.url("/b"))
    assert (a.error, b.body) == ("robots", b"page")


@pytest.mark.parametrize("body", [b"", b"<html><body>Disallow: /</body></html>", b"\xff\xfe\x00" * 100])
def test_what_is_no_robots_txt_forbids_nothing(pages: WebServer, get: Get, body: bytes) -> None:
    pages.answers("/robots.txt", body)
    assert get(pages.url("/a"))[0].body == b"page"


def test_all_that_wait_for_it_wait_for_one_question(pages: WebServer) -> None:
    pages.answers("/robots.txt", RULES)

    async def run() -> None:
        async with Fetcher(CollectSettings(allow_hosts=["127.0.0.1"])) as fetcher:
            assert fetcher.crawl_delay_s(pages.url("/a")) is None
            answers = await asyncio.gather(*(fetcher.get(pages.url("/a")) for _ in range(10)))
            assert all(isinstance(one, Fetched) for one in answers)
            assert fetcher.crawl_delay_s(pages.url("/a")) == 2.0

    asyncio.run(run())
    assert pages.paths().count("/robots.txt") == 1


def test_one_that_gives_up_waiting_takes_it_from_nobody(pages: WebServer) -> None:
    pages.answers("/robots.txt", RULES)

    async def run() -> None:
        async with Fetcher(CollectSettings(allow_hosts=["127.0.0.1"])) as fetcher:
            first, second = (asyncio.create_task(fetcher.get(pages.url("/a"))) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            assert isinstance(await second, Fetched)

    asyncio.run(run())
