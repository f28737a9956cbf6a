"""What X-Robots-Tag forbids: `opted_out(headers, agent, now)`: to be looked at, and not to be collected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime

HONOURED = frozenset(("noai", "noimageai", "noindex", "noimageindex", "noml", "none"))
UNTIL = "unavailable_after"
# directives with a value; any other word before a colon names the agent that the rest is for
WITH_VALUE = frozenset((UNTIL, "max-snippet", "max-image-preview", "max-video-preview"))


def opted_out(headers: Iterable[str], agent: str, now: dt.datetime) -> str | None:
    """The directive, of those for `agent` or for all, that forbids use; None where none does."""
    for header in headers:
        for named, directive, value in _directives(header):
            if named not in ("", "*", agent.lower()):
                continue
            if directive in HONOURED:
                return directive
            if directive == UNTIL and _passed(value, now):
                return f"{UNTIL}: {value}"
    return None


def _directives(header: str) -> Iterator[tuple[str, str, str]]:
    """(agent, directive, value) each; an agent holds to the end of its header."""
    agent = ""
    parts = header.split(",")
    for at, part in enumerate(parts):
        word, colon, value = (text.strip() for text in part.partition(":"))
        word = word.lower()
        if colon and word not in WITH_VALUE:
            agent = word
            word, colon, value = (text.strip() for text in value.partition(":"))
            word = word.lower()
        if word == UNTIL:
            value = ",".join([value, *parts[at + 1 : at + 2]]) if _date(value) is None else value
        yield agent, word, value


def _passed(value: str, now: dt.datetime) -> bool:
    date = _date(value)
    return date is not None and date <= now


def _date(value: str) -> dt.datetime | None:
    for read in (parsedate_to_datetime, dt.datetime.fromisoformat):
        try:
            date = read(value.strip())
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return date if date.tzinfo else date.replace(tzinfo=dt.UTC)
    return None
