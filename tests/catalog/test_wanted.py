from __future__ import annotations

import pytest

from ganvas.catalog.wanted import is_web


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://a.example/1.jpg", True),
        ("HTTP://A.EXAMPLE", True),
        ("http://", False),
        ("http://:80/x", False),
        ("http://[::1", False),
        ("ftp://a.example/1.jpg", False),
        ("javascript:alert(1)", False),
        ("data:image/png,x", False),
        ("//a.example/1.jpg", False),
        ("", False),
    ],
)
def test_an_address_of_the_web_names_a_host(url: str, is_one: bool) -> None:
    assert is_web(url) is is_one
