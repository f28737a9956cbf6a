"""Clocks, servers, certificates and fetchers for the tests of fetching."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganvas.collect.fetch.fetcher import Fetcher
from ganvas.collect.fetch.outcome import Failed, Fetched, Moved
from ganvas.collect_settings import CollectSettings
from tests.collect.fetch.clock import Clock
from tests.collect.web_server import WebServer

Get = Callable[..., list[Fetched | Failed]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as one:
        yield one


@pytest.fixture
def get() -> Get:
    """`get(url, …, timeout_s=0.3)`: what each address gave, one after the other, of one fetcher, from host to host."""

    def fetched(*urls: str, trust=None, resolve=None, ask=None, **settings: object) -> list[Fetched | Failed]:
        caps = {"connect_timeout_s": 60.0, "read_timeout_s": 60.0, "timeout_s": 60.0, "allow_hosts": ["127.0.0.1"]}
        options = {"trust": trust} if trust else {}

        async def run() -> list[Fetched | Failed]:
            async with Fetcher(CollectSettings(**(caps | settings)), resolve=resolve, **options) as fetcher:
                return [await followed(fetcher, url, **(ask or {})) for url in urls]

        return asyncio.run(run())

    async def followed(fetcher: Fetcher, url: str, **how: object) -> Fetched | Failed:
        outcome = await fetcher.get(url, **how)
        while isinstance(outcome, Moved):
            outcome = await fetcher.get(outcome, **how)
        return outcome

    return fetched


class Certificates:
    """`good` is for localhost and 127.0.0.1, `other` for another host; a client of `trust` trusts both."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._make("good", "DNS:localhost,DNS:pictures.test,IP:127.0.0.1")
        self._make("other", "DNS:other.test")

    def served(self, name: str = "good", protocols: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        context.set_alpn_protocols(list(protocols))
        return context

    def trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        for name in ("good", "other"):
            context.load_verify_locations(self._folder / f"{name}.pem")
        return context

    def _make(self, name: str, names: str) -> None:
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        subprocess.run(
            [*command, *files, "-addext", f"subjectAltName={names}"],
            cwd=self._folder,
            check=True,
            capture_output=True,
            timeout=60,
        )


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificates, is not installed")
    return Certificates(tmp_path_factory.mktemp("certificates"))
