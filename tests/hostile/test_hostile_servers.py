"""Servers made to do harm: each costs one failure that says what it was, and the next fetch works."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl

import pytest

from ganvas.collect.fetch.fetcher import Fetcher
from ganvas.collect.fetch.outcome import Failed, Fetched
from ganvas.collect.fetch.tls import trusted
from ganvas.collect_settings import CollectSettings
from tests.collect.fetch.conftest import Certificates, Get
from tests.collect.web_server import Asked, WebServer, endless, resets, says
from tests.hostile.conftest import MOST_BYTES

OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
HANGING = {"connect_timeout_s": 0.3, "read_timeout_s": 0.3}
TRICKLING = {"timeout_s": 0.6}


def test_an_endless_body_ends_at_the_cap(costs_one) -> None:
    assert costs_one(endless(OK + b"\r\n", b"x" * 10_000)).error == "too-large"


def test_an_endless_chunked_body_ends_at_the_cap(costs_one) -> None:
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    assert costs_one(endless(head, b"2710\r\n" + b"x" * 10_000 + b"\r\n")).error == "too-large"


def test_a_body_said_to_be_large_is_not_begun(costs_one) -> None:
    assert costs_one(says(OK + b"Content-Length: 100001\r\n\r\n", then_hangs=True)).error == "too-large"


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate"])
def test_a_compressed_bomb_unfolds_to_the_cap_only(costs_one, encoding: bytes) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    head = OK + b"Content-Encoding: " + encoding + b"\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    assert len(bomb) < MOST_BYTES
    assert costs_one(says(head + bomb)).error == "too-large"


def test_compression_inside_compression_is_not_unfolded(costs_one) -> None:
    body = gzip.compress(gzip.compress(b"inner"))
    head = OK + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert costs_one(says(head + body)).error == "protocol"


def test_a_compressed_body_that_is_none_or_ends_early(costs_one) -> None:
    head = OK + b"Content-Encoding: gzip\r\n"
    assert costs_one(says(head + b"Content-Length: 9\r\n\r\nplaintext")).error == "protocol"
    half = gzip.compress(bytes(range(256)) * 40)[:-20]
    assert costs_one(says(head + b"Content-Length: %d\r\n\r\n" % len(half) + half)).error == "cut-short"


def test_a_redirect_in_a_circle(server: WebServer, get: Get) -> None:
    server.answers("/a", status=302, headers={"Location": "/b"})
    server.answers("/b", status=302, headers={"Location": "/a"})
    (failed,) = get(server.url("/a"))
    assert failed == Failed("redirects", "in a circle", final_url=server.url("/a"))


def test_redirects_without_end(server: WebServer, get: Get) -> None:
    for step in range(20):
        server.answers(f"/{step}", status=301, headers={"Location": f"/{step + 1}"})
    (failed,) = get(server.url("/0"))
    assert failed.error == "redirects"
    assert [path for path in server.paths() if path != "/robots.txt"] == [f"/{step}" for step in range(6)]


@pytest.mark.parametrize(
    "place",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://10.0.0.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.2]/",
        "//metadata.google.internal/computeMetadata/v1/",
        "http://inside.test/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "data:image/png;base64,AAAA",
    ],
)
def test_a_redirect_to_where_nothing_is_to_be_asked(server: WebServer, get: Get, place: str) -> None:
    server.answers("/bad", status=302, headers={"Location": place})
    server.answers("/good", b"good")
    bad, good = get(server.url("/bad"), server.url("/good"), resolve=names({"inside.test": ["127.0.0.2"]}))
    assert (bad.error, good.body) == ("address", b"good")


def test_a_name_that_resolves_to_this_machine_is_refused_before_a_connection(server: WebServer, get: Get) -> None:
    url = server.url("/", host="localtest.test")
    (failed,) = get(url, allow_hosts=[], resolve=names({"localtest.test": ["127.0.0.1"]}))
    assert failed.error == "address"
    assert "loopback" in failed.reason
    (failed,) = get(server.url("/", host="localhost"), allow_hosts=[])
    assert failed.error == "address"
    assert server.connections == 0


def test_a_name_that_changes_its_mind_is_pinned(server: WebServer, get: Get) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])

    async def rebinding(host: str) -> list[str]:
        return next(answers)

    server.answers("/", b"first")
    url = server.url("/", host="rebinding.test")
    first, second = get(url, url, allow_hosts=["rebinding.test"], resolve=rebinding)
    assert first.body == second.body == b"first"
    assert next(answers) == ["127.0.0.2"]


def test_a_body_shorter_than_was_said(costs_one) -> None:
    assert costs_one(says(OK + b"Content-Length: 1000\r\n\r\nshort")).error == "cut-short"


def test_chunks_that_break_off(costs_one) -> None:
    assert costs_one(says(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n")).error == "cut-short"


def test_a_body_longer_than_was_said_is_never_taken_for_more(server: WebServer, get: Get) -> None:
    server.does("/long", says(OK + b"Content-Length: 4\r\n\r\nfour, and more that is no answer to anything"))
    server.answers("/good", b"good")
    long, good = get(server.url("/long"), server.url("/good"))
    if isinstance(long, Failed):  # what follows came with it, and is no HTTP
        assert long.error == "protocol"
    else:
        assert long.body == b"four"
    assert good.body == b"good"


@pytest.mark.parametrize("length", [b"-5", b"4, 5", b"four", b"4\r\nContent-Length: 5"])
def test_a_length_that_is_none(costs_one, length: bytes) -> None:
    assert costs_one(says(OK + b"Content-Length: " + length + b"\r\n\r\nfour")).error == "protocol"


def test_a_header_that_comes_byte_by_byte(costs_one) -> None:
    head = OK + b"X-Slow: " + b"y" * 1000
    failed = costs_one(says(*(bytes([sign]) for sign in head), every_s=0.02, then_hangs=True), **TRICKLING)
    assert (failed.error, failed.reason) == ("timeout", "not done in 0.6 s")


def test_a_body_that_trickles(costs_one) -> None:
    failed = costs_one(endless(OK + b"Content-Length: 90000\r\n\r\n", b"x", every_s=0.02), **TRICKLING)
    assert (failed.error, failed.reason) == ("timeout", "not done in 0.6 s")


def test_a_server_that_says_nothing(costs_one) -> None:
    assert costs_one(says(then_hangs=True), **HANGING).error == "timeout"


def test_a_body_that_stops(costs_one) -> None:
    assert costs_one(says(OK + b"Content-Length: 1000\r\n\r\nbeginning", then_hangs=True), **HANGING).error == "timeout"


def test_a_connection_that_breaks(costs_one) -> None:
    assert costs_one(resets).error == "cut-short"


def test_a_connection_that_closes_without_a_word(costs_one) -> None:
    assert costs_one(says()).error == "cut-short"


def test_nobody_listens(get: Get) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        (failed,) = get(f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert failed.error == "connect"


def test_a_port_that_takes_connections_and_never_answers_them(get: Get) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        (failed,) = get(f"https://127.0.0.1:{bound.getsockname()[1]}/", **HANGING)
    assert failed.error == "timeout"


@pytest.mark.parametrize("garbage", [b"hello, this is HTTP/0.9\n", b"\x00\xff" * 500, b"HTTP/1.1 99999 What\r\n\r\n"])
def test_what_is_no_http(costs_one, garbage: bytes) -> None:
    assert costs_one(says(garbage)).error in ("protocol", "cut-short")


def test_headers_without_end(costs_one) -> None:
    assert costs_one(endless(OK, b"X-More: " + b"y" * 1000 + b"\r\n")).error == "protocol"


def test_one_header_without_end(costs_one) -> None:
    assert costs_one(endless(OK + b"X-Long: ", b"y" * 10_000)).error == "protocol"


def test_preliminary_answers_without_end(costs_one) -> None:
    hints = endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", every_s=0.005)
    assert costs_one(hints, **TRICKLING).error in ("timeout", "protocol")


def test_a_page_for_a_picture_is_the_decoders_matter(server: WebServer, get: Get) -> None:
    server.answers("/", b"<html>", content_type="image/jpeg")
    (page,) = get(server.url("/"))
    assert (page.body, page.content_type) == (b"<html>", "image/jpeg")


def test_a_certificate_that_nobody_trusts(certificates: Certificates, get: Get) -> None:
    with WebServer(certificates.served()) as secure:
        secure.answers("/", b"secret")
        (failed,) = get(secure.url("/"))
        assert failed.error == "tls"
        assert "certificate" in failed.reason
        (trusted,) = get(secure.url("/"), trust=certificates.trust)
    assert trusted.body == b"secret"


@pytest.mark.parametrize("protocols", [("http/1.1",), ("h2",)])
def test_a_certificate_for_another_host(certificates: Certificates, get: Get, protocols) -> None:
    with WebServer(certificates.served("other", protocols)) as secure:
        (failed,) = get(secure.url("/"), trust=certificates.trust)
        assert failed.error == "tls"
        assert secure.asked == []


def test_https_asked_of_who_speaks_none(server: WebServer, get: Get) -> None:
    (failed,) = get(server.url("/").replace("http:", "https:"), **HANGING)
    assert failed.error in ("tls", "timeout", "cut-short")


def test_http2_that_is_none_is_asked_again_as_http1(certificates: Certificates, get: Get) -> None:
    context = certificates.served("good", ("h2", "http/1.1"))

    with WebServer(context) as secure:

        async def nonsense(asked: Asked, writer: asyncio.StreamWriter) -> None:
            if asked.http == "2":
                writer.write(b"\xff" * 100)
                await writer.drain()
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")

        secure.does("/", nonsense)
        (answer,) = get(secure.url("/"), trust=certificates.trust, robots=False)
    assert isinstance(answer, Fetched)
    assert answer.body == b"one"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_server_that_never_answers(get: Get, scheme: str) -> None:
    async def hangs(host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    (failed,) = get(f"{scheme}://slow.test/", resolve=hangs, **TRICKLING)
    assert failed.error == "timeout"


def test_a_handshake_that_breaks_off(get: Get) -> None:
    async def run() -> str:
        async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.transport.abort()

        listening = await asyncio.start_server(closes, "127.0.0.1", 0)
        settings = CollectSettings(allow_hosts=["127.0.0.1"])
        async with listening, Fetcher(settings) as fetcher:
            port = listening.sockets[0].getsockname()[1]
            return (await fetcher.get(f"https://127.0.0.1:{port}/")).error

    assert asyncio.run(run()) == "cut-short"


def test_the_default_context_checks() -> None:
    context = trusted()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def names(known: dict[str, list[str]]):
    """A resolver that knows these."""

    async def resolve(host: str) -> list[str]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known[host]

    return resolve
