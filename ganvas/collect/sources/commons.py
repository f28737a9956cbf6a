"""The source "commons": free pictures of Wikimedia Commons, `ganvas collect commons "greek vases"`.

It asks the API of MediaWiki (action=query) for fifty files at a time. Wikimedia wants a User-Agent with a contact.
https://www.mediawiki.org/wiki/API:Imageinfo, https://commons.wikimedia.org/wiki/Commons:API
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from ganvas.catalog.wanted import Item, Page, Picture
from ganvas.collect.sources.each_record import items_of, text_of
from ganvas.collect.sources.html_text import html_text
from ganvas.collect.sources.licences import checked, licence_family
from ganvas.collect.sources.source import Answer, NotTheAnswer, Source, source
from ganvas.collect.sources.source import Options as SourceOptions
from ganvas.collect_settings import CollectSettings
from ganvas.errors import InputError, SettingsError
from ganvas.progress import Progress

BATCH = 50  # files in one answer
DEEPEST = 10_000  # results that a search of Wikimedia's gives at most
WIDTHS = (250, 330, 500, 960, 1280, 1920, 3840)  # what Wikimedia scales to; other widths are refused since 2026
FAMILIES = ("pd", "cc0", "by", "by-sa")
BITMAPS = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff")
FACTS = ("width", "height", "size", "mime", "sha1", "user", "timestamp", "url")
LONGEST_ARTIST = 200  # characters: some are tables with a life in them
ERRORS = {
    "maxlag": "unavailable",
    "readonly": "unavailable",
    "ratelimited": "throttled",
    "cirrussearch-too-busy-error": "unavailable",
    "cirrussearch-backend-error": "unavailable",
}
TOO_DEEP = "cirrussearch-offset-too-large"


@source("commons")
class Commons(Source):
    """Files that a search finds, or those of a category, with licence, author and every other field."""

    base_url = "https://commons.wikimedia.org"
    rate_per_s = 1.0
    rates = {"upload.wikimedia.org": 5.0}  # its robot policy: two at a time and 25 Mbit/s, at some 300 kB a picture

    class Options(SourceOptions):
        query: str | None = Field(
            default=None,
            description="What to search for, as on Commons itself.",
            json_schema_extra={"argument": True},
        )
        category: str | None = Field(default=None, description="Only files of this category, not of those in it.")
        width: int = Field(
            default=1280,
            ge=0,
            le=WIDTHS[-1],
            description="Pixels of the version that is fetched, at least so many; 0 for the original.",
        )
        licence: list[str] = Field(
            default=[], description="Only pictures of this licence: pd, cc0, by or by-sa. Again for more."
        )

    def __init__(self, options: Any, settings: CollectSettings, progress: Progress) -> None:
        """Raises SettingsError without a contact, InputError for nothing to search for."""
        super().__init__(options, settings, progress)
        if not (settings.contact or settings.user_agent):
            raise SettingsError(
                "Wikimedia wants to know whom it may write to: add --contact you@example.org, or "
                'contact = "you@example.org" under [collect] in ganvas.toml'
            )
        if not (options.query or options.category):
            raise InputError('nothing to search for: `ganvas collect commons "greek vases"`, or --category NAME')
        self.licences = checked("licence", options.licence, FAMILIES)

    def start(self) -> Iterable[Page | Item]:
        """The first answer's address."""
        yield Page(self._address({}), what="search", is_list=True)

    def read(self, page: Page, answer: Answer) -> Iterable[Page | Item]:
        """The pictures in one answer, and the address of the next."""
        files, onward = _answered(answer.json())
        if page.is_list and not files:
            self.progress.note(f"Commons has nothing for {self.options.query or self.options.category!r}")
        yield from items_of(files, self._item, self.progress.note, "file")
        if str(onward.get("gsroffset", 0)) == str(DEEPEST):
            self.progress.note(f"a search of Commons gives {DEEPEST:,} files at most: ask for less at a time")
        elif onward:
            if page.is_list:
                self.progress.note(f"Commons finds more than {len(files):,}: how many, only its last answer shows")
            yield Page(self._address(onward), what="search")

    def _address(self, onward: Mapping[str, Any]) -> str:
        options = self.options
        if options.query:
            within = f' incategory:"{_category(options.category)}"' if options.category else ""
            asked = {
                "generator": "search",
                "gsrnamespace": 6,
                "gsrlimit": BATCH,
                "gsrsearch": f"{options.query}{within} filetype:bitmap",
            }
        else:
            asked = {
                "generator": "categorymembers",
                "gcmtitle": f"Category:{_category(options.category)}",
                "gcmtype": "file",
                "gcmlimit": BATCH,
            }
        facts = {
            "action": "query",
            "format": "json",
            "formatversion": 2,
            **asked,
            "prop": "imageinfo",
            "iiprop": "url|size|mime|sha1|user|timestamp|extmetadata",
            "iiextmetadatalanguage": "en",
            "iiurlwidth": standard_width(options.width or 1280),
            "maxlag": 5,
        }
        return f"{self.base_url}/w/api.php?{urlencode({**facts, **onward})}"

    def _item(self, file: Any) -> Item | None:
        """A picture; None where it is none, of another licence, or described in the next answer."""
        info = next(iter(file.get("imageinfo") or []), None)
        if not info or info.get("mime") not in BITMAPS or not info.get("url") or not file.get("pageid"):
            return None
        said = _said(info.get("extmetadata"))
        words = {name: html_text(value) for name, value in said.items()}
        licence = words.get("LicenseShortName") or None
        if self.licences and licence_family(said.get("License") or licence or "") not in self.licences:
            return None
        title = words.get("ObjectName") or PurePosixPath(str(file.get("title", "")).removeprefix("File:")).stem
        return Item(
            key=str(file["pageid"]),
            pictures=(self._picture(info),),
            title=title,
            licence=licence,
            attribution=_attribution(title, words),
            link=text_of(info.get("descriptionurl")),
            artist=_artist(words),
            date=words.get("DateTimeOriginal") or None,
            tags=tuple(filter(None, words.get("Categories", "").split("|"))),
            details=said | {name: info[name] for name in FACTS if name in info},
        )

    def _picture(self, info: Mapping[str, Any]) -> Picture:
        original, scaled = _plain(info["url"]), _plain(info.get("thumburl") or info["url"])
        if self.options.width == 0:
            return Picture(original, instead=Picture(scaled) if scaled != original else None)
        return Picture(scaled)


