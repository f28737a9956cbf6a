"""How long a server asks to be left alone: `retry_after_s(header, now)`."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

LONGEST_S = 24 * 3600.0  # what asks for more may be asked again then


def retry_after_s(header: str | None, now: dt.datetime) -> float | None:
    """Seconds from a Retry-After of seconds or a date (RFC 9110, 10.2.3), at most a day; None where there is none."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_S)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=dt.UTC)
    return min(max((date - now).total_seconds(), 0.0), LONGEST_S)
