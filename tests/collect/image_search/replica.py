"""An image search page on loopback that behaves as the real ones do: `with SearchReplica(style="2024") as replica`.

A consent form comes first. Tiles are data: addresses or thumbnails that load once scrolled to; more of them come by
scrolling, then by a button. The address of an original is in the page only after its tile was opened, in a preview that
shows the thumbnail first. Class names are those of a year, or random.
"""

from __future__ import annotations

import base64
import io
import json
import os
import secrets
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

from PIL import Image

from tests.waiting import PATIENCE_S

PAGE = Path(__file__).with_name("replica.html")
CAPTCHA = """<!doctype html><title>Sorry</title><form id="captcha-form"><div id="recaptcha"></div></form>
<p>Our systems have detected unusual traffic from your computer network."""
CONSENT = """<!doctype html><title>Before you continue</title><h1>Before you continue to the search</h1>
<form action="/settings"><button>More options</button></form>
<form action="{url}/save" method="post"><input type="hidden" name="continue" value="{back}">
<button type="submit" aria-label="Reject all">Reject all</button></form>"""
CSP = "script-src 'nonce-n'; object-src 'none'; require-trusted-types-for 'script'"

# the tile, what is in it, and the preview's picture, as they were called in these years
STYLES: dict[str, dict[str, Any]] = {
    "2019": {"tile": "isv-r", "thumb": "rg_i Q4LuWd", "original": "n3VNCb", "more": "mye4qd", "ri": True},
    "2023": {"tile": "isv-r PNCib", "thumb": "rg_i YQ4gaf", "original": "r48jcc pT0Scc", "more": "mye4qd", "ri": True},
    "2024": {
        "tile": "eA0Zlc", "thumb": "YQ4gaf", "original": "sFlh5c FyHeAf", "more": "T7sFge", "jsname": "dTDiAc",
        "preview_jsname": "kn3ccd", "imgurl": True,
    },
    "renamed": {"preview_jsname": "kn3ccd", "docid": True, "more": "T7sFge"},
    "unknown": {},
}  # fmt: skip


