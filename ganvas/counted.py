"""A count with its word: `counted(1, "page")` is "1 page", `counted(2, "row has", "rows have")` "2 rows have"."""

from __future__ import annotations


def counted(n: int, one: str, many: str | None = None) -> str:
    """`many` is for every number but 1; the word with an s when not given."""
    return f"1 {one}" if n == 1 else f"{n:,} {many or f'{one}s'}"
