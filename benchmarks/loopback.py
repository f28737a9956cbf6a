"""A server on loopback for a folder's pictures, that misbehaves as asked: `python -m benchmarks.loopback FOLDER`.

/N.jpg is picture N of the folder, again and again: there is no end to N. It runs as a process of its own, keeps all in
memory and spends as little as it can, so that what is measured is whoever asks. Prints its port when it listens.

With --bad, of a hundred addresses 5 never answer, 5 are reset half-way, 5 send a byte a second, 5 say 429 with
Retry-After: 2 when first asked, and 1 is a web page with the type of a picture.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

HANG, RESET, TRICKLE, THROTTLE = range(0, 5), range(5, 10), range(10, 15), range(15, 20)
PAGE = 20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"


class Answers(asyncio.Protocol):
    """One connection."""

    bodies: list[bytes] = []
    bad = False
    throttled: set[int] = set()
    asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            self.answer(head.split(b" ", 2)[1])

    def answer(self, path: bytes) -> None:
        name = path[1:].partition(b".")[0]
        if not name.isdigit():
            self.transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        number = int(name)
        body = self.bodies[number % len(self.bodies)]
        which = number % 100 if self.bad else 100
        if which in HANG:
            return
        if which in RESET:
            self.transport.write(HEAD % len(body) + body[: len(body) // 2])
            self.reset()
        elif which in TRICKLE:
            self.transport.write(HEAD % len(body))
            self.trickle(body, 0)
        elif which in THROTTLE and number not in self.throttled:
            self.throttled.add(number)
            self.transport.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n")
        elif which == PAGE:
            page = b"<!doctype html><title>Sign in</title>"
            self.transport.write(HEAD % len(page) + page)
        else:
            self.transport.write(HEAD % len(body) + body)

    def reset(self) -> None:
        asyncio.get_running_loop().call_later(0.01, self.transport.abort)

    def trickle(self, body: bytes, at: int) -> None:
        if not self.transport.is_closing() and at < len(body):
            self.transport.write(body[at : at + 1])
            asyncio.get_running_loop().call_later(1.0, self.trickle, body, at + 1)


async def serve(folder: Path, bad: bool, most: int) -> None:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))[:most]
    Answers.bodies, Answers.bad = [path.read_bytes() for path in paths], bad
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bad", action="store_true")
    parser.add_argument("--most", type=int, default=5000)
    given = parser.parse_args()
    asyncio.run(serve(given.folder, given.bad, given.most))
