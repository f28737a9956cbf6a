"""Collecting, from a source's first word to pictures in the catalog: kills, limits, refusals, several at once."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ganvas.api import Studio
from ganvas.catalog.fetch_records import Leased
from ganvas.catalog.wanted import PICTURE
from ganvas.collect import engine, lanes
from ganvas.collect.collecting import Collected, collect
from ganvas.collect.fetch import pace, schedule
from ganvas.collect.fetch.outcome import Failed, Fetched
from ganvas.collect.fetch.turn import Turn
from ganvas.collect.sources import SOURCES, Answer, Item, NotTheAnswer, Options, Page, Picture, Source, source
from ganvas.collect_settings import CollectSettings
from ganvas.errors import GanvasError, InputError, SettingsError
from ganvas.studio import StudioFolder
from tests.collect.conftest import Notes
from tests.collect.website import Reply, Website, picture, website
from tests.standstill import stands_still
from tests.waiting import PATIENCE_S, wait_for

QUICK = {"attempts": 3, "pause_s": 0.1}


@pytest.fixture
def site() -> Iterator[Website]:
    with website() as one:
        yield one


@pytest.fixture
def studio(tmp_path: Path, catalog_url: str) -> Iterator[StudioFolder]:
    """A collector of its own waits for an answer longer than a test may hold one."""
    made = StudioFolder.create(tmp_path / "studio", catalog_url)
    with open(made.root / "ganvas.toml", "a") as file:
        file.write(f"[collect]\nread_timeout_s = {2 * PATIENCE_S}\ntimeout_s = {2 * PATIENCE_S}\n")
    yield made
    made.catalog.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again soon."""
    monkeypatch.setattr("ganvas.collect.fetch.schedule.FIRST_DELAY_S", 0.1)


@pytest.fixture(autouse=True)
def shelf() -> Iterator[None]:
    """A source that tells what a test gave it: lists of pages or items by the path of their list."""

    @source("shelf")
    class Shelf(Source):
        class Options(Options):
            address: str
            lists: bool = True
            not_: list[str] = []

        mixes_hosts = True

        def start(self) -> Iterable[Page | Item]:
            yield Page(f"{self.options.address}/list", "list", is_list=True)

        def read(self, page: Page, answer: Answer) -> Iterable[Page | Item]:
            for entry in answer.json():
                if "page" in entry:
                    yield Page(entry["page"], "record", {"from": page.what})
                else:
                    pictures = tuple(
                        Picture(one["url"], instead=Picture(one["thumbnail"]) if "thumbnail" in one else None)
                        for one in entry["pictures"]
                    )
                    yield Item(entry["key"], pictures, title=entry.get("title"), details=entry)

    yield
    del SOURCES["shelf"]


def gather(studio: StudioFolder, site: Website, lists: object, **how: object) -> Collected:
    import json

    site.put("/list", json.dumps(lists).encode())
    settings = CollectSettings(allow_hosts=["127.0.0.1"], **{**QUICK, **how.pop("settings", {})})  # type: ignore[arg-type, dict-item]
    return collect(studio, "shelf", {"address": site.address}, settings=settings, workers=1, **how)  # type: ignore[arg-type]


def item(site: Website, number: int, reply: bytes | Reply | Callable[..., Reply] | None = None) -> dict[str, object]:
    url = site.put(f"/{number}.jpg", picture(number) if reply is None else reply)
    return {"key": str(number), "title": f"item {number}", "pictures": [{"url": url}]}


def rows(studio: StudioFolder, query: str) -> list[tuple[object, ...]]:
    with studio.catalog.session() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def states(studio: StudioFolder) -> dict[str, tuple[str, str | None]]:
    found = rows(studio, "SELECT url, state, error FROM fetches")
    return {str(url).rpartition("/")[2]: (str(state), error) for url, state, error in found}  # type: ignore[misc]


def asked_since(site: Website, before: dict[str, int]) -> set[str]:
    return {path for path, count in site.asked.items() if count != before.get(path, 0)} - {"/robots.txt"}