def _answered(said: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """(files in their order, how to go on). Raises NotTheAnswer for an error, which comes with a status of 200."""
    if not isinstance(said, dict) or not ({"query", "batchcomplete", "continue", "error"} & said.keys()):
        raise NotTheAnswer("not an answer of MediaWiki's")
    error = said.get("error")
    if isinstance(error, dict) and error.get("code") == TOO_DEEP:
        return [], {}
    if error:
        raise _refusal(error)
    found = said.get("query")
    pages = found.get("pages") if isinstance(found, dict) else None
    files = [each for each in pages if isinstance(each, dict)] if isinstance(pages, list) else []
    onward = said.get("continue")
    return sorted(files, key=_place), onward if isinstance(onward, dict) else {}


def _place(file: Mapping[str, Any]) -> int:
    place = file.get("index")
    return place if isinstance(place, int) else 0


def _said(metadata: Any) -> dict[str, str]:
    """What a file's page says, field by field."""
    fields = metadata.items() if isinstance(metadata, dict) else ()
    values = {name: each.get("value") for name, each in fields if isinstance(each, dict)}
    return {name: str(value) for name, value in values.items() if value is not None}


def standard_width(width: int) -> int:
    """The next width that Wikimedia keeps."""
    return next((each for each in WIDTHS if each >= width), WIDTHS[-1])


def _refusal(error: Any) -> NotTheAnswer:
    """What an error in an answer of status 200 means for its row."""
    code, why = (str(error.get(name, "")) for name in ("code", "info")) if isinstance(error, dict) else ("", str(error))
    kind = "server-error" if code.startswith("internal_api_error") else ERRORS.get(code, "not-understood")
    return NotTheAnswer(f"MediaWiki says {code}: {why}"[:300], kind)


def _category(name: str) -> str:
    return name.removeprefix("Category:").replace('"', "").strip()


def _artist(words: Mapping[str, str]) -> str | None:
    return words.get("Artist", "")[:LONGEST_ARTIST] or None


def _attribution(title: str, words: Mapping[str, str]) -> str:
    """Title, author, source and licence in one line, as Creative Commons recommends; the author's own wording first."""
    author = words.get("Attribution") or _artist(words) or words.get("Credit", "")[:LONGEST_ARTIST] or "unknown author"
    licence, address = words.get("LicenseShortName") or "licence not stated", words.get("LicenseUrl")
    return f"“{title}” by {author}, {licence}{f' ({address})' if address else ''}, via Wikimedia Commons"


def _plain(address: str) -> str:
    return address.partition("?utm_")[0]  # marks of where an address was seen, not part of it
