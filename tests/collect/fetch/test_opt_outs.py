"""What X-Robots-Tag and Retry-After say."""

from __future__ import annotations

import datetime as dt

import pytest

from ganvas.collect.fetch.opt_outs import opted_out
from ganvas.collect.fetch.retry_after import retry_after_s

NOW = dt.datetime(2026, 6, 1, 12, 0, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "headers",
    [
        ["noai"],
        ["NoImageAI"],
        ["noindex, nofollow"],
        ["nofollow,noimageindex"],
        ["noml"],
        ["none"],
        ["nofollow", "noai"],
        ["ganvas: noai"],
        ["*: noai"],
        ["max-snippet: 5, noindex"],
        ["nofollow, ganvas: nofollow, noml"],
        ["unavailable_after: 2026-05-31"],
        ["unavailable_after: Sun, 31 May 2026 15:00:00 GMT, nofollow"],
        ["unavailable_after: 25 Jun 2010 15:00:00 PST"],
    ],
)
def test_an_opt_out_is_heard(headers: list[str]) -> None:
    assert opted_out(headers, "ganvas", NOW) is not None


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        ["all"],
        ["nofollow, noarchive"],
        ["otherbot: noai, noindex"],
        ["nofollow, otherbot: noindex"],
        ["max-image-preview: none"],
        ["max-image-preview:none, nofollow"],
        ["unavailable_after: Tue, 02 Jun 2026 15:00:00 GMT"],
        ["unavailable_after: soon"],
        [",,:,: ,"],
    ],
)
def test_what_is_said_to_others_or_of_something_else_is_not(headers: list[str]) -> None:
    assert opted_out(headers, "ganvas", NOW) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("2", 2.0),
        (" 120 ", 120.0),
        ("7200", 7200.0),
        ("999999999999999999999", 86400.0),
        ("-5", None),
        ("2.5", None),
        ("soon", None),
        ("Mon, 01 Jun 2026 12:01:30 GMT", 90.0),
        ("Mon, 01 Jun 2026 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400.0),
        ("٣", None),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds
