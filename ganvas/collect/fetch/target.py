"""What an address asks of whom: `target_of(url)`. An odd spelling is refused, never guessed at."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

import idna

PORTS = {"http": 80, "https": 443}
MOST_CHARACTERS = 16_384
MOST_HOST_CHARACTERS = 1000

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SENT_AS_IT_IS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%|]*")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Refused(OSError):
    """An address that is not to be asked; the message says why in one line. An OSError, so that it comes through HTTP
    libraries whole."""


class Target(NamedTuple):
    """`url` is as it is sent: ASCII, no user, no fragment. `host` is lower-case ASCII, or `address` as text."""

    url: str
    scheme: str
    host: str
    port: int
    address: IPv4Address | IPv6Address | None

    @property
    def origin(self) -> str:
        """Scheme, host and port, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")


def target_of(url: str) -> Target:
    """The parts of an http(s) address. Raises Refused where it is none, or could be read in more than one way."""
    url = url.strip()
    if len(url) > MOST_CHARACTERS:
        raise Refused("an address of more than 16,384 characters")
    if _CONTROL.search(url):
        raise Refused("control characters in the address")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Refused(f"not an address: {error}") from error
    if parts.scheme not in PORTS:
        raise Refused(f"{parts.scheme or 'no scheme'}: only http and https are asked")
    host, port, address = _place(parts.netloc)
    target = Target("", parts.scheme, host, port or PORTS[parts.scheme], address)
    path = parts.path or "/"
    if "/." in path:
        path = urlsplit(urljoin(target.origin + "/", path)).path or "/"
    rest = path + (f"?{parts.query}" if parts.query else "")
    return target._replace(url=target.origin + _sendable(rest))


def _sendable(text: str) -> str:
    if _SENT_AS_IT_IS.fullmatch(text):
        return text
    return quote(text.encode("utf-8", "surrogatepass"), safe="-._~:/?[]@!$&'()*+,;=%|")


@lru_cache(maxsize=4096)
def _place(netloc: str) -> tuple[str, int | None, IPv4Address | IPv6Address | None]:
    if len(netloc) > MOST_HOST_CHARACTERS:
        raise Refused("a host of more than 1,000 characters")
    if not netloc:
        raise Refused("no host in the address")
    for sign, words in (("@", "a user"), ("\\", "a backslash"), ("%", "a percent sign"), (" ", "a blank")):
        if sign in netloc:
            raise Refused(f"{words} where the host should be")
    bracketed = re.fullmatch(r"\[([^\[\]]*)\](?::([0-9]*))?", netloc)
    if bracketed:
        address = _ipv6(bracketed[1])
        return str(address), _port(bracketed[2]), address
    name, _, port = netloc.partition(":")
    host, ipv4 = host_of_name(name)
    return host, _port(port), ipv4


def _ipv6(text: str) -> IPv6Address:
    try:
        return IPv6Address(text)
    except ValueError as error:
        raise Refused(f"[{text}] is no IPv6 address") from error


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise Refused(f"{text!r} is no port")
    return int(text)


def host_of_name(name: str) -> tuple[str, IPv4Address | None]:
    """A host's name in lower-case ASCII, and the address it is where it is an IPv4 address in its one plain form."""
    if name.isascii():
        host = name.lower()
    else:
        try:
            host = idna.encode(name, uts46=True).decode("ascii").lower()
        except (UnicodeError, ValueError) as error:
            raise Refused(f"{name!r} is no host name: {error}") from error
    host = host.removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):  # so does the URL standard tell addresses from names
        try:
            return host, IPv4Address(host)
        except ValueError as error:
            raise Refused(f"{host} is an odd spelling of an address") from error
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused(f"{name!r} is no host name")
    return host, None
