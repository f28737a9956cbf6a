"""A replica of Wikimedia Commons: its API of fifty files an answer, its scaled pictures, its errors of status 200."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from tests.collect.loopback import Loopback, Reply, Request

ARTIST = (
    '<a href="//commons.wikimedia.org/wiki/User:Ada" title="User:Ada"><b>Ada</b>&nbsp;L.</a>'
    '<span style="display: none;">hidden twin</span>'
)
SCALED = re.compile(r"/wikipedia/commons/thumb/./../(.+)/(\d+)px-.+")
WIDTHS = (250, 330, 500, 960, 1280, 1920, 3840)


def described(number: int, **changes: Any) -> dict[str, Any]:
    """A made-up file: title, mime, size, and what its page says; None leaves a field of extmetadata out."""
    facts = {"title": f"File:Vase {number}.jpg", "mime": "image/jpeg", "width": 4000, "height": 3000}
    facts |= {name: changes.pop(name) for name in list(changes) if name in facts}
    words = {
        "ObjectName": f"Vase {number}",
        "Artist": ARTIST,
        "Credit": '<span class="int-own-work" lang="en">Own work</span>',
        "LicenseShortName": "CC BY-SA 4.0",
        "License": "cc-by-sa-4.0",
        "LicenseUrl": "https://creativecommons.org/licenses/by-sa/4.0",
        "UsageTerms": "Creative Commons Attribution-Share Alike 4.0",
        "DateTimeOriginal": 'circa 1890<div style="display: none;">date QS:P571,+1890</div>',
        "Categories": "Vases|Greek pottery",
        "ImageDescription": "<p>A vase &amp; its shadow</p>",
        **changes,
    }
    extmetadata = {name: {"value": value, "source": "commons-desc-page"} for name, value in words.items() if value}
    return {"pageid": 1000 + number, "ns": 6, **facts, "extmetadata": extmetadata}


class CommonsReplica(Loopback):
    """`files` are what a search finds; `error`, once set, is what the next call of the API says instead."""

    def __init__(self, files: list[dict[str, Any]], picture: Callable[[int], bytes] = lambda number: b"") -> None:
        super().__init__(self._reply)
        self.files = files
        self.error: dict[str, str] | None = None
        self._picture = picture

    def _reply(self, request: Request) -> Reply:
        if request.path == "/w/api.php":
            return self._api(request.query)
        if (scaled := SCALED.fullmatch(request.path)) and int(scaled[2]) not in WIDTHS:
            return Reply(b"Use thumbnail steps listed on https://w.wiki/GHai", 429, "text/html")
        name = scaled[1] if scaled else request.path.rpartition("/")[2]
        number = int(re.findall(r"\d+", name)[-1])
        return Reply(self._picture(number), 200, "image/png")

    def _api(self, query: dict[str, str]) -> Reply:
        if self.error:
            error, self.error = self.error, None
            return Reply({"error": error, "servedby": "replica"}, headers={"Retry-After": "1"})
        by_search = query["generator"] == "search"
        at = int(query.get("gsroffset" if by_search else "gcmcontinue", 0))
        size = int(query["gsrlimit" if by_search else "gcmlimit"])
        if at >= 10_000:
            return Reply({"error": {"code": "cirrussearch-offset-too-large", "info": "Up to 10000"}})
        found = [self._file(i, file, query) for i, file in enumerate(self.files[at : at + size], at + 1)]
        said: dict[str, Any] = {"batchcomplete": True}
        if at + size < len(self.files):
            onward = {"gsroffset": at + size, "continue": "gsroffset||"}
            said["continue"] = onward if by_search else {"gcmcontinue": str(at + size), "continue": "gcmcontinue||"}
        if found:
            said["query"] = {"pages": found[::-1]}  # in the order of page ids; `index` is that of the search
        return Reply(said)

    def _file(self, index: int, file: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        name = str(file["title"]).removeprefix("File:").replace(" ", "_")
        digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        place = f"{self.base_url}/wikipedia/commons"
        where, width = f"{digest[0]}/{digest[:2]}/{name}", int(query["iiurlwidth"])
        marks = "?utm_source=commons.wikimedia.org&utm_campaign=imageinfo"
        small = int(file["width"]) <= width
        info = {
            "timestamp": "2026-01-02T03:04:05Z",
            "user": "Ada",
            "size": 123456,
            "width": file["width"],
            "height": file["height"],
            "thumburl": f"{place}/{where}{marks}" if small else f"{place}/thumb/{where}/{width}px-{name}{marks}",
            "thumbwidth": min(width, int(file["width"])),
            "url": f"{place}/{where}{marks}",
            "descriptionurl": f"https://commons.wikimedia.org/wiki/File:{name}",
            "descriptionshorturl": f"https://commons.wikimedia.org/w/index.php?curid={file['pageid']}",
            "sha1": hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(),
            "mime": file["mime"],
            "extmetadata": file["extmetadata"],
        }
        return {"pageid": file["pageid"], "ns": 6, "title": file["title"], "index": index, "imageinfo": [info]}