@dataclass
class SearchReplica:
    """What it is asked is in `asked`: (method, path with query, headers). Everything else says how it behaves."""

    style: str = "2024"
    tiles: int = 30
    a_batch: int = 10
    scrolls: int = 1  # batches that come by scrolling; the rest by the button
    consent: str | None = "page"  # or "overlay"
    never: tuple[int, ...] = ()  # tiles that never show an original
    own: tuple[int, ...] = ()  # tiles whose original is the search page's own thumbnail
    bare: bool = False  # tiles without any picture
    twins: dict[int, int] = field(default_factory=dict)  # tiles with the original of another
    originals: str | None = None  # where originals are, instead of here
    captcha_after: int | None = None  # batches
    silent_from: int | None = None  # tiles whose original never comes
    script: str = ""  # what else the page does
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        replica = self

        class Handler(_Handler):
            server_replica = replica

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.left.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def paths(self, start: str) -> list[str]:
        """What was asked that begins so."""
        return [path for _, path, _ in self.asked if path.startswith(start)]

    def original(self, number: int) -> str:
        if number in self.own:
            return f"https://encrypted-tbn0.gstatic.com/images?q=tbn:{number}"
        return f"{self.originals or self.url + '/original'}/{self.twins.get(number, number)}.jpg"

    def source_page(self, number: int) -> str:
        return f"https://blog.example/post/{number}?a=1&b=2"

    def batch(self, number: int) -> list[dict[str, Any]]:
        first = number * self.a_batch
        return [self._tile(tile) for tile in range(first, min(first + self.a_batch, self.tiles))]

    def detail(self, number: int) -> dict[str, Any]:
        return {
            "original": None if number in self.never else self.original(number),
            "page": self.source_page(number),
            "title": f"Picture {number}",
        }

    def page(self, query: dict[str, str]) -> str:
        names = {name: f"x{secrets.token_hex(3)}" for name in ("tile", "thumb", "original", "more", "link", "title")}
        batches = -(-self.tiles // self.a_batch)
        given = {
            "names": names | {name: value for name, value in STYLES[self.style].items() if isinstance(value, str)},
            "style": STYLES[self.style],
            "query": query,
            "batch": self.batch(0),
            "batches": batches,
            "sign": "data:image/jpeg;base64," + base64.b64encode(paint(7, 32)).decode(),
            "scrolls": self.scrolls,
            "overlay": self.consent == "overlay",
        }
        text = PAGE.read_text(encoding="utf-8")
        return text.replace("/*GIVEN*/", json.dumps(given)).replace("/*SCRIPT*/", self.script)

    def _tile(self, number: int) -> dict[str, Any]:
        thumbnail = f"/thumbnail/{number}.jpg"
        if number % 2 == 0:
            thumbnail = "data:image/jpeg;base64," + base64.b64encode(paint(number, 80)).decode()
        return {
            "number": number,
            "thumbnail": None if self.bare else thumbnail,
            "lazy": number >= 4,
            "title": f"Picture {number}",
            "page": self.source_page(number),
        }


class _Handler(BaseHTTPRequestHandler):
    server_replica: SearchReplica
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        replica = self.server_replica
        replica.asked.append(("GET", self.path, dict(self.headers)))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        number = int("".join(letter for letter in parts.path if letter.isdigit()) or 0)
        if parts.path == "/search":
            self._search(query)
        elif parts.path == "/consent":
            self._send(CONSENT.format(url=replica.url, back=query["continue"]))
        elif parts.path == "/more" and replica.captcha_after == int(query["batch"]):
            self._send(CAPTCHA, status=429)
        elif parts.path == "/more":
            self._send(json.dumps(replica.batch(int(query["batch"]))), "application/json")
        elif parts.path == "/detail":
            if replica.silent_from is not None and int(query["tile"]) >= replica.silent_from:
                replica.left.wait(PATIENCE_S)
            self._send(json.dumps(replica.detail(int(query["tile"]))), "application/json")
        elif parts.path.startswith(("/original/", "/thumbnail/")):
            self._send(paint(number, 320 if parts.path.startswith("/original/") else 80), "image/jpeg")
        elif parts.path == "/go":
            self._redirect(query["to"])
        else:
            self._send("nothing here", status=404)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server_replica.asked.append(("POST", self.path, dict(self.headers)))
        self._redirect(form["continue"][0], {"Set-Cookie": "consent=given; Path=/"})

    def _search(self, query: dict[str, str]) -> None:
        replica = self.server_replica
        if "captcha" in query.get("q", ""):
            self._send(CAPTCHA, status=429)
        elif replica.consent == "page" and "consent=given" not in self.headers.get("Cookie", ""):
            self._redirect(f"/consent?continue={quote(replica.url + self.path, safe='')}")
        elif "nothing" in query.get("q", ""):
            self._send('<!doctype html><p role="heading">Your search did not match any image results.</p>')
        else:
            self._send(replica.page(query))

    def _redirect(self, to: str, headers: dict[str, str] | None = None) -> None:
        self._send("", status=302, headers={"Location": to, **(headers or {})})

    def _send(
        self, body: str | bytes, kind: str = "text/html; charset=utf-8", status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Security-Policy": CSP, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None: ...


def paint(number: int, width: int) -> bytes:
    """A picture of its own for each number, and the same one every time."""
    file = io.BytesIO()
    Image.new("RGB", (width, width * 3 // 4), (number * 37 % 256, number * 91 % 256, 90 + number % 100)).save(
        file, "JPEG"
    )
    return file.getvalue()


def browsers(replica: SearchReplica) -> list[int]:
    """Process ids of the browsers that may reach this replica."""
    port = replica.url.rpartition(":")[2]
    return _processes(f"--host-resolver-rules=MAP 127.0.0.1:{port}")


def drivers() -> list[int]:
    """Process ids of what Playwright started for this process."""
    parent = f"PPid:\t{os.getpid()}\n"
    return [process for process in _processes("run-driver") if parent in Path(f"/proc/{process}/status").read_text()]


def _processes(words: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if words.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found