def test_every_picture_is_stored_with_its_item_and_nothing_is_asked_for_twice(
    studio: StudioFolder, site: Website
) -> None:
    listed = [item(site, number) for number in range(40)]
    first = gather(studio, site, listed, label="vase")
    assert (first.items, first.pictures, first.new, first.complete) == (40, 40, 40, True)
    asked = dict(site.asked)
    again = gather(studio, site, [*listed, item(site, 40)], label="vase")
    assert (again.items, again.new) == (41, 1)
    assert asked_since(site, asked) == {"/list", "/40.jpg"}
    assert {row.label for row in studio.catalog.images()} == {"vase"}
    assert all((studio.image_path(row.sha256)).read_bytes()[:2] == b"\xff\xd8" for row in studio.catalog.images())


def test_every_failure_is_a_row_that_says_why(studio: StudioFolder, site: Website) -> None:
    listed = [
        item(site, 1),
        item(site, 2, b"<!doctype html><title>Sign in</title>"),
        item(site, 3, picture(3)[:200]),
        item(site, 4, Reply(b"", 404)),
        item(site, 5, Reply(picture(5), headers={"X-Robots-Tag": "noai"})),
        {"key": "6", "pictures": [{"url": "http://169.254.169.254/latest/meta-data"}]},
        {"key": "7", "pictures": [{"url": "file:///etc/passwd"}]},
        item(site, 8, Reply(b"", 302, {"Location": "http://10.0.0.1/"})),
    ]
    done = gather(studio, site, listed)
    found = states(studio)
    assert found["1.jpg"] == ("done", None)
    assert found["2.jpg"] == ("failed", "not-a-picture")
    assert found["3.jpg"] == ("failed", "unreadable")
    assert found["4.jpg"] == ("failed", "gone")
    assert found["5.jpg"] == ("refused", "opt-out")
    assert found["meta-data"] == found["passwd"] == found["8.jpg"] == ("refused", "address")
    assert done.complete
    assert (done.pictures, sum(done.failed.values()), sum(done.refused.values())) == (1, 3, 4)
    assert all(reason for (reason,) in rows(studio, "SELECT reason FROM fetches WHERE state <> 'done'"))


def test_what_may_pass_is_tried_again(studio: StudioFolder, site: Website) -> None:
    answers = iter([Reply(b"", 500), Reply(picture(1))])
    url = site.put("/shy.jpg", lambda headers: next(answers))
    always = site.put("/never.jpg", Reply(b"", 500))
    done = gather(studio, site, [{"key": "a", "pictures": [{"url": url}, {"url": always}]}])
    assert states(studio)["shy.jpg"] == ("done", None)
    assert states(studio)["never.jpg"] == ("failed", "server-error")
    assert site.asked["/never.jpg"] == QUICK["attempts"]
    assert done.items == 1


