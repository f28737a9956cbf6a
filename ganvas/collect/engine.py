"""The engine of a collection: leases what waits, keeps hosts' turns, fetches, has pictures decoded, records outcomes.

    await Engine(studio, collection, source, settings, worker, decoders, progress).run()

One thread runs it, another pulls the source, a third speaks with the catalog; pictures are decoded in processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Literal, TypeVar

from ganvas.catalog.fetch_records import FAILED, REFUSED, WAITING, CollectionRow, Finished, Leased
from ganvas.catalog.wanted import LIST, PAGE, PICTURE, Item, Page, host_of
from ganvas.collect.decoders import Decoders
from ganvas.collect.decoding import Decoding
from ganvas.collect.estimate import planned
from ganvas.collect.feeding import Feeder
from ganvas.collect.fetch.fetcher import Fetcher
from ganvas.collect.fetch.outcome import ERRORS, Failed, Fetched, Moved
from ganvas.collect.fetch.schedule import Schedule
from ganvas.collect.fetch.turn import Turn
from ganvas.collect.headway import Headway
from ganvas.collect.lanes import LANE_OF, MOST, Lanes
from ganvas.collect.leases import take_over
from ganvas.collect.legs import Leg, Legs
from ganvas.collect.one_fetch import OneFetch
from ganvas.collect.patience import patient
from ganvas.collect.served import NO_LIMIT, Served, with_pictures
from ganvas.collect.sources.source import Source
from ganvas.collect_settings import CollectSettings
from ganvas.progress import Progress
from ganvas.studio import StudioFolder

T = TypeVar("T")
Line = Literal["in order", "mixed"]
LEASE_S = 120.0
RECORD_EVERY_S = 0.5
RECORD_ROWS = 500
LOOK_EVERY_S = 1.0  # whether another collector has left something, or ended
SORT_OUT_EVERY_S = 10.0
UNDECODED_BYTES = 256 * 2**20


class Engine:
    """One collector at one collection; others may be at it at the same time."""

    def __init__(
        self,
        studio: StudioFolder,
        collection: CollectionRow,
        source: Source,
        settings: CollectSettings,
        worker: str,
        decoders: Decoders,
        progress: Progress,
    ) -> None:
        self.catalog = studio.catalog
        self.collection = collection
        self.source = source
        self.settings = settings
        self.worker = worker
        self.progress = progress
        rates = dict(source.rates)
        if source.rate_per_s and (service := host_of(source.base_url)):
            rates[service] = source.rate_per_s
        self._schedule: Schedule[Leg] = Schedule(
            settings.concurrency, settings.per_host, settings.rate_per_s, rates, time.monotonic, settings.pause_s
        )
        self._fetcher = Fetcher(settings)
        self._decoding = Decoding(decoders)
        self._one = OneFetch(source, self._fetcher, self._decoding, self._want)
        self._headway = Headway(self.catalog, collection.id)
        self._feeder = Feeder(source, self._want, self._room, self._stir_from_afar)
        self._database = ThreadPoolExecutor(1, thread_name_prefix="catalog")
        self._stir, self._loop = asyncio.Event(), asyncio.get_running_loop()
        self._under_way: set[asyncio.Task[Finished | None]] = set()
        self._error: BaseException | None = None
        self._asked_anew = 0  # pages that were read before and are to be read again
        self._reread: set[int] = set()
        self._hung: dict[int, str] = {}  # fetches that timed out, with their hosts, which answered others
        self._stopping = False
        self._awake_at = time.time()
        self._at_hand: deque[Leased] = deque()  # what need not be asked for
        self._lanes, self._legs = Lanes(), Legs()
        self._finished: list[Finished] = []
        self._let_go: list[tuple[int, float]] = []
        self._cooled: dict[str, str] = {}
        self._pauses: set[tuple[str, float]] = set()  # in the day's time, which may be set back: counted from once
        self._asked_hosts: set[str] = set()
        self._renew_at = time.time() + LEASE_S / 4
        self._recorded = self._sort_out_at = self._look_at = 0.0
        self._served = Served(collection.most, partial(self.catalog.items_served, collection.id))

    async def run(self, lists_only: bool = False, asked_anew: int = 0) -> None:
        """Until all that is wanted is had or cannot be had. `lists_only`: until it is known what there is.

        `asked_anew` pages were read before, and are to be read again whatever the limit.
        """
        self._asked_anew = asked_anew
        try:
            await self._in_catalog(self._served.recount)
            async with self._fetcher:
                try:
                    await self._collect(lists_only)
                finally:
                    await self._stop_fetches()
        finally:
            try:
                await asyncio.to_thread(self._feeder.stop)
                await self._record()
                await self._in_catalog(self.catalog.give_all_back, self.worker)
            finally:
                self._database.shutdown(wait=False)

    async def _collect(self, lists_only: bool) -> None:
        self._feeder.start()
        await self._read_lists(lists_only)
        if not lists_only:
            with self.progress.task("collecting", None, "pictures") as self._headway.task:
                await self._until(self._is_all_done, self._wanted_kinds)
        self._raise_the_sources_error()

    async def _read_lists(self, all_of_it: bool) -> None:
        async def are_read() -> bool:
            await self._record_now_and_then()
            begun = self._feeder.ended or not self._room() or (self._feeder.written > 0 and not all_of_it)
            # a list that names more than is wanted waits for when more is
            return begun and (not self._room() or await self._is_idle((LIST,)))

        await self._until(are_read, lambda: {PAGE: (LIST,)})
        counts = await self._in_catalog(self.catalog.fetch_counts, self.collection.id)
        waiting = {kind: states.get(WAITING, 0) for kind, states in counts.get(self.collection.id, {}).items()}
        pages = waiting.get(PAGE, 0) if self._room() else 0
        rate, most = self.source.rate_per_s, self.collection.most
        if not waiting.get(PAGE) and not waiting.get(PICTURE) and _has_failed(counts.get(self.collection.id, {})):
            return  # what there is could not be found out: that is said in the end
        self.progress.note(
            planned(self.source.name, pages, waiting.get(PICTURE, 0), rate, most, more=not self._feeder.ended)
        )

    async def _until(
        self, done: Callable[[], Awaitable[bool]], lanes: Callable[[], dict[str, tuple[str, ...]]]
    ) -> None:
        while True:
            self._stir.clear()
            self._raise_errors()
            if self._has_slept():
                for leg, _ in self._schedule.surplus(0):
                    self._give_back(leg, 0.0)  # which is nothing where another has it by now
            await self._lease_more(lanes())
            self._begin_fetches()
            await self._record_now_and_then()
            if await done():
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stir.wait(), self._rest_s())

    # what is wanted

    def _room(self) -> int:
        return self._served.room

    def _wanted_kinds(self) -> dict[str, tuple[str, ...]]:
        """What may be leased, by lane."""
        pages = self._room() or self._asked_anew
        return {PAGE: (LIST, PAGE), PICTURE: (PICTURE,)} if pages else {PICTURE: (PICTURE,)}

    def _want(self, found: Sequence[Page | Item]) -> int:
        """Record what a source named; returns how many addresses are new. Of the feeder's, or the catalog's thread."""
        line: Line = "mixed" if self.source.mixes_hosts else "in order"
        new = patient(self.progress, self.catalog.want, self.collection.id, self.source.name, found, line)
        self._lanes.something_waits()
        self._served.add(found, new)
        return new

    # leases

    async def _lease_more(self, kinds_of: dict[str, tuple[str, ...]]) -> None:
        for lane, kinds in kinds_of.items():
            # pages that are asked for beyond what is wanted would be asked for in vain
            n = self._lanes.room(lane, NO_LIMIT if lane == PICTURE else self._room() or self._asked_anew)
            if not n:
                continue
            now = time.time()
            got = await self._in_catalog(
                self.catalog.lease, self.collection.id, self.worker, n, kinds, now, now + LEASE_S
            )
            self._lanes.got(lane, got)
            if lane == PAGE:
                self._count_asked_anew(got)
            for leased in got:
                if not self._lanes.add(leased):
                    continue  # its lease had ended while this machine slept: it is waiting, or under way
                if self._one.need_not_ask(leased):
                    self._at_hand.append(leased)
                else:
                    self._put(self._legs.of(leased))
        self._make_room_for_other_hosts()

    def _put(self, leg: Leg) -> None:
        self._schedule.put(leg.host, leg, hung=self._hung.get(leg.leased.id) == leg.host)

    def _count_asked_anew(self, got: Sequence[Leased]) -> None:
        """Pages that were read before come first; those that never were are for when more items are wanted."""
        anew = {one.id for one in got if one.own_sha256 is not None}
        self._reread |= anew
        self._asked_anew = max(0, self._asked_anew - len(anew)) if anew else 0

    def _has_slept(self) -> bool:
        """Whether this process stood still for so long that others may have taken its leases."""
        now = time.time()
        before, self._awake_at = self._awake_at, now
        return now - before > LEASE_S / 2

    def _make_room_for_other_hosts(self) -> None:
        """Where slow hosts fill all the room there is, what they cannot give soon waits in the catalog instead."""
        is_idle = len(self._under_way) - self._schedule.stuck < 2 * self.settings.per_host
        if not is_idle or self._lanes.count(PICTURE) < MOST[PICTURE] // 2 or time.monotonic() < self._sort_out_at:
            return
        self._sort_out_at = time.monotonic() + SORT_OUT_EVERY_S
        for leg, turn_in_s in self._schedule.surplus(2 * self.settings.per_host):
            self._give_back(leg, time.time() + turn_in_s)

    def _give_back(self, leg: Leg, next_try: float) -> None:
        self._legs.keep(leg)
        self._let_go.append((leg.leased.id, next_try))
        self._lanes.remove(leg.leased.id)

    # fetches

    def _begin_fetches(self) -> None:
        while self._may_begin():
            if self._at_hand:
                self._begin(self._one.not_asked(self._at_hand.popleft()))
                continue
            turn = self._schedule.take()
            if turn is None:
                return
            leased = turn.job.leased
            if leased.kind == PAGE and not self._room() and leased.own_sha256 is None:
                self._schedule.done(turn, None)
                self._give_back(turn.job, 0.0)
            else:
                self._begin(self._one.asked(turn.job, partial(self._turn_is_over, turn)))

    def _may_begin(self) -> bool:
        is_full = len(self._under_way) >= 4 * self.settings.concurrency or self._decoding.bytes >= UNDECODED_BYTES
        return not is_full and not self._stopping

    def _begin(self, finishing: Coroutine[None, None, Finished | None]) -> None:
        task = asyncio.create_task(finishing)
        self._under_way.add(task)
        task.add_done_callback(self._has_ended)

    def _has_ended(self, task: asyncio.Task[Finished | None]) -> None:
        self._under_way.discard(task)
        self._stir.set()
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._error = self._error or error
            return
        if (finished := task.result()) is None:
            return
        if finished.state != WAITING:
            self._hung.pop(finished.id, None)
        self._finished.append(finished)
        if self._lanes.lane_of(finished.id) == PICTURE:  # what a page named counts only when it is recorded
            self._lanes.remove(finished.id)
        self._headway.count(finished)

    def _turn_is_over(self, turn: Turn[Leg], outcome: Fetched | Failed | Moved) -> None:
        host, leased = turn.host, turn.job.leased
        self._schedule.done(turn, outcome)
        if turn.hung:
            self._hung[leased.id] = host
        elif self._hung.get(leased.id) == host:
            del self._hung[leased.id]
        if isinstance(outcome, Moved):
            self._put(Leg.after(leased, outcome))
        if isinstance(outcome, Failed) and ERRORS[outcome.error].cools:
            self._cooled[host] = outcome.reason
        if host not in self._asked_hosts:
            self._asked_hosts.add(host)
            if (delay := self._fetcher.crawl_delay_s(turn.job.url)) is not None:
                self._schedule.slow(host, delay)
        self._begin_fetches()  # at once: while this picture is decoded, and while rows are written

    # records

    async def _record_now_and_then(self) -> None:
        is_all = bool(self._finished) and not self._under_way
        if is_all or len(self._finished) >= RECORD_ROWS or time.monotonic() - self._recorded > RECORD_EVERY_S:
            await self._record()

    async def _record(self) -> None:
        finished, self._finished = self._finished, []
        let_go, self._let_go = self._let_go, []
        cooled, self._cooled = self._cooled, {}
        now = time.time()
        cooling = {host: now + left_s for host, left_s in self._schedule.cooling().items()}
        pauses = {host: (cooling[host], reason) for host, reason in cooled.items() if host in cooling}
        self._pauses.update((host, until) for host, (until, _) in pauses.items())
        shared = await self._in_catalog(self._write, finished, let_go, pauses)
        for one in finished:
            self._lanes.remove(one.id)
        for host, until in shared.items():
            if (host, until) not in self._pauses and until > cooling.get(host, 0.0):
                self._schedule.cool(host, until - time.time())
        self._pauses.update(shared.items())
        self._headway.say(cooling)
        self._recorded = time.monotonic()

    def _write(
        self, finished: list[Finished], let_go: list[tuple[int, float]], pauses: dict[str, tuple[float, str]]
    ) -> dict[str, float]:
        """In the catalog's thread. Returns the pauses that any collector knows of, when they were looked for."""
        now = time.time()
        self._feeder.flush()
        if self.collection.most is not None:
            finished = [self._within_limit(one) if one.found else one for one in finished]
        if finished:
            self.catalog.finish(self.collection.id, self.source.name, self.worker, finished)
            self._lanes.something_waits()
            self._served.recount()
        if let_go:
            self.catalog.give_back(self.worker, let_go)
        for host, (until, reason) in pauses.items():
            self.catalog.cool_host(host, until, reason)
        self._headway.look()
        if now > self._renew_at:
            self._renew_at = now + LEASE_S / 4
            self.catalog.renew(self.worker, now + LEASE_S)
        if time.monotonic() < self._look_at:
            return {}
        self._look_at = time.monotonic() + LOOK_EVERY_S
        take_over(self.catalog, self.progress)
        return self.catalog.cool_hosts(now)

    def _within_limit(self, page: Finished) -> Finished:
        """A page that names more items than are wanted gives so many, and waits in case more are wanted."""
        if with_pictures(page.found) <= self._room() or page.id in self._reread:
            self._served.add(page.found, len(page.found))
            return page
        rest = iter(page.found)
        while self._room() and (one := next(rest, None)) is not None:
            self._want([one])
        self._served.recount(now_at_all_costs=True)
        if next(rest, None) is not None:
            return replace(page, state=WAITING, found=(), body=None, counts_as_attempt=False)
        return replace(page, found=())

    # when to rest, and when it is over

    async def _is_all_done(self) -> bool:
        if self._under_way:
            return False
        await self._record()
        await self._in_catalog(self._served.recount, True)  # what could not be had makes room for more
        fed = self._feeder.ended or not self._room()
        return fed and await self._is_idle(sum(self._wanted_kinds().values(), ()))

    async def _is_idle(self, kinds: tuple[str, ...]) -> bool:
        """Whether nothing of these kinds is under way here, nor waits for anybody."""
        if self._under_way or any(self._lanes.count(LANE_OF[kind]) for kind in kinds):
            return False
        return await self._in_catalog(self.catalog.next_try, self.collection.id, kinds) is None

    def _rest_s(self) -> float:
        turn = self._schedule.next_in_s() if self._may_begin() else None
        return max(0.0, min(RECORD_EVERY_S, RECORD_EVERY_S if turn is None else turn))

    def _stir_from_afar(self) -> None:
        """From any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: a source that would not stop has come to its end
            self._loop.call_soon_threadsafe(self._stir.set)

    def _raise_errors(self) -> None:
        if self._error is not None:
            raise self._error

    def _raise_the_sources_error(self) -> None:
        """Once all that it named before is had: a captcha after 300 pictures leaves 300 pictures."""
        if self._feeder.error is not None:
            raise self._feeder.error

    async def _stop_fetches(self) -> None:
        self._stopping = True
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _in_catalog(self, call: Callable[..., T], *arguments: object) -> T:
        trying = partial(patient, self.progress, call, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._database, trying)


def _has_failed(counts: dict[str, dict[str, int]]) -> bool:
    lists = counts.get(LIST, {})
    return bool(lists.get(FAILED) or lists.get(REFUSED))
