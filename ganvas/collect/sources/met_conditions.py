"""What an object must fulfil that the museum's service does not look at, of its record or its row in MetObjects.csv.

`conditions(options, field)`: `field("title")` says how a field, called as in records, is read from either, as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from ganvas.catalog.functions import as_number
from ganvas.catalog.patterns import matcher
from ganvas.collect.sources.met_options import MetOptions

Thing = TypeVar("Thing")
Said = Callable[[Thing], str]
Fulfils = Callable[[Thing], bool]
NAMED_IN = ("title", "objectName", "classification")  # where --not looks


def conditions(options: MetOptions, field: Callable[[str], Said[Thing]]) -> list[Fulfils[Thing]]:
    """One condition for each option that is given."""
    found: list[Fulfils[Thing]] = []
    if options.public_domain:
        found.append(_is_true(field("isPublicDomain")))
    if options.highlights:
        found.append(_is_true(field("isHighlight")))
    if options.name_like is not None:
        found.append(_alike(field("objectName"), options.name_like))
    if options.title_like is not None:
        found.append(_alike(field("title"), options.title_like))
    if options.not_:
        found.append(_without(options.not_, [field(name) for name in NAMED_IN]))
    if options.date_begin is not None and options.date_end is not None:
        begin, end = field("objectBeginDate"), field("objectEndDate")
        found.append(_between(begin, end, options.date_begin, options.date_end))
    if options.since is not None and options.query is not None:  # a list of all objects is asked for the day itself
        found.append(_changed_since(field("metadataDate"), options.since))
    return found


def _is_true(said: Said[Thing]) -> Fulfils[Thing]:
    return lambda thing: said(thing).lower() == "true"


def _alike(said: Said[Thing], pattern: str) -> Fulfils[Thing]:
    match = matcher(pattern, any_case=True)
    return lambda thing: match(said(thing))


def _without(words: list[str], fields: list[Said[Thing]]) -> Fulfils[Thing]:
    listed = "|".join(re.escape(word.strip()) for word in words)
    pattern = re.compile(rf"(?<!\w)(?:{listed})(?:e?s)?(?!\w)", re.IGNORECASE)  # "Vase fragments" are fragments
    return lambda thing: not any(pattern.search(said(thing)) for said in fields)


def _between(begin: Said[Thing], end: Said[Thing], first: int, last: int) -> Fulfils[Thing]:
    """The years in which it may have been made, and those asked for, have one in common."""

    def fulfils(thing: Thing) -> bool:
        earliest, latest = as_number(begin(thing)), as_number(end(thing))
        return earliest is not None and latest is not None and earliest <= last and latest >= first

    return fulfils


def _changed_since(said: Said[Thing], day: str) -> Fulfils[Thing]:
    """A record that names no day is taken."""
    return lambda thing: not said(thing) or said(thing)[:10] >= day
