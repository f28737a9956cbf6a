"""Which columns of a list hold what: the one that was asked for, or those that are called so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganvas.collect.called import CALLED, LABEL, called, plain
from ganvas.collect.lists.lines import ADDRESS
from ganvas.errors import InputError, did_you_mean

URL = "url"
ADDRESSES = (
    *("image_url", "img_url", "picture_url", "photo_url", "image_link", "photo_image_url", "primary_image"),
    *("url", "urls", "image", "images", "img", "picture", "photo", "src", "link", "href", "uri", "address"),
)
MOST_SHOWN, LONGEST_SHOWN = 12, 40  # columns and characters of their names in an error
MOST_LOOKED_AT = 1000


def choose_columns(
    asked: Mapping[str, str | None], columns: Sequence[str], sample: Iterable[Mapping[str, Any]], name: str
) -> dict[str, list[str]]:
    """{url, label, …: columns, the likeliest first}.

    Raises InputError for a column that is not there, and where none holds addresses.
    """
    chosen = {what: [_asked(what, column, columns, name)] for what, column in asked.items() if column is not None}
    free = [column for column in columns if [column] not in chosen.values()]
    if URL not in chosen:
        chosen[URL] = [_of_addresses(free, list(sample), name)]
    for what, names in CALLED.items():
        if what not in chosen and (found := called(names, [c for c in free if [c] != chosen[URL]])):
            chosen[what] = found[:1] if what == LABEL else found  # labels of two columns are no one set of classes
    return {what: chosen[what] for what in (URL, *CALLED) if what in chosen}


def addresses(value: Any) -> list[str]:
    """The addresses in a cell: one, or a list of them, or an object that has one as `url`."""
    if isinstance(value, dict):
        value = value.get("url") or value.get("src")
    if isinstance(value, list | tuple):
        return [address for part in value for address in addresses(part)]
    text = "" if value is None else str(value).strip()
    return [f"https:{text}" if text.startswith("//") else text] if text else []


def _asked(what: str, column: str, columns: Sequence[str], name: str) -> str:
    if column in columns:
        return column
    same = [known for known in columns if plain(known) == plain(column) != ""]
    if len(same) == 1:
        return same[0]
    near = did_you_mean(column, columns[:MOST_LOOKED_AT]) if len(columns) > MOST_SHOWN else ""
    there = near or did_you_mean(column, map(_short, columns[:MOST_SHOWN]))
    raise InputError(f"{name} has no column {column!r} for --{what}-column.{there}")


def _of_addresses(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], name: str) -> str:
    likely = called(ADDRESSES, columns)
    for column in (*likely, *columns):
        if any(ADDRESS.match(address) for row in rows for address in addresses(row.get(column))[:1]):
            return column
    if likely:
        return likely[0]
    if len(columns) < 2:  # it is no column's name, but the first line of something else
        raise InputError(f"{name} holds no addresses: a list names one in every row, http://… or https://…")
    shown = ", ".join(map(_short, columns[:MOST_SHOWN])) + (", …" if len(columns) > MOST_SHOWN else "")
    raise InputError(f"no column of {name} holds addresses: name one with --url-column. There is: {shown}.")


def _short(column: str) -> str:
    line = " ".join(column.split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…"
