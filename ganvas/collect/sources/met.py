"""The source "met": objects of The Metropolitan Museum of Art, `ganvas collect met --query vase --public-domain`.

Its Collection API needs no key (https://metmuseum.github.io). A list gives the numbers of all objects at once; each
record is a page of its own. There are some 501,000: at 5 a second all of them take a little more than a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from ganvas.catalog.wanted import Item, Page
from ganvas.collect.sources.met_conditions import conditions
from ganvas.collect.sources.met_options import MetOptions
from ganvas.collect.sources.met_record import item_of, said
from ganvas.collect.sources.source import Answer, NotTheAnswer, Source, source
from ganvas.collect_settings import CollectSettings
from ganvas.counted import counted
from ganvas.errors import InputError, did_you_mean
from ganvas.progress import Progress

DEPARTMENTS, OBJECTS, OBJECT = "departments", "objects", "object"


@source("met")
class Met(Source):
    """Objects that a search finds, that changed since a day, that MetObjects.csv names, or all there are."""

    Options = MetOptions
    base_url = "https://collectionapi.metmuseum.org/public/collection/v1"
    rate_per_s = 5.0  # 80 are allowed, and its firewall shuts out whoever asks 30 quickly

    def __init__(self, options: Any, settings: CollectSettings, progress: Progress) -> None:
        """Raises InputError for a file that is no MetObjects.csv, and for columns that it does not have."""
        super().__init__(options, settings, progress)
        self.conditions = conditions(options, lambda name: partial(_said, name))
        if options.csv is not None:
            self._chosen()

    def start(self) -> Iterable[Page | Item]:
        """The list of numbers to ask for, or the numbers themselves where a file names them."""
        if self.options.csv is not None:
            return map(self._object, self._chosen())
        if self.options.department:
            return [Page(f"{self.base_url}/departments", DEPARTMENTS, is_list=True)]
        return self._lists(())

    def read(self, page: Page, answer: Answer) -> Iterable[Page | Item]:
        """Raises NotTheAnswer for what is no answer of the museum's, InputError for a department it does not have."""
        told = answer.json()
        if not isinstance(told, dict):
            raise NotTheAnswer(f"no JSON object: {str(told)[:60]}")
        if page.what == DEPARTMENTS:
            return self._lists(_department_ids(self.options.department, told))
        if page.what == OBJECTS:
            return self._objects(told)
        return self._item(page, told)

    def missing(self, page: Page, status: int, body: bytes) -> bool:
        """A record that is not there is said so in JSON; another 404 is of something in between."""
        if page.what == OBJECT and status == 404:
            return body.lstrip()[:1] == b"{"
        return super().missing(page, status, body)

    def _chosen(self) -> Iterator[int]:
        """The numbers of the file's objects; its rows are read as they are asked for."""
        from ganvas.collect.sources.met_csv import MetObjects

        return MetObjects(self.options.csv).chosen(self.options, self.progress.note)

    def _lists(self, departments: Sequence[int]) -> Iterator[Page]:
        """One list of all departments' objects; the search takes only one department at a time."""
        if self.options.query is None:
            among = "|".join(map(str, departments))
            yield self._list("objects", {"departmentIds": among, "metadataDate": self.options.since or ""})
            return
        for department in [str(number) for number in departments] or [""]:
            yield self._list("search", {"departmentId": department, **self._searched()})

    def _searched(self) -> dict[str, str]:
        asked = self.options
        first, last = asked.date_begin, asked.date_end
        return {
            "isHighlight": _flag(asked.highlights),
            "isOnView": _flag(asked.on_view),
            "title": _flag(asked.in_title),
            "tags": _flag(asked.in_tags),
            "artistOrCulture": _flag(asked.in_artist_or_culture),
            "medium": "|".join(asked.medium),
            "geoLocation": "|".join(asked.geo_location),
            "dateBegin": "" if first is None else str(first),
            "dateEnd": "" if last is None else str(last),
            "hasImages": "true",  # some of what it then finds has none all the same
            "q": asked.query,
        }

    def _list(self, path: str, parts: dict[str, str]) -> Page:
        query = urlencode({name: part for name, part in parts.items() if part}, quote_via=quote, safe="|")
        return Page(f"{self.base_url}/{path}{'?' * bool(query)}{query}", OBJECTS, is_list=True)

    def _objects(self, told: dict[str, Any]) -> Iterator[Page]:
        numbers = told.get("objectIDs", "none")
        if numbers is not None and not isinstance(numbers, list):
            raise NotTheAnswer("a list without objectIDs")
        good = [number for number in numbers or [] if type(number) is int and number > 0]
        odd = len(numbers or []) - len(good)
        beside = f", and {counted(odd, 'that is no number', 'that are no numbers')}, passed over" if odd else ""
        self.progress.note(f"the museum names {counted(len(good), 'object')}{beside}")
        return map(self._object, good)

    def _object(self, number: int) -> Page:
        # what changed must be asked for anew, though another collection may have an older answer
        age = 0.0 if self.options.since is not None else None
        return Page(f"{self.base_url}/objects/{number}", OBJECT, max_age_s=age)

    def _item(self, page: Page, record: dict[str, Any]) -> Iterator[Item]:
        number = page.url.rpartition("/")[2]
        if str(record.get("objectID", number)) != number or "message" in record:
            raise NotTheAnswer(f"not the record of object {number}")
        if all(fulfils(record) for fulfils in self.conditions):
            yield item_of(record, f"objects/{number}", small=self.options.small, primary_only=self.options.primary_only)


def _flag(given: bool) -> str:
    return "true" if given else ""


def _said(name: str, record: dict[str, Any]) -> str:
    return said(record, name)


def _department_ids(asked: Iterable[str], told: dict[str, Any]) -> list[int]:
    """The numbers of departments named by number or name. Raises InputError with the nearest name."""
    listed = told.get("departments")
    if not isinstance(listed, list):
        raise NotTheAnswer("no list of departments")
    names = {
        int(one["departmentId"]): str(one["displayName"])
        for one in listed
        if isinstance(one, dict) and str(one.get("departmentId")).isdecimal() and one.get("displayName")
    }
    by_name = {name.casefold(): number for number, name in names.items()} | {str(number): number for number in names}
    found = []
    for name in asked:
        number = by_name.get(name.strip().casefold())
        if number is None:
            inside = [known for known in names.values() if name.strip().casefold() in known.casefold()]
            hint = f" Did you mean {inside[0]}?" if len(inside) == 1 else did_you_mean(name, names.values())
            number, known = next(iter(names.items()), (0, ""))
            example = f" A number or a name is meant, as {number} or {known!r}." if known else ""
            raise InputError(f"the museum has no department {name!r}.{hint or example}")
        found.append(number)
    return list(dict.fromkeys(found))