@pytest.fixture
def soon_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a fifth of a second is stuck, however long others take."""
    for module in (pace, schedule):
        monkeypatch.setattr(module, "STUCK_S", 0.2)
    monkeypatch.setattr(pace, "STUCK_TIMES", 0.0)


@pytest.mark.usefixtures("soon_stuck")
def test_downloads_that_are_stuck_hold_up_no_other(studio: StudioFolder, site: Website) -> None:
    arrived, others_are_done = itertools.count(1), threading.Event()

    def reply_with(body: bytes) -> Callable[[dict[str, str]], Reply]:
        def reply(headers: dict[str, str]) -> Reply:
            number = next(arrived)
            if number == 12:
                others_are_done.set()
            return Reply(body, 200 if number not in (3, 4) or others_are_done.wait(PATIENCE_S) else 404)

        return reply

    listed = [item(site, n) for n in range(12)]
    for n in range(12):
        site.put(f"/{n}.jpg", reply_with(picture(n)))
    patient = {"per_host": 2, "read_timeout_s": 2 * PATIENCE_S, "timeout_s": 2 * PATIENCE_S}
    done = gather(studio, site, listed, settings=patient)
    assert (done.pictures, done.failed) == (12, {})


@pytest.mark.usefixtures("soon_stuck")
def test_a_host_whose_downloads_are_stuck_makes_room_for_others(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SORT_OUT_EVERY_S", 0.1)
    monkeypatch.setattr(lanes, "FIRST", 8)
    monkeypatch.setitem(lanes.MOST, PICTURE, 8)
    arrived, one_is_stuck, other_is_had, had_in_time = itertools.count(1), threading.Event(), threading.Event(), []

    def slow(headers: dict[str, str]) -> Reply:
        number = next(arrived)
        if number == 3:
            one_is_stuck.set()
        if number in (2, 3):
            had_in_time.append(other_is_had.wait(PATIENCE_S))
        return Reply(b"", 404)

    with website() as other:

        def list_of_other(headers: dict[str, str]) -> Reply:
            assert one_is_stuck.wait(PATIENCE_S)
            return Reply(_json([item(other, 0, picture_of_other)]))

        def picture_of_other(headers: dict[str, str]) -> Reply:
            other_is_had.set()
            return Reply(picture(0))

        listed = [*[item(site, n, slow) for n in range(1, 30)], {"page": other.put("/more", list_of_other)}]
        caps = {"per_host": 1, "read_timeout_s": 2 * PATIENCE_S, "timeout_s": 2 * PATIENCE_S}
        assert gather(studio, site, listed, settings=caps).pictures == 1
    assert had_in_time == [True, True]


@pytest.mark.parametrize("hung", [True, False])
def test_what_a_turn_says_of_a_picture_is_told_when_it_is_tried_again(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch, hung: bool
) -> None:
    tried: list[tuple[str, bool]] = []
    put, end = schedule.Schedule.put, schedule.Schedule.done

    def told(of: schedule.Schedule[Leased], host: str, leased: Leased, *, hung: bool = False) -> None:
        tried.append((leased.url, hung))
        put(of, host, leased, hung=hung)

    def done(of: schedule.Schedule[Leased], turn: Turn[Leased], outcome: Fetched | Failed | None) -> None:
        end(of, turn, outcome)
        turn.hung = hung and isinstance(outcome, Failed)

    monkeypatch.setattr(schedule.Schedule, "put", told)
    monkeypatch.setattr(schedule.Schedule, "done", done)
    answers = iter([Reply(b"", 500)])
    url = site.put("/shy.jpg", lambda headers: next(answers, Reply(picture(1))))
    gather(studio, site, [item(site, 0), {"key": "shy", "pictures": [{"url": url}]}])
    assert [how for asked, how in tried if asked == url] == [False, hung]


def test_a_clock_that_is_set_back_holds_up_no_host(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = time.time
    monkeypatch.setattr(time, "time", lambda: today() - 3600 * bool(site.asked["/3.jpg"]))
    answers = iter([Reply(b"", 503)])
    listed = [*[item(site, n) for n in range(6)], item(site, 6, lambda headers: next(answers, Reply(picture(6))))]
    done = gather(studio, site, listed, settings={"per_host": 1, "rate_per_s": 50.0})
    assert (done.pictures, done.failed) == (7, {})


def test_what_waited_while_the_machine_slept_is_fetched_afterwards(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = time.time
    monkeypatch.setattr(time, "time", lambda: today() + 0.6 * engine.LEASE_S * bool(site.asked["/3.jpg"]))
    listed = [item(site, n) for n in range(12)]
    done = gather(studio, site, listed, settings={"per_host": 1, "rate_per_s": 20.0})
    assert (done.pictures, done.failed) == (12, {})


def test_a_pause_lasts_no_longer_where_the_clock_is_set_back_meanwhile(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    today, cool, note, noted = time.time, schedule.Schedule.cool, studio.catalog.cool_host, []

    def noted_and_set_back(host: str, until: float, reason: str) -> None:
        note(host, until, reason)
        noted.append(host)

    def cooled(of: schedule.Schedule[Leased], host: str, for_s: float) -> None:
        assert for_s < 60
        cool(of, host, for_s)

    monkeypatch.setattr(engine, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(time, "time", lambda: today() - 3600 * bool(noted))
    monkeypatch.setattr(studio.catalog, "cool_host", noted_and_set_back)
    monkeypatch.setattr(schedule.Schedule, "cool", cooled)
    listed = [item(site, 0, Reply(b"", 429)), *[item(site, n) for n in range(1, 4)]]
    done = gather(studio, site, listed, settings={"per_host": 1, "attempts": 1, "pause_s": 1.0})
    assert (done.pictures, done.failed, len(noted)) == (3, {"throttled": 1}, 1)


def test_a_hiccup_of_robots_txt_costs_no_picture(studio: StudioFolder, site: Website) -> None:
    answers = iter([Reply(b"", 500)])
    site.put("/robots.txt", lambda headers: next(answers, Reply(b"", 404)))
    done = gather(studio, site, [item(site, n) for n in range(3)], settings={"attempts": 2, "pause_s": 3.2})
    assert (done.pictures, done.failed, site.asked["/robots.txt"]) == (3, {}, 2)


def test_a_limit_counts_items_with_pictures_and_the_next_take_the_place_of_those_without(
    studio: StudioFolder, site: Website
) -> None:
    records = []
    for number in range(30):
        bad = Reply(b"", 404) if number % 2 else None
        records.append({"page": site.put(f"/record/{number}", _json([item(site, number, bad)]))})
    done = gather(studio, site, records, most=7)
    assert (done.items, done.pictures, done.complete) == (7, 7, True)
    assert site.asked["/record/29"] == 0
    more = gather(studio, site, records, most=9)
    assert (more.items, more.new) == (9, 2)
    assert all(count == 1 for path, count in site.asked.items() if path.startswith("/record"))


def test_a_thumbnail_is_fetched_only_where_the_original_cannot_be_had_and_is_marked(
    studio: StudioFolder, site: Website
) -> None:
    small = [site.put(f"/small/{n}.jpg", picture(100 + n)) for n in range(2)]
    good, gone = site.put("/good.jpg", picture(1)), site.put("/gone.jpg", Reply(b"", 410))
    listed = [
        {"key": "good", "pictures": [{"url": good, "thumbnail": small[0]}]},
        {"key": "gone", "pictures": [{"url": gone, "thumbnail": small[1]}]},
    ]
    done = gather(studio, site, listed)
    assert (done.items, site.asked["/small/0.jpg"], site.asked["/small/1.jpg"]) == (2, 0, 1)
    marked = {
        found.key: found.details.get("thumbnail")
        for row in studio.catalog.images()
        for found in studio.catalog.items_of(row.sha256)
    }
    assert marked == {"good": None, "gone": True}


def test_another_collection_asks_for_nothing_that_one_has(studio: StudioFolder, site: Website) -> None:
    record = site.put("/record", _json([item(site, 1), item(site, 2)]))
    gather(studio, site, [{"page": record}])
    asked = dict(site.asked)
    done = gather(studio, site, [{"page": record}], label="other")
    assert (done.items, done.pictures, done.new) == (2, 2, 0)
    assert asked_since(site, asked) == {"/list"}


def test_a_refresh_asks_whether_it_changed_and_loses_nothing(studio: StudioFolder, site: Website) -> None:
    def same(headers: dict[str, str]) -> Reply:
        unchanged = headers.get("if-none-match") == '"1"'
        return Reply(b"" if unchanged else picture(1), 304 if unchanged else 200, {"ETag": '"1"'})

    one, two = site.put("/same.jpg", same), site.put("/changing.jpg", picture(2))
    listed = [{"key": "a", "pictures": [{"url": one}]}, {"key": "b", "pictures": [{"url": two}]}]
    gather(studio, site, listed)
    site.put("/changing.jpg", picture(3))
    done = gather(studio, site, listed, refresh=True)
    assert (done.new, site.asked["/same.jpg"], site.asked["/changing.jpg"]) == (1, 2, 2)
    assert studio.catalog.count_images() == 3
    assert set(states(studio).values()) == {("done", None)}


def test_a_dry_run_asks_the_list_only_and_says_how_long_it_takes(studio: StudioFolder, site: Website) -> None:
    pages = [{"page": site.put(f"/record/{n}", _json([item(site, n)]))} for n in range(25)]
    notes = Notes()
    SOURCES["shelf"].rate_per_s = 5
    done = gather(studio, site, pages, dry_run=True, progress=notes)
    assert done.waiting == 25
    assert asked_since(site, {}) == {"/list"}
    plan = "shelf: 25 pages to ask for at 5 a second: 5 s, and the pictures they name; when stopped, the same"
    assert any(plan in line for line in notes.lines)
    gather(studio, site, [*pages, item(site, 30)], dry_run=True, progress=notes)
    assert "the pictures they name, 1 picture to fetch; when" in notes.lines[-1]


def test_a_page_for_people_in_place_of_an_answer_is_tried_again(studio: StudioFolder, site: Website) -> None:
    answers = iter([Reply(b"<html>are you human?</html>", headers={"Retry-After": "0"})])
    body = _json([item(site, 1)])
    record = site.put("/record", lambda headers: next(answers, Reply(body)))
    done = gather(studio, site, [{"page": record}])
    assert (done.items, site.asked["/record"]) == (1, 2)


def test_a_record_unlike_any_other_costs_its_own_row(studio: StudioFolder, site: Website) -> None:
    bad = site.put("/bad", b'[{"key": 7}]')
    good = site.put("/good", _json([item(site, 1)]))
    done = gather(studio, site, [{"page": bad}, {"page": good}])
    assert (done.items, done.failed) == (1, {"not-understood": 1})


def test_an_answer_of_which_nothing_can_be_kept_costs_its_own_row(studio: StudioFolder, site: Website) -> None:
    url = site.put("/x.jpg", picture(0))
    depths = "[" * 980 + '"\\ud800"' + "]" * 980
    odd = [
        _json([{"key": None, "pictures": [{"url": url}]}]),
        _json([{"key": "a", "pictures": [{"url": None}]}]),
        _json([{"page": None}]),
        f'[{{"key": "b", "pictures": [{{"url": "{url}"}}], "deep": {depths}}}]'.encode(),
    ]
    pages = [{"page": site.put(f"/odd/{n}", body)} for n, body in enumerate(odd)]
    numbered = item(site, 1) | {"key": 1, "weight": float("inf"), "number": 10**4000}
    done = gather(studio, site, [*pages, {"page": site.put("/good", _json([numbered]))}])
    assert (done.items, done.failed) == (1, {"not-understood": len(odd)})
    reasons = dict(rows(studio, "SELECT url, reason FROM fetches WHERE kind = 'page' AND state = 'failed'"))
    assert reasons[site.address + "/odd/0"] == "an item's key is None"
    again = gather(studio, site, pages)
    assert again.failed == {"not-understood": len(odd)}


def test_whatever_a_source_raises_of_an_answer_costs_its_own_row(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [{"page": site.put(f"/{name}", reply)} for name, reply in (("odd", b"[]"), ("none", Reply(b"", 404)))]
    read = SOURCES["shelf"].read

    def read_some(self: Source, page: Page, answer: Answer) -> Iterable[Page | Item]:
        if page.is_list:
            return read(self, page, answer)
        raise NotTheAnswer("what is this?", "nobody-knows")

    def missing(self: Source, page: Page, status: int, body: bytes) -> bool:
        raise ValueError("what is that?")

    monkeypatch.setattr(SOURCES["shelf"], "read", read_some)
    monkeypatch.setattr(SOURCES["shelf"], "missing", missing)
    done = gather(studio, site, [*pages, item(site, 1)])
    assert (done.items, done.failed) == (1, {"not-understood": 2})
    assert {reason for (reason,) in rows(studio, "SELECT reason FROM fetches WHERE kind = 'page'")} == {
        "nobody-knows: what is this?",
        "ValueError: what is that?",
    }


def test_what_a_source_begins_with_and_nobody_can_keep_ends_the_collection_in_one_line(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = site.put("/1.jpg", picture(1))

    def start(self: Source) -> Iterator[Item]:
        yield Item("1", (Picture(url),))
        yield Item("2", (Picture(None),))  # type: ignore[arg-type]

    monkeypatch.setattr(SOURCES["shelf"], "start", start)
    with pytest.raises(InputError, match="source shelf named what cannot be kept: a picture's address is None"):
        gather(studio, site, [])
    assert states(studio) == {"1.jpg": ("done", None)}


def test_a_list_that_cannot_be_had_is_an_error(studio: StudioFolder, site: Website) -> None:
    site.put("/list", Reply(b"", 404))
    settings = CollectSettings(allow_hosts=["127.0.0.1"])
    with pytest.raises(InputError, match="nothing could be had of .* 404"):
        collect(studio, "shelf", {"address": site.address + "/nowhere"}, settings=settings)


def test_what_is_found_under_two_labels_keeps_both(studio: StudioFolder, site: Website) -> None:
    listed = [item(site, 1), item(site, 2)]
    gather(studio, site, listed, label="jordan 1")
    gather(studio, site, listed, label="jordan 2")
    labels = [{found.label for found in studio.catalog.items_of(row.sha256)} for row in studio.catalog.images()]
    assert labels == [{"jordan 1", "jordan 2"}] * 2


def test_a_dry_run_of_a_refresh_changes_nothing(studio: StudioFolder, site: Website) -> None:
    listed = [item(site, number) for number in range(3)]
    gather(studio, site, listed, most=3)
    before = states(studio)
    notes = Notes()
    gather(studio, site, listed, most=1, refresh=True, dry_run=True, progress=notes)
    assert states(studio) == before
    assert studio.catalog.collections()[0].most == 3
    assert any("4 answers would be asked" in line for line in notes.lines)


def test_a_refresh_reads_pages_again_though_the_limit_is_reached(studio: StudioFolder, site: Website) -> None:
    pages = [{"page": site.put(f"/record/{n}", _json([item(site, n)]))} for n in range(6)]
    gather(studio, site, pages, most=3)
    asked = dict(site.asked)
    changed = item(site, 0) | {"title": "another"}
    site.put("/record/0", _json([changed]))
    done = gather(studio, site, pages, most=3, refresh=True)
    assert done.items == 3
    again = {path for path in asked_since(site, asked) if path.startswith("/record")}
    assert again == {path for path in asked if path.startswith("/record")}
    titles = {found.title for row in studio.catalog.images() for found in studio.catalog.items_of(row.sha256)}
    assert titles == {"another", "item 1", "item 2"}


def test_what_was_refused_is_had_once_it_is_allowed(studio: StudioFolder, site: Website) -> None:
    site.put("/robots.txt", b"User-agent: *\nDisallow: /")
    listed = [item(site, 1)]
    with pytest.raises(InputError, match="nothing could be had of .*robots"):
        gather(studio, site, listed)
    done = gather(studio, site, listed, settings={"robots": False})
    assert done.pictures == 1


def test_options_are_checked_before_anything_is_asked(studio: StudioFolder, site: Website) -> None:
    with pytest.raises(SettingsError, match=r"no such option\. Did you mean address\?"):
        collect(studio, "shelf", {"adress": site.address})
    with pytest.raises(SettingsError, match="no source called 'shelv'"):
        collect(studio, "shelv", {})
    assert not site.asked


def test_an_option_is_called_as_on_the_command_line(studio: StudioFolder, site: Website) -> None:
    site.put("/list", _json([item(site, 1)]))
    settings = CollectSettings(allow_hosts=["127.0.0.1"])
    asked = {"address": site.address, "not": ["fragment"]}
    assert collect(studio, "shelf", asked, settings=settings).items == 1
    assert studio.catalog.collections()[0].options["not_"] == ["fragment"]
    with pytest.raises(SettingsError, match=r"shelf: nott: there is no such option\. Did you mean not\?"):
        collect(studio, "shelf", {"nott": "x"})


def test_a_collector_whose_collection_was_forgotten_says_so(studio: StudioFolder, site: Website) -> None:
    def forgotten(_: dict[str, str]) -> Reply:
        studio.catalog.forget_collection(1, time.time() + 1000)  # as if its leases had ended while it slept
        return Reply(picture(1))

    listed = [item(site, 1), item(site, 2)]
    site.put("/1.jpg", forgotten)
    with pytest.raises(InputError, match="was forgotten meanwhile: the same command begins it anew"):
        gather(studio, site, listed)
    site.put("/1.jpg", picture(1))
    assert (done := gather(studio, site, listed)).collection == 2
    assert (done.items, done.pictures) == (2, 2)


def test_a_limit_of_none_at_all_is_refused(studio: StudioFolder, site: Website) -> None:
    for most in (0, -3):
        with pytest.raises(InputError, match=f"a limit of {most} items collects nothing"):
            collect(studio, "shelf", {"address": site.address}, most=most)
    assert studio.catalog.collections() == []


def test_one_host_may_be_allowed_as_a_text(tmp_path: Path, site: Website) -> None:
    site.put("/list", _json([item(site, 1)]))
    studio = Studio(tmp_path / "other")
    assert studio.collect("shelf", {"address": site.address}, allow_host="127.0.0.1").pictures == 1
    studio.folder.catalog.close()


def test_where_signals_cannot_be_handled_it_collects_all_the_same(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_there(*given: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.SelectorEventLoop, "add_signal_handler", not_there)
    assert gather(studio, site, [item(site, 1)]).items == 1


def test_what_a_source_raises_ends_the_collection_and_keeps_what_was_there(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = site.put("/1.jpg", picture(1))

    def start(self: Source) -> Iterator[Item]:
        yield Item("1", (Picture(url),))
        raise NotTheAnswer("the page has changed")

    monkeypatch.setattr(SOURCES["shelf"], "start", start)
    with pytest.raises(GanvasError, match="the page has changed"):
        gather(studio, site, [])
    assert set(states(studio)) == {"1.jpg"}


def test_bytes_that_a_source_has_need_no_address(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(self: Source) -> Iterator[Item]:
        yield Item("1", (Picture("data:one", data=picture(1)),))

    monkeypatch.setattr(SOURCES["shelf"], "start", start)
    assert gather(studio, site, []).pictures == 1
    assert not site.asked


# a whole program, killed


def _json(value: object) -> bytes:
    import json

    return json.dumps(value).encode()


COLLECTOR = """
import sys
from ganvas.cli import main
from ganvas.collect import lanes
lanes.MOST[lanes.PICTURE] = 64  # leased at a time, so that something is left for another collector
main(sys.argv[1:])
"""


def start_collector(studio: StudioFolder, listed: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COLLECTOR, "-C", str(studio.root), "collect", "urls", str(listed)]
    return subprocess.Popen(
        [*command, "--allow-host", "127.0.0.1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def list_of(site: Website, tmp_path: Path, count: int, hold: threading.Event | None = None, after: int = 0) -> Path:
    """A list of addresses; from the `after`-th request on the site waits until `hold` is set."""

    def reply_with(body: bytes) -> Callable[[dict[str, str]], Reply]:
        def reply(headers: dict[str, str]) -> Reply:
            if hold is not None and sum(site.asked.values()) > after:
                hold.wait(PATIENCE_S)
            return Reply(body)

        return reply

    urls = [site.put(f"/{n}.jpg", reply_with(picture(n))) for n in range(count)]
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(urls))
    return listed


def done_count(studio: StudioFolder) -> int:
    return int(rows(studio, "SELECT count(*) FROM fetches WHERE state = 'done'")[0][0])  # type: ignore[call-overload]


def test_a_killed_collector_goes_on_and_fetches_nothing_twice_that_was_recorded(
    studio: StudioFolder, site: Website, tmp_path: Path
) -> None:
    hold = threading.Event()
    listed = list_of(site, tmp_path, 120, hold, after=60)
    first = start_collector(studio, listed)
    wait_for(lambda: done_count(studio) >= 40, "pictures of the first")
    first.kill()
    first.communicate()
    recorded = {str(url) for (url,) in rows(studio, "SELECT url FROM fetches WHERE state = 'done'")}
    hold.set()
    second = start_collector(studio, listed)
    said, errors = second.communicate(timeout=120)
    assert second.returncode == 0, errors
    assert "120 pictures" in said
    assert done_count(studio) == 120
    twice = {site.address + path for path, count in site.asked.items() if count > 1 and path.endswith(".jpg")}
    assert not twice & recorded


def test_two_collectors_share_a_catalog_and_one_may_die(studio: StudioFolder, site: Website, tmp_path: Path) -> None:
    hold = threading.Event()
    listed = list_of(site, tmp_path, 300, hold, after=60)
    both = [start_collector(studio, listed) for _ in range(2)]
    workers = "SELECT count(DISTINCT leased_by) FROM fetches WHERE leased_by IS NOT NULL AND state = 'leased'"
    wait_for(lambda: rows(studio, workers) == [(2,)], "leases of both")
    both[0].send_signal(signal.SIGSTOP)
    stands_still(both[0])
    recorded = {str(url) for (url,) in rows(studio, "SELECT url FROM fetches WHERE state = 'done'")}
    leases = rows(studio, "SELECT url, leased_by FROM fetches WHERE state = 'leased'")
    of_the_dead = {str(url) for url, worker in leases if f":{both[0].pid}:" in str(worker)}
    both[0].kill()
    both[0].communicate()
    hold.set()
    _, errors = both[1].communicate(timeout=200)
    assert both[1].returncode == 0, errors
    assert done_count(studio) == 300
    twice = {site.address + path for path, count in site.asked.items() if count > 1 and path.endswith(".jpg")}
    assert not twice & recorded
    assert twice <= of_the_dead


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_says_how_to_go_on_and_leaves_neither_lease_nor_failure(
    studio: StudioFolder, site: Website, tmp_path: Path, signal_sent: signal.Signals
) -> None:
    hold = threading.Event()
    listed = list_of(site, tmp_path, 300, hold, after=20)
    collector = start_collector(studio, listed)
    wait_for(lambda: done_count(studio) >= 10, "pictures")
    os.kill(collector.pid, signal_sent)
    hold.set()
    _, errors = collector.communicate(timeout=60)
    assert collector.returncode == 130
    assert "the same command goes on" in errors
    left = dict(rows(studio, "SELECT state, count(*) FROM fetches GROUP BY state"))
    assert set(left) == {"done", "waiting"}


def test_a_page_of_dead_pictures_is_asked_for_once_whatever_the_limit(studio: StudioFolder, site: Website) -> None:
    listed = [item(site, number, Reply(b"", 404) if number < 12 else None) for number in range(20)]
    done = gather(studio, site, listed, most=10)
    assert (done.items, done.pictures, done.complete) == (8, 8, True)
    assert site.asked["/list"] <= 3


def test_a_page_of_very_many_items_gives_no_more_than_are_wanted(studio: StudioFolder, site: Website) -> None:
    body = picture(1)
    listed = [item(site, number, body) for number in range(2500)]
    done = gather(studio, site, listed, most=10)
    assert (done.items, done.pictures) == (10, 10)
    assert sum(count for path, count in site.asked.items() if path.endswith(".jpg")) == 10


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
def test_leases_that_ended_while_the_machine_slept_are_taken_up_again(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its leases end at once, so that each is given to it again while it has them."""
    monkeypatch.setattr("ganvas.collect.engine.LEASE_S", 0.01)
    listed = [item(site, number) for number in range(200)]
    done = gather(studio, site, listed)
    assert (done.pictures, done.complete) == (200, True)
    assert set(states(studio).values()) == {("done", None)}


@pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
def test_a_catalog_that_is_locked_for_a_while_is_waited_for(
    studio: StudioFolder, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.collect.patience.PAUSE_S", 0.05)
    monkeypatch.setattr("ganvas.collect.collecting.PATIENCE_S", 0.2)
    busy = StudioFolder(studio.root, studio.settings)
    opened, waited = threading.Event(), threading.Event()

    def hold_it() -> None:
        with busy.catalog.session(write=True) as connection:
            connection.execute(text("UPDATE hosts SET reason = reason"))
            opened.set()
            waited.wait(30)

    class Told(Notes):
        def note(self, line: str) -> None:
            super().note(line)
            if "waiting for it" in line:
                waited.set()

    studio.catalog.engine.dispose()
    quick = type(studio.catalog).open(studio.settings.catalog.url, patience_s=0.2)
    monkeypatch.setitem(studio.__dict__, "catalog", quick)
    notes = Told()
    holder = threading.Thread(target=hold_it)

    def reply(headers: dict[str, str]) -> Reply:
        holder.start()
        opened.wait(10)
        return Reply(picture(1))

    url = site.put("/1.jpg", reply)
    done = gather(studio, site, [{"key": "1", "pictures": [{"url": url}]}], progress=notes)
    holder.join()
    busy.catalog.close()
    assert done.pictures == 1
    assert waited.is_set()
