"""Records of an answer as items: `items_of(works, item_of, note, "work")`. An odd one costs itself, not the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ganvas.catalog.wanted import Item
from ganvas.counted import counted

LONGEST_REASON = 120  # characters


def items_of(
    records: Iterable[Any], item_of: Callable[[Any], Item | None], note: Callable[[str], None], what: str
) -> Iterator[Item]:
    """The items that `item_of` makes of records, without those it gives None for. What it fails at is counted."""
    odd, first = 0, ""
    for record in records:
        try:
            item = item_of(record)
        except Exception as error:  # whatever a service says of one, the others and the next page are to be had
            odd, first = odd + 1, first or f"{type(error).__name__}: {error}"
            continue
        if item is not None:
            yield item
    if odd:
        note(f"passed over {counted(odd, what)} that could not be read, the first for {first[:LONGEST_REASON]}")


def text_of(value: Any) -> str | None:
    """A field as text; None where it is empty or neither text nor a number."""
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value).strip() or None if is_plain else None
