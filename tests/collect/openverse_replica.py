"""A replica of Openverse's API without a key: twenty works a page, 240 of a query, its errors in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.collect.loopback import Loopback, Reply, Request


def work(number: int, **changes: Any) -> dict[str, Any]:
    """A made-up work with every field of the real ones; its addresses are paths, which the replica completes."""
    made = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "title": f"Vase {number}",
        "indexed_on": "2026-01-02T03:04:05.000000Z",
        "foreign_landing_url": f"https://photos.example/{number}",
        "url": f"/full/{number}.jpg",
        "creator": "Ada",
        "creator_url": "https://photos.example/ada",
        "license": "by-sa",
        "license_version": "2.0",
        "license_url": "https://creativecommons.org/licenses/by-sa/2.0/",
        "provider": "flickr",
        "source": "flickr",
        "category": "photograph",
        "filesize": None,
        "filetype": "jpg",
        "tags": [{"name": "vase", "accuracy": None}, {"name": "greek", "accuracy": 0.9}, {"name": "vase"}],
        "attribution": f'"Vase {number}" by Ada is licensed under CC BY-SA 2.0. To view a copy of this license, …',
        "fields_matched": ["title"],
        "mature": False,
        "height": 768,
        "width": 1024,
        "thumbnail": f"/v1/images/{number}/thumb/",
        "detail_url": f"/v1/images/{number}/",
        "related_url": f"/v1/images/{number}/related/",
        "unstable__sensitivity": [],
    }
    return {**made, **changes}


class OpenverseReplica(Loopback):
    """`works` are what any query finds."""

    def __init__(self, works: list[dict[str, Any]], picture: Callable[[int], bytes] = lambda number: b"") -> None:
        super().__init__(self._reply)
        self.works = works
        self.gone: set[int] = set()  # whose full picture is no more
        self._picture = picture

    def _reply(self, request: Request) -> Reply:
        if request.path == "/v1/images/":
            return self._search(request.query)
        number = int("".join(filter(str.isdigit, request.path.removeprefix("/v1/images/").removesuffix(".jpg"))))
        if request.path.startswith("/full/") and number in self.gone:
            return Reply({"detail": "gone"}, 404)
        return Reply(self._picture(number), 200, "image/png")

    def _search(self, query: dict[str, str]) -> Reply:
        page, size = int(query.get("page", 1)), int(query.get("page_size", 20))
        if size > 20:
            return Reply({"detail": "page_size may not exceed 20 for anonymous requests"}, 401)
        if page * size > 240:
            return Reply({"detail": "pagination depth may not exceed 240 for anonymous requests"}, 401)
        shown = self.works[:240]
        pages = -(-len(shown) // size)
        if page > max(1, pages):
            return Reply({"detail": "Invalid page."}, 404)
        results = [self._complete(each) for each in shown[(page - 1) * size : page * size]]
        said = {"result_count": len(shown), "page_count": pages, "page_size": size, "page": page}
        return Reply({**said, "results": results, "warnings": []})

    def _complete(self, each: dict[str, Any]) -> dict[str, Any]:
        places = {name: f"{self.base_url}{each[name]}" for name in ("url", "thumbnail") if each.get(name)}
        return {**each, **places}
