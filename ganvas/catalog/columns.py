"""Column types that keep the same value on SQLite and PostgreSQL: times, text from outside, JSON with numbers in it."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from typing import Any

from sqlalchemy import DateTime, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[dt.datetime]):
    """A time in UTC. Stored without zone, because SQLite has none and PostgreSQL would shift it to the session's."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return None if value is None else value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return None if value is None else value.replace(tzinfo=dt.UTC)


class Text(TypeDecorator[str]):
    """Text of any origin; see `storable`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text with what UTF-8 or PostgreSQL refuses spelled out: undecodable bytes of file names, and NUL."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", r"\x00")


def as_given(text: str) -> str:
    """`storable` undone for the undecodable bytes of a file name, so that a key finds its file again."""
    return re.sub(r"\\u(dc[89a-f][0-9a-f])", lambda found: chr(int(found[1], 16)), text) if "\\udc" in text else text


def to_json(value: Any) -> str:
    """Strict JSON: NaN and infinities become null (PostgreSQL refuses them), NumPy's scalars plain numbers.

    Text as `storable` has it: PostgreSQL keeps a NUL or half a character pair, and then can read no field beside it.
    """
    try:
        text = json.dumps(value, allow_nan=False, default=_plain)
    except ValueError:
        text = json.dumps(_finite(value), default=_plain)
    return json.dumps(_storable(json.loads(text))) if "\\u0000" in text or "\\ud" in text else text


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    return str(value)


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return {storable(key): _storable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_storable(part) for part in value]
    return storable(value) if isinstance(value, str) else value


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
