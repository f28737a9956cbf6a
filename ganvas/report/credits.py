"""Whom the pictures of a set are owed to: `write_credits(studio, "vases")` makes CREDITS.md and credits.json.

`credits_of(studio, "vases")` are the same two texts, for whoever puts them beside something else.

Every picture is named with its title, artist, licence, attribution and the page it is from, by licence, so that what
has to be printed can be copied. What no source stated is said to be not stated.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ganvas.catalog.public_keys import public_key
from ganvas.catalog.wanted import is_web
from ganvas.errors import InputError
from ganvas.studio import StudioFolder
from ganvas.whole import write_whole

if TYPE_CHECKING:
    from ganvas.catalog.credits import CreditRow

MARKDOWN, JSON = "CREDITS.md", "credits.json"
SAFE = "/:?#[]@!$&'()*+,;=%~-._"  # of an address, in angle brackets
MEANS_SOMETHING = re.compile(r"([\\`*_\[\]<>|&#~$!])")
TURNS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns lines from right to left
UNSEEN = "\u200b\u2060\ufeff"  # but not the joiners, which some scripts need
UNPRINTABLE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{TURNS}{UNSEEN}]")
SAID = ("title", "artist", "licence", "attribution", "link", "source", "key")


@dataclass(frozen=True)
class Licences:
    """`licences` counts pictures, most first; `not_stated` are those without a licence."""

    pictures: int
    licences: dict[str, int]
    not_stated: int

    @property
    def rows(self) -> list[tuple[str, int]]:
        """Each licence and how many pictures have it, then those of which none is stated."""
        return [*self.licences.items(), *([("not stated", self.not_stated)] if self.not_stated else [])]


@dataclass(frozen=True)
class Credits(Licences):
    """What was written where."""

    markdown: Path
    json: Path


@dataclass(frozen=True)
class CreditTexts(Licences):
    """What CREDITS.md and credits.json hold."""

    markdown: str
    json: str


@dataclass(frozen=True)
class _Picture:
    """One picture of a set and all items that have it. Its licence is the first that one of them states."""

    position: int
    sha256: str
    items: list[CreditRow]

    @property
    def licence(self) -> str | None:
        return next((item.licence.strip() for item in self.items if item.licence and item.licence.strip()), None)


def write_credits(studio: StudioFolder, name: str, out: str | Path | None = None) -> Credits:
    """Write both files into `out`, or into the set's own folder. The same set gives the same bytes.

    Raises InputError where there is no such set, or its folder is gone and no other is given.
    """
    texts = credits_of(studio, name)
    folder = studio.sets / name if out is None else Path(out)
    if out is None and not folder.is_dir():
        raise InputError(f"the folder of set {name} is gone: name another with --out")
    markdown = write_whole(folder / MARKDOWN, texts.markdown.encode())
    json = write_whole(folder / JSON, texts.json.encode())
    return Credits(texts.pictures, texts.licences, texts.not_stated, markdown, json)


def credits_of(studio: StudioFolder, name: str) -> CreditTexts:
    """Both texts of a set. Raises InputError where there is no such set."""
    row = studio.catalog.existing_set(name)
    pictures = _pictures(studio, name)
    counts = Counter(picture.licence for picture in pictures)
    stated = {licence: count for licence, count in sorted(counts.items(), key=_most_first) if licence is not None}
    licences = Licences(len(pictures), stated, counts[None])
    record = {
        "set": name,
        "fingerprint": row.fingerprint,
        **asdict(licences),
        "credits": [_described(studio, picture) for picture in pictures],
    }
    text = "\n\n".join(_markdown(name, pictures, licences)) + "\n"
    return CreditTexts(
        **asdict(licences),
        markdown=text.encode("utf-8", "backslashreplace").decode(),
        json=json.dumps(record, indent=1, ensure_ascii=True),
    )


def _pictures(studio: StudioFolder, name: str) -> list[_Picture]:
    rows = groupby(studio.catalog.credits_of(name), key=lambda row: row.position)
    known = {
        position: [replace(item, key=public_key(item.source, item.key)) for item in items] for position, items in rows
    }
    members = studio.catalog.members(name)
    return [_Picture(each.position, each.sha256, known.get(each.position, [])) for each in members]


def _described(studio: StudioFolder, picture: _Picture) -> dict[str, Any]:
    """A picture for credits.json; `items` beyond the first are other places where the same picture was found."""
    first, *others = [{name: getattr(item, name) for name in SAID} for item in picture.items] or [{}]
    original = studio.image_path(picture.sha256).relative_to(studio.root).as_posix()
    more = {"also": others} if others else {}
    return {"position": picture.position, "sha256": picture.sha256, "original": original, **first, **more}


def _markdown(name: str, pictures: Sequence[_Picture], licences: Licences) -> Iterator[str]:
    yield f"# Credits of {_escaped(name)}"
    rows = [f"| {_escaped(licence)} | {count:,} |" for licence, count in licences.rows]
    yield "\n".join(["| licence | pictures |", "| --- | ---: |", *rows])
    yield "Pictures are numbered as in the set, from 0; credits.json beside this file has all that is known of each."
    by_licence: dict[str | None, list[_Picture]] = defaultdict(list)
    for picture in pictures:
        by_licence[picture.licence].append(picture)
    for licence in licences.licences:
        yield f"## {_escaped(licence)}"
        yield "\n".join(_lines(by_licence[licence]))
    if licences.not_stated:
        yield "## Licence not stated"
        yield (
            "What these pictures were found by says nothing of a licence. Find out what may be done with them before "
            "they, or what was learned from them, are published."
        )
        yield "\n".join(_lines(by_licence[None]))


def _lines(pictures: Sequence[_Picture]) -> Iterator[str]:
    """A line for all pictures that are owed in the same words."""
    by_words: dict[str, list[int]] = {}
    for picture in pictures:
        by_words.setdefault(_words(picture.items), []).append(picture.position)
    for words, positions in by_words.items():
        yield f"- {_ranges(positions)}: {words}"


def _words(items: Sequence[CreditRow]) -> str:
    return "; also: ".join(dict.fromkeys(map(_owed, items))) or "nothing is known of where it is from"


def _owed(item: CreditRow) -> str:
    """The attribution, title and artist before it where it does not name that one, else how it was found; its page."""
    link = f" {_address(item.link)}" if item.link and is_web(item.link) else ""
    found = item.source if link else f"{item.source}: {item.key}"
    work = " by ".join(filter(None, (item.title and f"“{item.title}”", item.artist)))
    says_all = item.attribution and (item.artist or "").casefold() in item.attribution.casefold()
    words = "; ".join(filter(None, ("" if says_all else work, item.attribution))) or found
    return _escaped(words) + link


def _ranges(positions: Sequence[int]) -> str:
    """[0, 1, 2, 7] -> 0–2, 7."""
    runs: list[list[int]] = []
    for position in positions:
        if runs and position == runs[-1][1] + 1:
            runs[-1][1] = position
        else:
            runs.append([position, position])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def _escaped(text: str) -> str:
    """Text from outside that stays text in Markdown, in one line and without what terminals obey."""
    return MEANS_SOMETHING.sub(r"\\\1", " ".join(UNPRINTABLE.sub(" ", text).split()))


def _address(link: str) -> str:
    return f"<{quote(link.strip(), safe=SAFE)}>"


def _most_first(pair: tuple[str | None, int]) -> tuple[int, str]:
    return -pair[1], pair[0] or ""
