"""A redirect to another host waits for that host's turn, pays its pace, and is refused and capped as any address is."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ganvas.catalog.wanted import PICTURE
from ganvas.collect import engine, lanes, legs
from ganvas.collect.collecting import Collected, collect
from ganvas.collect.fetch import pace, schedule
from ganvas.collect.fetch.turn import Turn
from ganvas.collect_settings import CollectSettings
from ganvas.studio import StudioFolder
from tests.collect.website import Reply, Website, picture, website
from tests.waiting import PATIENCE_S

Gather = Callable[..., Collected]


@pytest.fixture
def links() -> Iterator[Website]:
    """Short links."""
    with website() as one:
        yield one


@pytest.fixture
def behind() -> Iterator[Website]:
    """The host that they lead to."""
    with website() as one:
        yield one


@pytest.fixture
def gather(studio: StudioFolder, tmp_path: Path) -> Gather:
    """`gather(addresses, per_host=1)` collects a list."""

    def gathered(addresses: list[str], refresh: bool = False, **given: Any) -> Collected:
        listed = tmp_path / "list.txt"
        listed.write_text("\n".join(addresses))
        settings = CollectSettings(**{"allow_hosts": ["127.0.0.1"], "pause_s": 0.1, **given})
        return collect(studio, "urls", {"list": str(listed)}, settings=settings, refresh=refresh, workers=1)

    return gathered


def link(site: Website, path: str, to: str) -> str:
    return site.put(path, Reply(b"", 302, {"Location": to}))


def rows(studio: StudioFolder, query: str) -> list[tuple[Any, ...]]:
    with studio.catalog.session() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def name_of(site: Website) -> str:
    return site.address.partition("//")[2]


class Crowd:
    """Holds every answer until `let_in` are under way at once, or until `enough()`; `most` is how many there were."""

    def __init__(self, let_in: int, enough: Callable[[], bool]) -> None:
        self.let_in, self.enough = let_in, enough
        self.most = self.now = 0
        self.changed = threading.Condition()

    def answers(self, body: bytes) -> Callable[[dict[str, str]], Reply]:
        def reply(headers: dict[str, str]) -> Reply:
            with self.changed:
                self.now += 1
                self.most = max(self.most, self.now)
                self.changed.notify_all()
                end = time.monotonic() + PATIENCE_S
                while self.most < self.let_in and not self.enough() and time.monotonic() < end:
                    self.changed.wait(0.02)
                self.now -= 1
            return Reply(body)

        return reply


def test_the_host_behind_many_links_is_asked_as_few_at_a_time_as_any(
    links: Website, behind: Website, gather: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pace, schedule):
        monkeypatch.setattr(module, "STUCK_S", PATIENCE_S)
    with website() as others:
        addresses: list[str] = []

        def all_links_are_asked() -> bool:
            return sum(links.asked.values()) + sum(others.asked.values()) == len(addresses) + 2  # robots.txt

        crowd = Crowd(3, all_links_are_asked)
        for n in range(12):
            to = behind.put(f"/{n}.jpg", crowd.answers(picture(n)))
            addresses.append(link(links if n % 2 else others, f"/{n}", to))
        done = gather(addresses, per_host=2, read_timeout_s=2 * PATIENCE_S, timeout_s=2 * PATIENCE_S)
    assert (done.pictures, done.failed) == (12, {})
    assert crowd.most <= 2


def test_a_host_that_refuses_what_a_link_leads_to_is_left_alone_and_not_the_links(
    studio: StudioFolder, links: Website, behind: Website, gather: Gather
) -> None:
    asked_at: list[float] = []

    def refuses_once(headers: dict[str, str]) -> Reply:
        asked_at.append(time.monotonic())
        return Reply(b"", 429, {"Retry-After": "2"}) if len(asked_at) == 1 else Reply(picture(1))

    addresses = [
        *[link(links, f"/{n}", behind.put(f"/{n}.jpg", refuses_once)) for n in range(2)],
        *[links.put(f"/{n}.jpg", picture(n)) for n in range(2, 6)],
    ]
    done = gather(addresses, per_host=1, attempts=1)
    assert (done.pictures, done.failed) == (5, {"throttled": 1})
    assert asked_at[1] - asked_at[0] > 1.9
    assert rows(studio, "SELECT host FROM hosts") == [(name_of(behind),)]


def test_circles_and_chains_over_two_hosts_end_as_within_one(
    studio: StudioFolder, links: Website, behind: Website, gather: Gather
) -> None:
    circle = link(links, "/a", f"{behind.address}/b")
    link(behind, "/b", circle)
    for step in range(20):
        here, there = (links, behind) if step % 2 == 0 else (behind, links)
        link(here, f"/{step}", f"{there.address}/{step + 1}")
    gather([circle, f"{links.address}/0", links.put("/good.jpg", picture(1))])
    found = rows(studio, "SELECT reason, state, error, final_url FROM fetches WHERE error IS NOT NULL ORDER BY reason")
    assert found == [
        ("in a circle", "failed", "redirects", circle),
        ("more than 5", "failed", "redirects", f"{links.address}/6"),
    ]
    asked = links.asked + behind.asked
    assert all(asked[path] == 1 for path in ("/a", "/b", "/0", "/1", "/2", "/3", "/4", "/5"))
    assert not asked["/6"]


def test_a_link_to_what_is_not_to_be_asked_is_one_refused_row(
    studio: StudioFolder, links: Website, behind: Website, gather: Gather
) -> None:
    behind.put("/robots.txt", b"User-agent: *\nDisallow: /private")
    private, inside = behind.put("/private/a.jpg", picture(1)), "http://127.0.0.2/a.jpg"
    gather([link(links, "/a", private), link(links, "/b", inside), links.put("/good.jpg", picture(2))])
    found = rows(studio, "SELECT state, error, final_url FROM fetches WHERE error IS NOT NULL ORDER BY error")
    assert found == [("refused", "address", inside), ("refused", "robots", private)]
    assert set(behind.asked) == {"/robots.txt"}


def test_a_refresh_asks_the_host_behind_a_link_whether_it_changed(
    studio: StudioFolder, links: Website, behind: Website, gather: Gather
) -> None:
    conditions: list[str | None] = []

    def reply(headers: dict[str, str]) -> Reply:
        conditions.append(headers.get("if-none-match"))
        return Reply(b"", 304) if conditions[-1] else Reply(picture(1), headers={"ETag": '"one"'})

    to = behind.put("/1.jpg", reply)
    address = link(links, "/1", to)
    gather([address])
    assert rows(studio, "SELECT final_url FROM fetches WHERE kind = 'picture'") == [(to,)]
    gather([address], refresh=True)
    assert conditions == [None, '"one"']
    assert rows(studio, "SELECT state, status FROM fetches WHERE kind = 'picture'") == [("done", 304)]


def test_what_hung_behind_a_link_is_tried_again_as_hung_there_only(
    links: Website, behind: Website, gather: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[str, bool]] = []
    put, end = schedule.Schedule.put, schedule.Schedule.done

    def told(of: Any, host: str, leg: Any, *, hung: bool = False) -> None:
        tried.append((leg.url, hung))
        put(of, host, leg, hung=hung)

    def done(of: Any, turn: Turn[Any], outcome: Any) -> None:
        end(of, turn, outcome)
        turn.hung = getattr(outcome, "error", None) is not None

    monkeypatch.setattr(schedule.Schedule, "put", told)
    monkeypatch.setattr(schedule.Schedule, "done", done)
    monkeypatch.setattr(schedule, "FIRST_DELAY_S", 0.1)
    answers = iter([Reply(b"", 500)])
    to = behind.put("/shy.jpg", lambda headers: next(answers, Reply(picture(1))))
    address = link(links, "/shy", to)
    gather([address])
    assert [one for one in tried if one[0] in (address, to)] == [
        (address, False), (to, False), (address, False), (to, True)
    ]  # fmt: skip


def test_a_redirect_that_has_waited_long_is_asked_for_again_when_the_turn_comes(
    links: Website, behind: Website, gather: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legs, "STALE_S", -1.0)
    ended, valid = f"{behind.address}/ended.jpg", behind.put("/valid.jpg", picture(1))
    leads_to = iter([ended, valid])
    done = gather([links.put("/1", lambda headers: Reply(b"", 302, {"Location": next(leads_to)}))])
    assert (done.pictures, done.failed) == (1, {})
    assert (links.asked["/1"], behind.asked["/ended.jpg"], behind.asked["/valid.jpg"]) == (2, 0, 1)


def test_no_link_is_asked_twice_while_the_host_behind_it_is_slow(
    links: Website, behind: Website, gather: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SORT_OUT_EVERY_S", 0.0)
    monkeypatch.setattr(lanes, "FIRST", 8)
    monkeypatch.setitem(lanes.MOST, PICTURE, 8)
    monkeypatch.setattr(legs, "STALE_S", 10 * PATIENCE_S)
    sorted_out = threading.Event()
    surplus, times = schedule.Schedule.surplus, itertools.count(1)

    def counted(of: Any, at_most: int) -> Any:
        taken = surplus(of, at_most)
        if taken and next(times) == 5:
            sorted_out.set()
        return taken

    monkeypatch.setattr(schedule.Schedule, "surplus", counted)

    def slow(n: int) -> Callable[[dict[str, str]], Reply]:
        return lambda headers: Reply(picture(n), 200 if sorted_out.wait(PATIENCE_S) else 404)

    addresses = [link(links, f"/{n}", behind.put(f"/{n}.jpg", slow(n))) for n in range(24)]
    done = gather(addresses, per_host=1, read_timeout_s=2 * PATIENCE_S, timeout_s=2 * PATIENCE_S)
    assert (done.pictures, done.failed) == (24, {})
    assert set(links.asked.values()) == set(behind.asked.values()) == {1}
