"""HTTP/2 made to do harm: each costs one failure, and the next fetch from the same host works."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hpack import Encoder
from hyperframe.frame import ContinuationFrame, DataFrame, Frame, GoAwayFrame, HeadersFrame, RstStreamFrame

from ganvas.collect.fetch.fetcher import Fetcher
from ganvas.collect_settings import CollectSettings
from tests.collect.fetch.conftest import Certificates
from tests.collect.web_server import Behaviour, WebServer, endless, says

HANGING = {"read_timeout_s": 0.3}
TRICKLING = {"timeout_s": 0.6}


@pytest.fixture
def server(certificates: Certificates) -> Iterator[WebServer]:
    with WebServer(certificates.served("good", ("h2", "http/1.1"))) as secure:
        yield secure


def head(*more: tuple[str, str], ends: bool = True) -> bytes:
    frame = HeadersFrame(1, Encoder().encode([(":status", "200"), *more]))
    if ends:
        frame.flags.add("END_HEADERS")
    return frame.serialize()


def data(body: bytes, *, last: bool = False) -> bytes:
    frame = DataFrame(1, body)
    if last:
        frame.flags.add("END_STREAM")
    return frame.serialize()


def frame_of(frame: Frame) -> bytes:
    return frame.serialize()


@pytest.mark.parametrize(
    ("behaviour", "caps", "error"),
    [
        (endless(head(), data(bytes(10_000))), {}, "too-large"),
        (endless(head(), data(b"x"), every_s=0.02), TRICKLING, "timeout"),
        (endless(head(), data(b""), every_s=0.02), TRICKLING, "timeout"),
        (says(head(), data(b"beginning"), then_hangs=True), HANGING, "timeout"),
        (says(then_hangs=True), HANGING, "timeout"),
        (says(head(), data(b"beginning")), {}, "cut-short"),
        (says(head(), data(b"beginning"), frame_of(RstStreamFrame(1, 2)), then_hangs=True), {}, "cut-short"),
        (says(head(), data(b"beginning"), frame_of(GoAwayFrame(0, 0, 2)), then_hangs=True), {}, "cut-short"),
    ],
)
def test_a_body_made_to_do_harm(
    costs_one, certificates: Certificates, behaviour: Behaviour, caps: dict[str, float], error: str
) -> None:
    assert costs_one(behaviour, trust=certificates.trust, **caps).error == error


@pytest.mark.parametrize(
    "behaviour",
    [
        endless(head(ends=False), frame_of(ContinuationFrame(1, Encoder().encode([("x-more", "y" * 1000)])))),
        says(head(*((f"x-{n}", "y" * 1000) for n in range(100))), then_hangs=True),
        says(head(("content-length", "4")), data(b"four and more", last=True), then_hangs=True),
        says(head(("content-length", "40")), data(b"four", last=True), then_hangs=True),
        says(head(("content-length", "4")), b"\xff" * 1000, then_hangs=True),
        says(frame_of(RstStreamFrame(1, 1)), then_hangs=True),
        says(frame_of(GoAwayFrame(0, 0, 11)), then_hangs=True),
        says(b"\x00" * 1000, then_hangs=True),
        says(),
    ],
)
def test_a_head_that_is_none_is_tried_again_as_http1_and_given_up(
    costs_one, server: WebServer, certificates: Certificates, behaviour: Behaviour
) -> None:
    failed = costs_one(behaviour, trust=certificates.trust, **HANGING)
    assert failed.error in ("protocol", "cut-short", "timeout")
    assert [one.http for one in server.asked if one.path == "/bad"][0] == "2"


def test_one_fetch_that_hangs_takes_no_other_with_it(server: WebServer, certificates: Certificates) -> None:
    settings = CollectSettings(robots=False, allow_hosts=["127.0.0.1"])
    server.answers("/good", b"good")
    server.leaves("/hang")

    async def run() -> None:
        async with Fetcher(settings, trust=certificates.trust) as fetcher:
            first = await fetcher.get(server.url("/good"))
            fetcher.settings = settings.model_copy(update=TRICKLING)
            hanging = asyncio.create_task(fetcher.get(server.url("/hang")))
            await asyncio.sleep(0)  # it has begun, with a cap that no other has
            fetcher.settings = settings
            others = await asyncio.gather(*(fetcher.get(server.url("/good")) for _ in range(20)))
            assert {one.body for one in [first, *others]} == {b"good"}
            assert (await hanging).error == "timeout"
            assert (await fetcher.get(server.url("/good"))).body == b"good"

    asyncio.run(run())
    assert {one.http for one in server.asked} == {"2"}
