"""The source "openverse": openly licensed pictures of many collections, `ganvas collect openverse "greek vases"`.

Without a key the API gives 20 works a page and 240 of a query, 20 requests a minute and 200 a day.
https://api.openverse.org/v1/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from ganvas.catalog.wanted import Item, Page, Picture
from ganvas.collect.sources.each_record import items_of, text_of
from ganvas.collect.sources.licences import checked, licence_name
from ganvas.collect.sources.source import Answer, NotTheAnswer, Source, source
from ganvas.collect.sources.source import Options as SourceOptions
from ganvas.collect_settings import CollectSettings
from ganvas.counted import counted
from ganvas.progress import Progress

PAGE_SIZE = 20
MOST = 240  # works of one query
KNOWN = {
    "licence": ("pdm", "cc0", "by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd", "sampling+", "nc-sampling+"),
    "use": ("commercial", "modification"),
    "aspect": ("tall", "wide", "square"),
    "size": ("small", "medium", "large"),
    "category": ("photograph", "illustration", "digitized_artwork"),
}


@source("openverse")
class Openverse(Source):
    """Works that a search finds, with licence, creator and an attribution ready to print."""

    base_url = "https://api.openverse.org"
    rate_per_s = 0.33
    mixes_hosts = True

    class Options(SourceOptions):
        query: str = Field(description="What to search for.", json_schema_extra={"argument": True})
        licence: list[str] = Field(
            default=[], description="Only this licence: cc0, pdm, by, by-sa, by-nc, by-nd… Again for more."
        )
        use: list[str] = Field(
            default=[], description="Only licences that allow this: commercial or modification. Again for both."
        )
        source: list[str] = Field(
            default=[], description="Only what comes from there: flickr, wikimedia, met, nasa… Again for more."
        )
        extension: list[str] = Field(default=[], description="Only files of this kind: jpg, png… Again for more.")
        aspect: str | None = Field(default=None, description="tall, wide or square.")
        size: str | None = Field(default=None, description="small, medium or large.")
        category: str | None = Field(default=None, description="photograph, illustration or digitized_artwork.")
        mature: bool = Field(default=False, description="Works marked as not for everyone, too.")

    def __init__(self, options: Any, settings: CollectSettings, progress: Progress) -> None:
        """Raises InputError for a licence, use, aspect, size or category that there is not."""
        super().__init__(options, settings, progress)
        self.chosen = {name: ",".join(checked(name, _all(getattr(options, name)), KNOWN[name])) for name in KNOWN}

    def start(self) -> Iterable[Page | Item]:
        """The first page of results."""
        yield self._page(1)

    def read(self, page: Page, answer: Answer) -> Iterable[Page | Item]:
        """The works of one page of results, and the next page."""
        said = answer.json()
        if not isinstance(said, dict) or not isinstance(said.get("results"), list):
            raise NotTheAnswer("not a page of results of Openverse's")
        number, pages = int(page.note["page"]), _count(said.get("page_count"))
        if number == 1:
            self._tell(_count(said.get("result_count")))
        yield from items_of(said["results"], _item, self.progress.note, "work")
        if number < pages and number * PAGE_SIZE < MOST and said["results"]:
            yield self._page(number + 1)

    def missing(self, page: Page, status: int, body: bytes) -> bool:
        """A page past the end of a search that has shrunk is said so by 400, 401 or 404."""
        return status in (400, 401, 404) and page.note.get("page", 1) > 1

    def _page(self, number: int) -> Page:
        options, chosen = self.options, self.chosen
        asked = {
            "q": options.query,
            "license": chosen["licence"],
            "license_type": chosen["use"],
            "source": ",".join(options.source),
            "extension": ",".join(options.extension),
            "aspect_ratio": chosen["aspect"],
            "size": chosen["size"],
            "category": chosen["category"],
            "mature": "true" if options.mature else None,
            "page_size": PAGE_SIZE,
            "page": number,
        }
        address = f"{self.base_url}/v1/images/?{urlencode({name: value for name, value in asked.items() if value})}"
        return Page(address, what="results", note={"page": number}, is_list=number == 1)

    def _tell(self, found: int) -> None:
        if not found:
            self.progress.note(f"Openverse has nothing for {self.options.query!r}")
        elif found >= MOST:
            self.progress.note(
                f"Openverse shows {MOST} works of a query: for more, ask again with --source, --licence, --size "
                "or --aspect"
            )
        else:
            self.progress.note(f"Openverse finds {counted(found, 'work')}")


def _all(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _item(work: Any) -> Item:
    """Raises for what is no work, or names no picture."""
    key, address = text_of(work["id"]), text_of(work["url"])
    if key is None or address is None:
        raise ValueError("a work without an id or the address of its picture")
    code, thumbnail = text_of(work.get("license")), text_of(work.get("thumbnail"))
    licence = licence_name(code, text_of(work.get("license_version"))) if code else None
    title, creator = text_of(work.get("title")), text_of(work.get("creator"))
    credit = f"“{title or 'untitled'}” by {creator or 'unknown author'}, {licence or 'licence not stated'}"
    return Item(
        key=key,
        pictures=(Picture(address, instead=Picture(thumbnail) if thumbnail else None),),
        title=title,
        licence=licence,
        attribution=text_of(work.get("attribution")) or credit,
        link=text_of(work.get("foreign_landing_url")),
        artist=creator,
        classification=text_of(work.get("category")),
        tags=tuple(dict.fromkeys(_tags(work.get("tags")))),
        details=dict(work),
    )


def _tags(said: Any) -> Iterator[str]:
    for tag in said if isinstance(said, list) else []:
        if isinstance(tag, dict) and (name := text_of(tag.get("name"))):
            yield name
