"""Which addresses the page may ask. That it asks no other is tested in the browser."""

from __future__ import annotations

import pytest

from ganvas.collect.sources.search_page.fence import Fence

PAGE = "http://search.example:8080/search?q=x"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://search.example:8080/more", True),
        ("http://search.example/more", False),
        ("http://search.example:8081/more", False),
        ("http://other.example:8080/more", False),
        ("http://search.example:8080@127.0.0.1/", False),
        ("http://127.0.0.1:8080/", False),
        ("http://169.254.169.254/latest/meta-data/", False),
        ("http://[::1]:8080/", False),
        ("http://[broken", False),
        ("http://search.example:port/", False),
        ("file:///etc/passwd", False),
        ("ws://search.example:8080/", False),
        ("data:image/gif;base64,R0lGOD", True),
        ("blob:http://search.example:8080/1", True),
    ],
)
def test_the_page_s_own_host_and_port_are_let_through(url: str, allowed: bool) -> None:
    assert Fence.of(PAGE, []).lets(url) is allowed


def test_a_host_beside_it_is_let_through_if_it_is_public_or_opened() -> None:
    assert not Fence.of(PAGE, ["localhost"]).lets("http://localhost:8080/")
    assert Fence.of(PAGE, ["localhost"], ["localhost"]).lets("http://localhost:8080/")
    assert not Fence.of(PAGE, ["10.0.0.1"]).lets("http://10.0.0.1/")
    assert Fence.of(PAGE, ["10.0.0.1"], ["10.0.0.0/8"]).lets("http://10.0.0.1/")
    public = Fence.of(PAGE, ["8.8.8.8"])
    assert public.lets("https://8.8.8.8/")
    assert not public.lets("https://notbelow8.8.8.8/")


def test_the_resolver_knows_the_same_hosts() -> None:
    (flag,) = Fence.of("https://www.search.example/search", ["search.example"]).flags()
    assert flag == (
        "--host-resolver-rules=MAP www.search.example:443 www.search.example:443, "
        "EXCLUDE search.example, EXCLUDE *.search.example, MAP * ~NOTFOUND"
    )
