"""Pictures that are written into a page."""

from __future__ import annotations

import base64
from urllib.parse import quote, quote_from_bytes

import pytest

from ganvas.collect.sources.data_uri import decode
from ganvas.collect.sources.source import NotTheAnswer
from tests.collect.image_search.replica import paint

JPEG = paint(1, 40)
BASE64 = base64.b64encode(JPEG).decode()


@pytest.mark.parametrize(
    "uri",
    [
        f"data:image/jpeg;base64,{BASE64}",
        f"data:;base64,{BASE64.rstrip('=')}",
        f"DATA:image/jpeg;charset=x; BASE64,{quote(BASE64, safe='')}",
        f"data:image/jpeg;base64,{base64.urlsafe_b64encode(JPEG).decode()}",
        f"data:image/jpeg;base64,{BASE64[:50]}\n {BASE64[50:]}",
        f"data:image/jpeg,{quote_from_bytes(JPEG)}",
        f"data:text/html;base64,{BASE64}",
    ],
)
def test_bytes_come_out_however_they_are_written(uri: str) -> None:
    assert decode(uri) == JPEG


@pytest.mark.parametrize(
    ("uri", "error"),
    [
        ("data:image/jpeg;base64", "not-understood"),
        ("https://example.com/a.jpg,b", "not-understood"),
        ("data:image/jpeg;base64,a***", "not-understood"),
        ("data:image/jpeg;base64,a", "not-understood"),
        ("data:image/jpeg,", "not-a-picture"),
        ("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E", "not-a-picture"),
        ("data:image/jpeg;base64," + base64.b64encode(b"<html>").decode(), "not-a-picture"),
    ],
)
def test_what_is_no_picture_is_refused(uri: str, error: str) -> None:
    with pytest.raises(NotTheAnswer) as caught:
        decode(uri)
    assert caught.value.error == error
