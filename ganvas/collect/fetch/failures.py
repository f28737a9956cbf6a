"""Which class of error it is: `failed_by(error)` for what was raised, `failed_with(status, …)` for what was said."""

from __future__ import annotations

import datetime as dt
import re
import socket
import ssl
from http import HTTPStatus

import aiohttp
import h2.exceptions
import httpcore

from ganvas.collect.fetch.outcome import Failed
from ganvas.collect.fetch.retry_after import retry_after_s
from ganvas.collect.fetch.target import Refused

MOST_WORDS = 200
SAID = {403: "forbidden", 404: "gone", 408: "server-error", 410: "gone", 429: "throttled", 503: "unavailable"}


class Stop(Exception):
    """Ends a fetch from within, with what it failed by."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.reason)
        self.failed = failed


class CutShort(Exception):
    """The body ended before it should have."""


class Silent(TimeoutError):
    """A connected server that says nothing for too long."""


# In order: the first that fits. What a library raises for a connection that broke is told from one that never was.
_CLASSES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((Refused, aiohttp.InvalidURL), "address"),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), "cut-short"),
    ((ssl.SSLError, ssl.CertificateError, aiohttp.ClientSSLError), "tls"),
    ((TimeoutError, httpcore.TimeoutException), "timeout"),
    ((socket.gaierror, aiohttp.ClientConnectorDNSError, UnicodeError), "dns"),
    ((aiohttp.ClientConnectorError, httpcore.ConnectError), "connect"),
    ((CutShort, aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError), "cut-short"),
    ((aiohttp.ClientOSError, httpcore.NetworkError, httpcore.ConnectionNotAvailable), "cut-short"),
    ((ConnectionRefusedError,), "connect"),
    ((ConnectionError,), "cut-short"),
    ((aiohttp.ClientError, httpcore.ProtocolError, h2.exceptions.H2Error), "protocol"),
    ((OSError,), "connect"),
)


def failed_by(error: BaseException) -> Failed:
    """What an exception of the network means, for a row. Never raises: what nobody thought of is "protocol"."""
    if isinstance(error, Stop):
        return error.failed
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None)
    for known in (cause, error):
        for kinds, name in _CLASSES:
            if known is not None and isinstance(known, kinds):
                never_was = known is cause and isinstance(known, ConnectionError)
                return Failed("connect" if never_was else name, _words(known, name))
    return Failed("protocol", f"{type(error).__name__}: {error}")


def failed_with(status: int, retry_after: str | None, now: dt.datetime) -> Failed:
    """What a status other than 2xx and 3xx means."""
    name = SAID.get(status)
    if name is None:
        name = "server-error" if 500 <= status < 600 else "refused" if 400 <= status < 500 else "protocol"
    wait = retry_after_s(retry_after, now)
    words = f"{status} {_phrase(status)}".rstrip() + ("" if wait is None else f", to be asked again in {wait:g} s")
    return Failed(name, words, status, wait)


def one_line(text: str) -> str:
    """Words from outside for a row: printable, and not too many."""
    text = re.sub(r"\s+", " ", "".join(sign if sign.isprintable() else " " for sign in text)).strip()
    return text if len(text) <= MOST_WORDS else text[: MOST_WORDS - 1] + "…"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _words(error: BaseException, name: str) -> str:
    if name == "timeout":
        silent = isinstance(error, (Silent, aiohttp.SocketTimeoutError, httpcore.TimeoutException))
        return "silent for too long" if silent else "no connection in time"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"no HTTP: {error.message}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    strerror = getattr(error, "strerror", None)
    return str(strerror or error) or type(error).__name__
