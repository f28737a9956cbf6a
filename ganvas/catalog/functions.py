"""What SQLite lacks and PostgreSQL has, as functions of a connection: `add_functions(connection)`."""

from __future__ import annotations

import re
import sqlite3

LOWER = "ganvas_lower"  # SQLite's own knows no letters but A to Z
NUMBER = "ganvas_number"
NUMBER_PATTERN = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"  # what a text must be to count as a number, on both databases
_number = re.compile(NUMBER_PATTERN.replace("$", r"\Z"))


def add_functions(connection: sqlite3.Connection) -> None:
    """ganvas_lower(text) for all of Unicode, and ganvas_number(text): the number that a text is, or NULL."""
    connection.create_function(LOWER, 1, _lower, deterministic=True)
    connection.create_function(NUMBER, 1, as_number, deterministic=True)


def _lower(text: object) -> str | None:
    return text.lower() if isinstance(text, str) else None


def as_number(text: object) -> int | float | None:
    """The number that a text is, or None."""
    if not isinstance(text, str) or not _number.match(text):
        return None
    return float(text) if "." in text else int(text)
