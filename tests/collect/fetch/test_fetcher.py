"""What a fetch asks, and what becomes of each answer."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket

import pytest

from ganvas.collect.fetch.fetcher import Fetcher
from ganvas.collect.fetch.outcome import ERRORS, Failed, Fetched
from ganvas.collect_settings import CollectSettings
from ganvas.errors import SettingsError
from ganvas.version import __version__
from tests.collect.fetch.conftest import Certificates, Get
from tests.collect.web_server import Asked, WebServer, says
from tests.waiting import PATIENCE_S, wait_for


def test_an_answer_comes_whole(server: WebServer, get: Get) -> None:
    body = os.urandom(300_000)
    server.answers("/a.jpg", body, content_type="image/jpeg", headers={"ETag": '"1"', "Last-Modified": "then"})
    (answer,) = get(server.url("/a.jpg#part"))
    assert isinstance(answer, Fetched)
    assert (answer.status, answer.body, answer.content_type) == (200, body, "image/jpeg")
    assert (answer.etag, answer.modified) == ('"1"', "then")
    assert answer.seconds > 0


def test_who_asks_is_said(server: WebServer, get: Get) -> None:
    get(server.url("/"), contact="mailto:someone@museum.example")
    get(server.url("/"), user_agent="Other/2.0")
    agents = [one.headers["user-agent"] for one in server.asked if one.path == "/"]
    assert agents == [f"ganvas/{__version__} (+mailto:someone@museum.example)", "Other/2.0"]


@pytest.mark.parametrize("given", [{"contact": "a\r\nX-Evil: 1"}, {"user_agent": "Gänvas"}])
def test_what_is_no_header_cannot_be_the_user_agent(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"collect\.user_agent"):
        Fetcher(CollectSettings(**given))


def test_nothing_of_the_environment_or_of_earlier_answers_is_sent(
    server: WebServer, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.answers("/", b"x", headers={"Set-Cookie": "who=me; Path=/"})
    first, second = get(server.url("/"), server.url("/"), robots=False)
    assert first.body == second.body == b"x"
    assert all("cookie" not in one.headers for one in server.asked)
    assert {one.headers["accept-encoding"] for one in server.asked} == {"identity"}


def test_one_connection_serves_one_fetch_after_the_other(server: WebServer, get: Get) -> None:
    server.answers("/", b"x")
    get(*[server.url("/")] * 5)
    assert server.connections == 1


def test_connections_are_closed_with_the_fetcher(server: WebServer) -> None:
    server.answers("/", b"x")

    async def run() -> None:
        async with Fetcher(CollectSettings(allow_hosts=["127.0.0.1"])) as fetcher:
            await asyncio.gather(*(fetcher.get(server.url("/")) for _ in range(20)))
            assert 1 <= server.open <= 20
        await asyncio.to_thread(wait_for, lambda: server.open == 0, "connections closed")

    asyncio.run(run())


def test_beyond_a_number_of_connections_none_is_kept(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.collect.fetch.http1.MOST_SOCKETS", 3)
    monkeypatch.setattr("ganvas.collect.fetch.http1.KEPT_FOR_S", 10 * PATIENCE_S)
    server.answers("/", b"x")

    async def resolve(host: str) -> list[str]:
        return ["127.0.0.1"]

    async def run() -> None:
        settings = CollectSettings(allow_hosts=["127.0.0.1"], robots=False)
        async with Fetcher(settings, resolve=resolve) as fetcher:
            for host in range(12):
                await fetcher.get(server.url("/", host=f"host{host}.test"))
            assert server.connections == 12
            await asyncio.to_thread(wait_for, lambda: server.open <= 5, "connections closed")

    asyncio.run(run())


def test_what_has_not_changed_is_not_sent_again(server: WebServer, get: Get) -> None:
    async def conditional(asked: Asked, writer: asyncio.StreamWriter) -> None:
        same = asked.headers.get("if-none-match") == '"1"' or asked.headers.get("if-modified-since") == "then"
        writer.write(b"HTTP/1.1 304 Same\r\n\r\n" if same else b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew")

    server.does("/", conditional)
    (same,) = get(server.url("/"), ask={"etag": '"1"'})
    assert (same.status, same.body) == (304, None)
    (same,) = get(server.url("/"), ask={"modified": "then"})
    assert same.status == 304
    (new,) = get(server.url("/"), ask={"etag": '"0"', "modified": None})
    assert new.body == b"new"


def test_304_to_a_question_without_condition_is_no_answer(server: WebServer, get: Get) -> None:
    server.answers("/", status=304)
    assert get(server.url("/"))[0].error == "protocol"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "refused"),
        (401, "refused"),
        (403, "forbidden"),
        (404, "gone"),
        (405, "refused"),
        (408, "server-error"),
        (410, "gone"),
        (418, "refused"),
        (429, "throttled"),
        (451, "refused"),
        (500, "server-error"),
        (502, "server-error"),
        (503, "unavailable"),
        (521, "server-error"),
        (206, "protocol"),
        (300, "protocol"),
        (305, "protocol"),
        (777, "protocol"),
    ],
)
def test_every_status_has_its_class(
    server: WebServer, get: Get, monkeypatch: pytest.MonkeyPatch, status: int, error: str
) -> None:
    monkeypatch.setattr("ganvas.collect.fetch.fetcher.SAID_S", 60.0)
    server.answers("/", b"words", status=status)
    (failed,) = get(server.url("/"))
    assert isinstance(failed, Failed)
    assert (failed.error, failed.status) == (error, status)
    assert failed.error in ERRORS
    assert str(status) in failed.reason
    assert failed.body == (b"words" if 400 <= status < 500 else None)


def test_a_status_counts_though_its_body_never_comes(
    server: WebServer, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.collect.fetch.fetcher.SAID_S", 0.2)
    server.does("/", says(b"HTTP/1.1 404 No\r\nContent-Length: 50\r\n\r\nnot", then_hangs=True))
    (failed,) = get(server.url("/"))
    assert (failed.error, failed.status) == ("gone", 404)


def test_how_long_to_wait_comes_with_the_failure(server: WebServer, get: Get) -> None:
    server.answers("/", status=429, headers={"Retry-After": "7"})
    (failed,) = get(server.url("/"))
    assert failed.retry_after_s == 7.0
    assert failed.reason == "429 Too Many Requests, to be asked again in 7 s"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: WebServer, get: Get, status: int) -> None:
    server.answers("/a/old", status=status, headers={"Location": "../new one?x=1#part"})
    server.answers("/new%20one", b"there")
    (answer,) = get(server.url("/a/old"))
    assert (answer.status, answer.body) == (200, b"there")
    assert answer.url == server.url("/a/old")
    assert answer.final_url == server.url("/new%20one?x=1")


@pytest.mark.parametrize(
    ("encoding", "sent"), [("utf-8", "/sch%C3%B6n"), ("latin-1", "/sch%F6n"), ("utf-16-le", "/s%00c%00h%00%F6%00n%00")]
)
def test_a_redirect_to_bytes_beyond_ascii(server: WebServer, get: Get, encoding: str, sent: str) -> None:
    path = b"/" + "schön".encode(encoding)
    server.does("/a", says(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + path + b"\r\n\r\n"))
    server.answers(sent, b"there")
    (answer,) = get(server.url("/a"))
    if encoding == "utf-16-le":  # zero bytes in a header are no HTTP
        assert answer.error == "protocol"
    else:
        assert (answer.body, answer.final_url) == (b"there", server.url(sent))


def test_headers_that_no_row_could_hold_are_left_out(server: WebServer, get: Get) -> None:
    head = b'HTTP/1.1 200 OK\r\nETag: "\xff"\r\nContent-Type: image/\xfe\r\nLast-Modified: \r\n'
    server.does("/", says(head + b"Content-Length: 1\r\n\r\nx"))
    (answer,) = get(server.url("/"))
    assert (answer.body, answer.etag, answer.content_type, answer.modified) == (b"x", None, None, None)


def test_a_redirect_to_nowhere(server: WebServer, get: Get) -> None:
    server.answers("/", status=302)
    (failed,) = get(server.url("/"))
    assert (failed.error, failed.status) == ("redirects", 302)


def test_five_redirects_are_followed(server: WebServer, get: Get) -> None:
    for step in range(5):
        server.answers(f"/{step}", status=302, headers={"Location": f"/{step + 1}"})
    server.answers("/5", b"there")
    (answer,) = get(server.url("/0"))
    assert (answer.body, answer.final_url) == (b"there", server.url("/5"))


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_a_body_compressed_unasked_is_read(server: WebServer, get: Get, encoding: str) -> None:
    body = b"words " * 1000
    server.answers("/", gzip.compress(body), headers={"Content-Encoding": encoding})
    assert get(server.url("/"))[0].body == body


def test_bytes_up_to_the_cap_are_a_body(server: WebServer, get: Get) -> None:
    server.answers("/", bytes(1000))
    assert get(server.url("/"), max_bytes=1000)[0].body == bytes(1000)
    assert get(server.url("/"), max_bytes=999)[0].error == "too-large"


def test_an_opt_out_is_honoured_unless_the_settings_say_otherwise(server: WebServer, get: Get) -> None:
    server.answers("/", b"x", headers=[("X-Robots-Tag", "nofollow"), ("x-robots-tag", "otherbot: none, noai")])
    assert get(server.url("/"))[0].body == b"x"
    server.answers("/", b"x", headers=[("X-Robots-Tag", "nofollow"), ("x-robots-tag", "noai")])
    (failed,) = get(server.url("/"))
    assert (failed.error, failed.reason) == ("opt-out", "X-Robots-Tag: noai")
    assert get(server.url("/"), opt_outs=False)[0].body == b"x"
    assert get(server.url("/"), ask={"robots": False})[0].body == b"x"


def test_a_name_that_is_none_of_the_networks(get: Get) -> None:
    async def unknown(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    (failed,) = get("http://nowhere.test/", resolve=unknown)
    assert (failed.error, failed.reason) == ("dns", "robots.txt: Name or service not known")
    (failed,) = get("https://nowhere.test/", resolve=unknown)
    assert failed.error == "dns"


def test_a_fetch_can_be_cancelled(server: WebServer) -> None:
    begun = asyncio.Event

    async def run() -> None:
        seen, loop = begun(), asyncio.get_running_loop()

        async def hangs(asked: Asked, writer: asyncio.StreamWriter) -> None:
            loop.call_soon_threadsafe(seen.set)
            await asyncio.Event().wait()

        server.does("/hang", hangs)
        server.answers("/", b"x")
        async with Fetcher(CollectSettings(allow_hosts=["127.0.0.1"])) as fetcher:
            task = asyncio.create_task(fetcher.get(server.url("/hang")))
            await seen.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await fetcher.get(server.url("/"))).body == b"x"

    asyncio.run(run())


@pytest.mark.parametrize("protocols", [("h2", "http/1.1"), ("http/1.1",), ("h2",)])
def test_https_is_spoken_as_the_host_offers(certificates: Certificates, get: Get, protocols: tuple[str, ...]) -> None:
    with WebServer(certificates.served("good", protocols)) as secure:
        secure.answers("/", b"x" * 9000, content_type="image/png")
        answers = get(*[secure.url("/")] * 4, trust=certificates.trust)
        assert [one.body for one in answers] == [b"x" * 9000] * 4
        assert {one.content_type for one in answers} == {"image/png"}
        http = "2" if "h2" in protocols else "1.1"
        assert {one.http for one in secure.asked} == {http}
        assert secure.connections == (1 if http == "2" else 2)  # the first shows what is spoken


def test_many_fetches_share_one_http2_connection(certificates: Certificates) -> None:
    with WebServer(certificates.served("good", ("h2",))) as secure:
        for page in range(250):  # more than a server takes at a time
            secure.answers(f"/{page}", str(page).encode() * 500)

        async def run() -> None:
            settings = CollectSettings(allow_hosts=["127.0.0.1"])
            async with Fetcher(settings, trust=certificates.trust) as fetcher:
                answers = await asyncio.gather(*(fetcher.get(secure.url(f"/{page}")) for page in range(250)))
                assert [one.body for one in answers] == [str(page).encode() * 500 for page in range(250)]
                large = await fetcher.get(secure.url("/none"))
                assert large.error == "gone"

        asyncio.run(run())
        assert secure.connections == 1


def test_http2_goes_on_after_a_fetch_that_broke_off(certificates: Certificates, get: Get) -> None:
    with WebServer(certificates.served("good", ("h2",))) as secure:
        secure.answers("/large", bytes(15_000))
        secure.answers("/small", b"small")
        urls = [secure.url("/large"), secure.url("/small")] * 3
        answers = get(*urls, trust=certificates.trust, max_bytes=10_000, robots=False)
    assert [getattr(one, "error", None) or one.body for one in answers] == ["too-large", b"small"] * 3


def test_an_http2_connection_that_was_closed_meanwhile_is_made_anew(certificates: Certificates) -> None:
    with WebServer(certificates.served("good", ("h2",))) as secure:

        async def closes(asked: Asked, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

        secure.answers("/", b"x")
        secure.does("/close", closes)

        async def run() -> None:
            settings = CollectSettings(allow_hosts=["127.0.0.1"], robots=False)
            async with Fetcher(settings, trust=certificates.trust) as fetcher:
                assert (await fetcher.get(secure.url("/"))).body == b"x"
                assert isinstance(await fetcher.get(secure.url("/close")), Failed)
                assert isinstance(await fetcher.get(secure.url("/")), Fetched | Failed)

        asyncio.run(run())
