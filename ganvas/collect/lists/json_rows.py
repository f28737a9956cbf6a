"""JSON lines: an object a line; a line that is only a text is an address."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from typing import Any

from ganvas.collect.lists.bytes_in import briefly
from ganvas.collect.lists.lines import text_lines
from ganvas.counted import counted


def json_rows(path: str, note: Callable[[str], None]) -> Generator[dict[str, Any]]:
    """Every object. A note counts the lines that are none."""
    bad, first = 0, 0
    for number, line in enumerate(text_lines(path, note), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, str):
            yield {"url": row}
        elif isinstance(row, dict):
            yield row
        else:
            bad, first = bad + 1, first or number
    if bad:
        lines = counted(bad, "line is no JSON object and was", "lines are no JSON objects and were")
        note(f"{briefly(path)}: {lines} passed over, the first is line {first:,}")
