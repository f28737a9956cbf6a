"""From what a fetch, a decoder or a source said to the row that says it: one function each, giving `Finished`."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from ganvas.catalog.fetch_records import DONE, WAITING, Finished, Leased, StoredImage
from ganvas.catalog.wanted import PICTURE
from ganvas.collect.decoders import Reply
from ganvas.collect.fetch.outcome import ERRORS, Failed, Fetched
from ganvas.collect.fetch.schedule import next_delay_s
from ganvas.errors import GanvasError

JITTER = Random()
FORBIDDEN_PICTURE_TRIES = 2  # a firewall may lift; most pictures that are forbidden stay so


def failed(leased: Leased, failure: Failed, attempts: int) -> Finished:
    """Another try where that may do and tries are left, else the end."""
    kind = ERRORS[failure.error]
    tries = attempts
    if leased.kind == PICTURE and failure.error == "forbidden":
        tries = min(tries, FORBIDDEN_PICTURE_TRIES)
    again = kind.passes and leased.attempts + 1 < tries
    return Finished(
        leased.id,
        WAITING if again else kind.ends_as,
        error=failure.error,
        reason=failure.reason,
        status=failure.status,
        next_try=time.time() + next_delay_s(leased.attempts + 1, failure.retry_after_s, JITTER) if again else 0.0,
        final_url=failure.final_url,
    )


def unchanged(leased: Leased, fetched: Fetched) -> Finished:
    """Asked anew, and the same as before (304)."""
    return Finished(
        leased.id,
        DONE,
        status=fetched.status,
        sha256=leased.own_sha256,
        etag=fetched.etag or leased.etag,
        modified=fetched.modified or leased.modified,
        seconds=fetched.seconds + fetched.earlier_s,
    )


def known(leased: Leased) -> Finished:
    """A picture that another collection had from the same address."""
    return Finished(leased.id, DONE, sha256=leased.known_sha256, reused=True, counts_as_attempt=False)


def stored(leased: Leased, fetched: Fetched | None, reply: Reply) -> Finished:
    """What a decoder said of a picture; `fetched` is None where its source gave the bytes.

    Raises GanvasError where the original cannot be stored: that ends the collection, not the picture.
    """
    if "failed" in reply:
        raise GanvasError(reply["failed"])
    beside = {} if fetched is None else said(fetched)
    if reason := reply.get("reason"):
        return Finished(leased.id, ERRORS["unreadable"].ends_as, error="unreadable", reason=reason, **beside)
    image = StoredImage(**{name: reply[name] for name in StoredImage.__dataclass_fields__})
    return Finished(leased.id, DONE, bytes=image.bytes, sha256=image.sha256, image=image, **beside)


def not_a_picture(leased: Leased, fetched: Fetched | None, reason: str) -> Finished:
    """Bytes that do not begin like any picture."""
    beside = {} if fetched is None else said(fetched)
    return Finished(leased.id, ERRORS["not-a-picture"].ends_as, error="not-a-picture", reason=reason, **beside)


def said(fetched: Fetched) -> dict[str, Any]:
    """What the server said beside the bytes."""
    return {
        "status": fetched.status,
        "content_type": fetched.content_type,
        "etag": fetched.etag,
        "modified": fetched.modified,
        "final_url": fetched.final_url if fetched.final_url != fetched.url else None,
        "seconds": round(fetched.seconds + fetched.earlier_s, 3),
    }
