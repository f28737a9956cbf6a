"""A website on loopback that a test fills: `site.put("/a.jpg", picture(1))`; `site.asked` counts who was asked for."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def picture(seed: int, size: tuple[int, int] = (24, 16)) -> bytes:
    """A JPEG that no other seed gives."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


class Website:
    """What a path answers: bytes, a Reply, or a call that gives one (of the request's headers)."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self._replies: dict[str, bytes | Reply | Callable[[dict[str, str]], Reply]] = {}
        self._lock = threading.Lock()

    def put(self, path: str, reply: bytes | Reply | Callable[[dict[str, str]], Reply]) -> str:
        """Returns the whole address."""
        self._replies[path] = reply
        return self.address + path

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        with self._lock:
            self.asked[path] += 1
            self.headers.append(headers)
        known = self._replies.get(path, Reply(b"nothing here", 404))
        if callable(known):
            known = known(headers)
        return Reply(known) if isinstance(known, bytes) else known


@contextmanager
def website() -> Iterator[Website]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            reply = site.reply(self.path, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Website(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
