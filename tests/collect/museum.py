"""A replica of the Met's Collection API on this machine, with its pictures, its firewall and its other habits.

    with Museum() as museum:
        museum.add(record(1), record(2, objectName="Vase"))
        ... museum.base_url ...

Every record has every field of the real ones. `museum.served` counts the answers that were what was asked for.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
from PIL import Image

ROOT = "/public/collection/v1"
DEPARTMENTS = {
    1: "American Decorative Arts",
    3: "Ancient West Asian Art",
    4: "Arms and Armor",
    5: "Arts of Africa, Oceania, and the Americas",
    6: "Asian Art",
    7: "The Cloisters",
    8: "The Costume Institute",
    9: "Drawings and Prints",
    10: "Egyptian Art",
    11: "European Paintings",
    12: "European Sculpture and Decorative Arts",
    13: "Greek and Roman Art",
    14: "Islamic Art",
    15: "The Robert Lehman Collection",
    16: "The Libraries",
    17: "Medieval Art",
    18: "Musical Instruments",
    19: "Photographs",
    21: "Modern Art",
}
CHALLENGE = "<html><head><title>Pardon Our Interruption</title></head><body>Checking your browser…</body></html>"
FIREWALL = "<html><head><title>Access denied</title></head><body>Error 16. Incident 1-2-3</body></html>"
OUTAGE = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
PICTURE_FIELDS = ("primaryImage", "primaryImageSmall")
JSON, HTML = "application/json; charset=UTF-8", "text/html; charset=utf-8"
Reply = tuple[int, str, bytes]


def record(number: int, additional: int = 0, **changes: Any) -> dict[str, Any]:
    """A made-up object with every field; its pictures are paths, which `Museum.add` makes addresses of."""
    made: dict[str, Any] = {
        "objectID": number,
        "isHighlight": False,
        "accessionNumber": f"19.{number}",
        "accessionYear": "1919",
        "isPublicDomain": True,
        "primaryImage": f"/CRDImages/gr/original/DP{number}.jpg",
        "primaryImageSmall": f"/CRDImages/gr/web-large/DP{number}.jpg",
        "additionalImages": [f"/CRDImages/gr/original/DP{number}_{n}.jpg" for n in range(1, additional + 1)],
        "constituents": None,
        "department": "Greek and Roman Art",
        "objectName": "Vase",
        "title": f"Terracotta vase {number}",
        "culture": "Greek, Attic",
        "period": "Archaic",
        "dynasty": "",
        "reign": "",
        "portfolio": "",
        "artistRole": "",
        "artistPrefix": "",
        "artistDisplayName": "",
        "artistDisplayBio": "",
        "artistSuffix": "",
        "artistAlphaSort": "",
        "artistNationality": "",
        "artistBeginDate": "",
        "artistEndDate": "",
        "artistGender": "",
        "artistWikidata_URL": "",
        "artistULAN_URL": "",
        "objectDate": "ca. 530 BCE",
        "objectBeginDate": -535,
        "objectEndDate": -525,
        "medium": "Terracotta; black-figure",
        "dimensions": "H. 12 in. (30.5 cm)",
        "measurements": None,
        "creditLine": "Rogers Fund, 1919",
        "geographyType": "",
        "city": "",
        "state": "",
        "county": "",
        "country": "Greece",
        "region": "",
        "subregion": "",
        "locale": "",
        "locus": "",
        "excavation": "",
        "river": "",
        "classification": "Vases",
        "rightsAndReproduction": "",
        "linkResource": "",
        "metadataDate": "2025-06-01T04:51:23.217Z",
        "repository": "Metropolitan Museum of Art, New York, NY",
        "objectURL": f"https://www.metmuseum.org/art/collection/search/{number}",
        "tags": None,
        "objectWikidata_URL": "",
        "isTimelineWork": False,
        "GalleryNumber": "",
    }
    assert set(changes) <= set(made), f"a record has no field {set(changes) - set(made)}"
    return made | changes


@cache
def jpeg(path: str) -> bytes:
    """A picture that no other path gives."""
    seed = int.from_bytes(hashlib.sha256(path.encode()).digest()[:8])
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    size = (48, 36) if "/web-large/" in path else (96, 72)
    stream = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
    return stream.getvalue()


@dataclass
class Firewall:
    """Shuts everybody out for `shut_s` after `quick` requests within `within_s`; tells how long if `tells`."""

    quick: int = 30
    within_s: float = 5.0
    shut_s: float = 1.0
    tells: bool = False


class Museum:
    """The service: `base_url` is what `--base-url` takes."""

    def __init__(
        self, firewall: Firewall | None = None, clock: Callable[[], float] = time.monotonic, etags: bool = False
    ) -> None:
        """`etags`: each answer has one, and what has not changed is answered with 304."""
        self.firewall = firewall
        self.etags = etags
        self.clock = clock
        self.records: dict[int, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.served: Counter[str] = Counter()
        self.shut_out = 0
        self.lost_pictures: set[str] = set()
        self._troubles: dict[str, deque[str]] = {}
        self._quick: deque[float] = deque()
        self._shut_until = float("-inf")
        self._changed = threading.Condition()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.base_url = self.address + ROOT

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.hang_up()
        self._thread.join()
        self._server.server_close()

    def add(self, *records: dict[str, Any]) -> None:
        """Show these objects, too; pictures that are paths become addresses here."""
        for one in records:
            found = dict(one)
            for name in PICTURE_FIELDS:
                found[name] = self._here(found[name])
            if isinstance(found["additionalImages"], list):
                found["additionalImages"] = [self._here(path) for path in found["additionalImages"]]
            self.records[found["objectID"]] = found

    def trouble(self, path: str, kind: str, times: int = 1) -> None:
        """Answer the next requests for a path with a "challenge" (200), an "outage" (503) or a "403" instead."""
        self._troubles.setdefault(path, deque()).extend([kind] * times)

    def pictures(self) -> set[str]:
        """The addresses of all originals that its records name."""
        named = {one["primaryImage"] for one in self.records.values()}
        for one in self.records.values():
            named.update(one["additionalImages"] or [])
        return {address for address in named if address}

    def records_served(self) -> Counter[int]:
        """How often each object's record was given."""
        paths = {path: path.removeprefix(f"{ROOT}/objects/") for path in self.served}
        return Counter({int(tail): self.served[path] for path, tail in paths.items() if tail.isdecimal()})

    def wait_until(self, happened: Callable[[Museum], bool], timeout_s: float = 60.0) -> None:
        """Return once it is true; requests are what makes it so."""
        end = time.monotonic() + timeout_s
        with self._changed:
            while not happened(self):
                if time.monotonic() > end:
                    raise AssertionError(f"{timeout_s:g} s in vain: the museum was asked {len(self.asked)} times")
                self._changed.wait(0.2)

    def reply(self, target: str, known: str | None = None) -> tuple[Reply, dict[str, str]]:
        """(status, type, body) and more headers, all of it noted. `known` is the ETag that the client has."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        with self._changed:
            self.asked.append(target)
            reply, headers = self._reply(path, {key: values[-1] for key, values in parse_qs(parts.query).items()})
            if reply[0] == 200 and reply[1] != HTML:
                if self.etags:
                    headers = {"ETag": f'"{hashlib.sha256(reply[2]).hexdigest()[:16]}"'}
                if known is not None and known == headers.get("ETag"):
                    reply = 304, reply[1], b""
                else:
                    self.served[path] += 1
            self._changed.notify_all()
        return reply, headers

    def _reply(self, path: str, query: dict[str, str]) -> tuple[Reply, dict[str, str]]:
        trouble = self._troubles.get(path)
        kind = trouble.popleft() if trouble else ""
        if path.startswith(ROOT) and self._is_shut():
            kind = "403"
        if kind == "challenge":
            return (200, HTML, CHALLENGE.encode()), {}
        if kind == "outage":
            return (503, HTML, OUTAGE.encode()), {"Retry-After": "1"}
        if kind == "403":
            self.shut_out += 1
            told = self.firewall is not None and self.firewall.tells
            return (403, HTML, FIREWALL.encode()), {"Retry-After": "1"} if told else {}
        return (self._api(path.removeprefix(ROOT), query) if path.startswith(ROOT) else self._picture(path)), {}

    def _is_shut(self) -> bool:
        if self.firewall is None:
            return False
        now = self.clock()
        if now < self._shut_until:
            return True
        self._quick.append(now)
        while self._quick[0] < now - self.firewall.within_s:
            self._quick.popleft()
        if len(self._quick) <= self.firewall.quick:
            return False
        self._quick.clear()
        self._shut_until = now + self.firewall.shut_s
        return True

    def _api(self, path: str, query: dict[str, str]) -> Reply:
        if path == "/departments":
            listed = [{"departmentId": number, "displayName": name} for number, name in DEPARTMENTS.items()]
            return _json({"departments": listed})
        if path == "/objects":
            return _json(_listed(self._among(query), empty=[]))
        if path == "/search":
            if not query.get("q"):
                return _json({"message": "q is required"}, 400)
            return _json(_listed([one for one in self.records.values() if _found(one, query)], empty=None))
        number = path.removeprefix("/objects/")
        if not number.isdecimal():
            return _json({"message": "Not a valid object"}, 404)
        if int(number) not in self.records:
            return _json({"message": "ObjectID not found"}, 404)
        return _json(self.records[int(number)])

    def _among(self, query: dict[str, str]) -> list[dict[str, Any]]:
        wanted = {DEPARTMENTS.get(int(number)) for number in query.get("departmentIds", "").split("|") if number}
        since = query.get("metadataDate", "")
        return [
            one
            for one in self.records.values()
            if (not wanted or one["department"] in wanted) and str(one["metadataDate"])[:10] >= since
        ]

    def _picture(self, path: str) -> Reply:
        if not path.startswith("/CRDImages/") or path in self.lost_pictures:
            return 404, HTML, b"<html><body>404 Not Found</body></html>"
        return 200, "image/jpeg", jpeg(path)

    def _here(self, path: Any) -> Any:
        return self.address + path if isinstance(path, str) and path.startswith("/") else path


def _json(value: Any, status: int = 200) -> Reply:
    return status, JSON, json.dumps(value, ensure_ascii=False).encode()


def _listed(records: list[dict[str, Any]], empty: list[int] | None) -> dict[str, Any]:
    return {"total": len(records), "objectIDs": [one["objectID"] for one in records] or empty}


def _found(one: dict[str, Any], query: dict[str, str]) -> bool:
    """As the search does: every condition that is given; hasImages lets objects without pictures through, too."""
    fields = {"title": ["title"], "tags": ["tags"], "artistOrCulture": ["artistDisplayName", "culture"]}
    among = [name for flag, names in fields.items() if query.get(flag) == "true" for name in names]
    text = json.dumps([one[name] for name in among] if among else one, ensure_ascii=False).lower()
    if not all(re.search(rf"\b{re.escape(word)}", text) for word in query["q"].lower().split()):
        return False
    if "departmentId" in query and one["department"] != DEPARTMENTS.get(int(query["departmentId"])):
        return False
    if query.get("isHighlight") == "true" and not one["isHighlight"]:
        return False
    if query.get("isOnView") == "true" and not one["GalleryNumber"]:
        return False
    if "medium" in query and not _any_in(query["medium"], f"{one['medium']} {one['classification']}"):
        return False
    if "geoLocation" in query and not _any_in(query["geoLocation"], f"{one['country']} {one['city']}"):
        return False
    if "dateBegin" in query and "dateEnd" in query:
        return int(query["dateBegin"]) <= one["objectBeginDate"] and one["objectEndDate"] <= int(query["dateEnd"])
    return True


def _any_in(wanted: str, text: str) -> bool:
    return any(one in text for one in wanted.split("|"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        (status, kind, body), headers = self.server.museum.reply(self.path, self.headers["If-None-Match"])
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the answers under way
    request_queue_size = 128

    def __init__(self, museum: Museum) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.museum = museum
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no error of the museum's."""

    def hang_up(self) -> None:
        """Close the connections that clients keep."""
        for request in list(self._open):
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
