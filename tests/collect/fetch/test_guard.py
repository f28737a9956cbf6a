"""Which addresses are asked: odd spellings, what is not public, names that resolve to it, what a person allows."""

from __future__ import annotations

import asyncio
import socket

import pytest

from ganvas.collect.fetch.guard import Guard, addr_infos
from ganvas.collect.fetch.target import Refused, target_of
from ganvas.errors import SettingsError


def check(url: str, *allowed: str) -> None:
    Guard(allowed).check(target_of(url))


def resolved(name: str, addresses: list[str], *allowed: str, port: int = 80) -> list[str]:
    async def resolve(host: str) -> list[str]:
        assert host == name
        return addresses

    async def ask() -> list[str]:
        return await Guard(allowed, resolve).addresses(name, port)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "169.254.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.1",
        "192.0.2.7",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2002:808:808::1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b:1::8.8.8.8]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[4000::1]",
        "[100::1]",
        "metadata.google.internal",
        "METADATA.GOOGLE.INTERNAL.",
    ],
)
def test_what_is_not_public_is_refused(host: str) -> None:
    with pytest.raises(Refused, match="is not public|metadata"):
        check(f"http://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "0",
        "0x",
        "127.0.0.01",
        "127.0.0.1.0x",
        "1.2.3.4.5",
        "300.1.1.1",
        "１２７．０．０．１",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "127.0.0.1..",
        "example..com",
        ".example.com",
        "",
        "-",
        "a b.example",
        "exa%6dple.com",
        "127.0.0.1%00.example.com",
        "[::1%25eth0]",
        "[fe80::1%eth0]",
        "[::1",
        "::1",
        "[v1.abc]",
        "[127.0.0.1]",
        "user@example.com",
        "user:secret@example.com",
        "example.com@127.0.0.1",
        "example.com\\@127.0.0.1",
        "example.com\\",
        "example.com:0",
        "example.com:65536",
        "example.com:+80",
        "example.com:８０",
        "example.com:80:90",
        "example.com:22",
        "8.8.8.8:6379",
        "exa\tmple.com",
        "example.com\r\nHost: other",
        "x" * 64 + ".example",
        "a." * 127 + "example",
        "x" * 20_000,
    ],
)
def test_an_odd_spelling_is_refused(host: str) -> None:
    with pytest.raises(Refused):
        check(f"http://{host}/")


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "example.com/a.jpg", "", "http:", "//a/b"])
def test_only_http_and_https_are_asked(url: str) -> None:
    with pytest.raises(Refused):
        target_of(url)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        (" http://Example.COM ", "http://example.com/"),
        ("http://example.com.:80/a", "http://example.com/a"),
        ("https://example.com:443?q=1#part", "https://example.com/?q=1"),
        ("https://example.com:8443/a b/ü.jpg?x=é", "https://example.com:8443/a%20b/%C3%BC.jpg?x=%C3%A9"),
        ("http://example.com/100%/a%20b.jpg", "http://example.com/100%/a%20b.jpg"),
        ("http://example.com/a/../../secret/./x", "http://example.com/secret/x"),
        ("http://example.com/a\\b", "http://example.com/a%5Cb"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://under_score.example/", "http://under_score.example/"),
        ("http://[2606:4700:4700:0:0:0:0:1111]:80/", "http://[2606:4700:4700::1111]/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("http://[64:ff9b::8.8.8.8]/", "http://[64:ff9b::808:808]/"),
    ],
)
def test_a_plain_address_is_sent_in_one_spelling(url: str, sent: str) -> None:
    check(url)
    assert target_of(url).url == sent
    assert target_of(sent).url == sent


def test_a_name_is_as_good_as_what_it_resolves_to() -> None:
    assert resolved("a.test", ["8.8.8.8", "2606:4700:4700::1111"]) == ["8.8.8.8", "2606:4700:4700::1111"]
    assert resolved("a.test", ["10.0.0.1", "8.8.8.8", "::1"]) == ["8.8.8.8"]
    with pytest.raises(Refused, match=r"a\.test \(10\.0\.0\.1\) is not public: private"):
        resolved("a.test", ["::ffff:10.0.0.1", "10.0.0.1"])
    with pytest.raises(socket.gaierror):
        resolved("a.test", [])


def test_names_are_resolved_once_for_all_that_wait() -> None:
    asked = []

    async def resolve(host: str) -> list[str]:
        asked.append(host)
        await asyncio.sleep(0)
        return ["8.8.8.8"]

    async def ask() -> None:
        guard = Guard((), resolve)
        await asyncio.gather(*(guard.addresses("a.test", 80) for _ in range(5)))
        await guard.addresses("a.test", 80)

    asyncio.run(ask())
    assert asked == ["a.test"]


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000/"),
        ("127.0.0.0/8", "http://127.9.9.9/"),
        ("::1", "http://[::1]/"),
        ("[::1]:8000", "http://[::1]:8000/"),
        ("fd00::/8", "http://[fd12::1]/"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/"),
        ("169.254.169.254", "http://169.254.169.254/"),
        ("metadata.google.internal", "http://metadata.google.internal/"),
        ("8.8.8.8:6379", "http://8.8.8.8:6379/"),
        ("example.com:22", "http://example.com:22/"),
    ],
)
def test_what_a_person_allows_is_asked(allowed: str, url: str) -> None:
    check(url, allowed)


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8001/"),
        ("127.0.0.1", "http://127.0.0.2/"),
        ("localhost", "http://127.0.0.1/"),
        ("169.254.0.0/16", "http://169.254.169.254/"),
        ("0.0.0.0/0", "http://169.254.169.254/"),
        ("example.com", "http://10.0.0.1/"),
    ],
)
def test_what_a_person_allows_opens_nothing_else(allowed: str, url: str) -> None:
    with pytest.raises(Refused):
        check(url, allowed)


def test_an_allowed_name_may_resolve_to_what_is_not_public() -> None:
    assert resolved("mirror.test", ["10.0.0.1"], "mirror.test") == ["10.0.0.1"]
    assert resolved("mirror.test", ["10.0.0.1"], "Mirror.Test:80") == ["10.0.0.1"]
    assert resolved("mirror.test", ["10.0.0.1"], "10.0.0.0/24") == ["10.0.0.1"]
    for allowed in ("mirror.test:81", "other.test", "10.0.1.0/24"):
        with pytest.raises(Refused):
            resolved("mirror.test", ["10.0.0.1"], allowed)
    with pytest.raises(Refused, match="metadata"):
        resolved("mirror.test", ["169.254.169.254"], "mirror.test")


@pytest.mark.parametrize("entry", ["http://localhost/", "", "a b", "10.0.0.0/33", "127.1", "*"])
def test_what_is_no_host_cannot_be_allowed(entry: str) -> None:
    with pytest.raises(SettingsError, match="allow_hosts"):
        Guard([entry])


def test_a_socket_goes_only_where_the_guard_lets_it() -> None:
    (private,) = addr_infos(["10.0.0.1"], 80)
    with pytest.raises(Refused):
        Guard().socket(private)
    Guard(["10.0.0.1"]).socket(private).close()
    (six,) = addr_infos(["2606:4700:4700::1111"], 443)
    Guard().socket(six).close()
