"""What becomes of one leased fetch: `Finished`, whether it had to be asked for or was known already.

Pictures go from the fetcher to the decoders; pages from the fetcher to their source, and what they name is wanted.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from ganvas.catalog.fetch_records import DONE, Finished, Leased
from ganvas.catalog.sound import Unsound, sound
from ganvas.catalog.wanted import LIST, PICTURE, Item, Page
from ganvas.collect import outcomes
from ganvas.collect.decoding import Decoding
from ganvas.collect.fetch.failures import one_line
from ganvas.collect.fetch.fetcher import Fetcher
from ganvas.collect.fetch.outcome import ERRORS, Failed, Fetched, Moved
from ganvas.collect.legs import Leg
from ganvas.collect.served import with_pictures
from ganvas.collect.sources.source import Answer, NotTheAnswer, Source
from ganvas.errors import GanvasError
from ganvas.pictures.sniff import UnreadablePicture, sniff

FOUND_AT_ONCE = 1000  # what a page may name and still be recorded together with it


class OneFetch:
    """`asked` goes through the network, `not_asked` does not. What a server or a source does never raises here."""

    def __init__(
        self,
        source: Source,
        fetcher: Fetcher,
        decoding: Decoding,
        want: Callable[[Sequence[Page | Item]], object],
    ) -> None:
        self.source = source
        self.settings = source.settings
        self._fetcher = fetcher
        self._decoding = decoding
        self._want = want

    def need_not_ask(self, leased: Leased) -> bool:
        """Whether its source gave the bytes, or another collection had the same."""
        return any(known is not None for known in (leased.data, leased.known_sha256, leased.known_body))

    async def not_asked(self, leased: Leased) -> Finished:
        if leased.data is not None:
            return await self._decoded(leased, None, leased.data)
        if leased.known_body is not None:
            status, at = leased.known_status or 200, leased.known_at or dt.datetime.now(dt.UTC)
            answer = Answer(leased.url, status, leased.known_body, leased.known_type, at)
            read = await asyncio.to_thread(self._read, leased, answer)
            return self._failed(leased, read) if isinstance(read, Failed) else _page_done(leased, read, reused=True)
        return outcomes.known(leased)

    async def asked(self, leg: Leg, turn_is_over: Callable[[Fetched | Failed | Moved], None]) -> Finished | None:
        """None where it is to go on at another host."""
        leased = leg.leased
        is_picture = leased.kind == PICTURE
        # a list is read whenever it is asked, changed or not: the lists that it names are to be asked again, too
        etag, modified = (None, None) if leased.kind == LIST else (leased.etag, leased.modified)
        again = leg.is_stale
        outcome = await self._fetcher.get(
            leased.url if again else leg.moved or leased.url,
            etag=etag,
            modified=modified,
            robots=is_picture or not self.source.is_api,
            over_hosts=again,
        )
        if isinstance(outcome, Fetched) and outcome.body is not None and not is_picture:
            return await self._page(leased, outcome, outcome.body, turn_is_over)
        turn_is_over(outcome)
        if isinstance(outcome, Moved):
            return None
        if isinstance(outcome, Failed):
            return self._failed(leased, outcome) if is_picture else self._no_page(leased, outcome)
        if outcome.body is None:
            return outcomes.unchanged(leased, outcome)
        return await self._decoded(leased, outcome, outcome.body)

    async def _decoded(self, leased: Leased, fetched: Fetched | None, body: bytes) -> Finished:
        try:
            sniff(body)
        except UnreadablePicture as error:
            return outcomes.not_a_picture(leased, fetched, str(error))
        return outcomes.stored(leased, fetched, await self._decoding.reply(body))

    async def _page(
        self, leased: Leased, fetched: Fetched, body: bytes, turn_is_over: Callable[[Fetched | Failed | Moved], None]
    ) -> Finished:
        """The turn ends with the reading: a challenge page with status 200 is for the host to be left alone."""
        answer = Answer(fetched.final_url, fetched.status, body, fetched.content_type, dt.datetime.now(dt.UTC))
        read = await asyncio.to_thread(self._read, leased, answer)
        turn_is_over(read if isinstance(read, Failed) and ERRORS[read.error].cools else fetched)
        if isinstance(read, Failed):
            return self._failed(leased, read)
        return _page_done(leased, read, fetched=fetched, body=body)

    def _read(self, leased: Leased, answer: Answer) -> list[Page | Item] | Failed:
        """What a page names; of very many all but the last are in the catalog when this returns."""
        page = self._as_page(leased)
        try:
            found = map(sound, self.source.read(page, answer))
            some = list(islice(found, FOUND_AT_ONCE))
            while more := list(islice(found, FOUND_AT_ONCE)):
                if with_pictures(some):  # there may be a limit to items: whoever records them sees to it
                    some += more
                    continue
                self._want(some)
                some = more
            return some
        except Exception as error:
            return _costs(error, answer.status)

    def _no_page(self, leased: Leased, failure: Failed) -> Finished:
        """A source knows whether a 4xx is its own word, or that of something in between."""
        if failure.status is not None and 400 <= failure.status < 500 and not ERRORS[failure.error].cools:
            try:
                is_gone = self.source.missing(self._as_page(leased), failure.status, failure.body or b"")
            except Exception as error:
                return self._failed(leased, _costs(error, failure.status))
            failure = replace(
                failure, error="gone" if is_gone else "server-error" if failure.error == "gone" else failure.error
            )
        return self._failed(leased, failure)

    def _as_page(self, leased: Leased) -> Page:
        return Page(leased.url, leased.what, leased.note, is_list=leased.kind == LIST)

    def _failed(self, leased: Leased, failure: Failed) -> Finished:
        return outcomes.failed(leased, failure, self.settings.attempts)


def _costs(error: Exception, status: int) -> Failed:
    """What a source raised, as the failure of its page: a record that is unlike any other costs its own row.

    Raises what ends the collection: options that cannot be, a catalog that cannot be written.
    """
    if isinstance(error, NotTheAnswer):
        known = error.error in ERRORS
        reason = str(error) if known else f"{error.error}: {error}"
        return Failed(error.error if known else "not-understood", one_line(reason), status)
    if isinstance(error, GanvasError):
        raise error
    reason = str(error) if isinstance(error, Unsound) else f"{type(error).__name__}: {error}"
    return Failed("not-understood", one_line(reason), status)


def _page_done(
    leased: Leased,
    found: list[Page | Item],
    *,
    fetched: Fetched | None = None,
    body: bytes | None = None,
    reused: bool = False,
) -> Finished:
    said = {} if fetched is None else outcomes.said(fetched)
    sha256 = None if body is None else hashlib.sha256(body).hexdigest()
    size = None if body is None else len(body)
    return Finished(leased.id, DONE, bytes=size, sha256=sha256, body=body, found=found, reused=reused, **said)
