"""One record of the Met as an item: `item_of(record, key)`. Every field may be missing, null, or of another kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ganvas.catalog.wanted import Item, Picture, same_address

MUSEUM = "The Metropolitan Museum of Art"
LICENCE = "CC0 1.0"  # of what is in the public domain; the museum's open access policy
ORIGINAL, SMALL = "/original/", "/web-large/"  # where an original and its smaller copy lie
FARTHEST_YEAR = 10**9  # what a column of the catalog can hold

Record = dict[str, Any]


def item_of(record: Record, key: str, *, small: bool = False, primary_only: bool = False) -> Item:
    """The item with the record's own pictures, its additional ones after the first, and all it says in `details`."""
    pictures = tuple(_pictures(record, small))
    return Item(
        key=key,
        pictures=pictures[:1] if primary_only else pictures,
        title=_text(record, "title"),
        licence=LICENCE if record.get("isPublicDomain") is True else _text(record, "rightsAndReproduction"),
        attribution=attribution(record),
        link=_text(record, "objectURL"),
        artist=_text(record, "artistDisplayName"),
        object_name=_text(record, "objectName"),
        department=_text(record, "department"),
        culture=_text(record, "culture"),
        period=_text(record, "period"),
        date=_text(record, "objectDate"),
        begin_date=_year(record.get("objectBeginDate")),
        end_date=_year(record.get("objectEndDate")),
        medium=_text(record, "medium"),
        classification=_text(record, "classification"),
        tags=tuple(_terms(record.get("tags"))),
        details=record,
    )


def attribution(record: Record) -> str:
    """A line ready to print: "Edgar Degas: The Dance Class, 1874. The Metropolitan Museum of Art, Bequest of …"."""
    maker = _text(record, "artistDisplayName") or _text(record, "culture")
    what = ", ".join(filter(None, [_text(record, "title") or _text(record, "objectName"), _text(record, "objectDate")]))
    work = ": ".join(filter(None, [maker, what])).rstrip(".")
    whose = ", ".join(filter(None, [MUSEUM, _text(record, "creditLine")]))
    return ". ".join(filter(None, [work, whose]))


def said(record: Record, name: str) -> str:
    """A plain field as MetObjects.csv would write it; "" where there is none."""
    value = record.get(name)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _pictures(record: Record, small: bool) -> Iterator[Picture]:
    primary, web_size = _address(record.get("primaryImage")), _address(record.get("primaryImageSmall"))
    named = [web_size if small and web_size else primary or web_size]
    additional = record.get("additionalImages")
    for address in map(_address, additional if isinstance(additional, list) else []):
        beside = small and web_size == primary.replace(ORIGINAL, SMALL) != primary
        named.append(address.replace(ORIGINAL, SMALL) if beside else address)
    for place, address in enumerate(dict.fromkeys(named)):
        if address and place == 0 and address == primary and web_size not in ("", primary):
            yield Picture(address, instead=Picture(web_size))
        elif address:
            yield Picture(address)


def _address(value: Any) -> str:
    return same_address(value) if isinstance(value, str) else ""


def _text(record: Record, name: str) -> str | None:
    """A text on one line, None where it is empty."""
    return " ".join(said(record, name).split()) or None


def _year(value: Any) -> int | None:
    try:
        year = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return year if abs(year) < FARTHEST_YEAR else None


def _terms(tags: Any) -> Iterator[str]:
    for tag in tags if isinstance(tags, list) else []:
        if isinstance(tag, dict) and (term := _text(tag, "term")):
            yield term
