from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from sqlalchemy import Connection, event

from ganvas.catalog import Catalog, collections
from ganvas.catalog.fetch_records import COMPLETE, DONE, FAILED, OPEN, REFUSED, WAITING, Finished
from ganvas.catalog.wanted import LIST, PAGE, PICTURE, Item, Page, Picture

NOW = 1_000_000.0
ALL = (LIST, PAGE, PICTURE)


def wanted(catalog: Catalog, n: int, **options: object) -> tuple[int, list[int]]:
    """A collection with the ids of its n leased pictures."""
    collection = catalog.begin_collection("test", options, None, None).id
    items = [Item(str(i), (Picture(f"http://host{i % 2}.example/{i}.jpg"),)) for i in range(n)]
    catalog.want(collection, "test", items)
    return collection, [one.id for one in catalog.lease(collection, "me", n, ALL, NOW, NOW + 60)]


def finish(catalog: Catalog, collection: int, *finished: Finished) -> None:
    catalog.finish(collection, "test", "me", finished)


def test_the_same_source_options_and_label_are_one_collection(catalog: Catalog) -> None:
    first = catalog.begin_collection("met", {"query": "vase", "public": True}, None, 100)
    again = catalog.begin_collection("met", {"public": True, "query": "vase"}, None, 200)
    assert (again.id, again.most, again.made_at) == (first.id, 200, first.made_at)
    others = [catalog.begin_collection("met", {"query": "pot"}, None, None)]
    others += [
        catalog.begin_collection("met", first.options, "vases", None),
        catalog.begin_collection("web", {}, None, 1),
    ]
    assert catalog.collections() == [again, *others]
    assert (again.source, again.options, again.state) == ("met", {"query": "vase", "public": True}, OPEN)
    catalog.end_collection(first.id, COMPLETE)
    assert catalog.collections()[0].state == COMPLETE


def test_counts_by_kind_state_error_and_host(catalog: Catalog) -> None:
    collection, ids = wanted(catalog, 6)
    other, _ = wanted(catalog, 1, other=True)
    catalog.want(collection, "test", [Page("http://host0.example/list", is_list=True)])
    finish(
        catalog,
        collection,
        *(Finished(id, FAILED, error="gone") for id in ids[0:3]),
        Finished(ids[3], REFUSED, error="robots"),
        Finished(ids[4], WAITING, error="timeout", next_try=NOW + 9),
    )
    pictures = {FAILED: 3, REFUSED: 1, WAITING: 1, "leased": 1}
    assert catalog.fetch_counts(collection) == {collection: {LIST: {WAITING: 1}, PICTURE: pictures}}
    assert catalog.fetch_counts()[other] == {PICTURE: {"waiting": 1}}
    errors = [
        (collection, FAILED, "gone", "host0.example", 2),
        (collection, FAILED, "gone", "host1.example", 1),
        (collection, REFUSED, "robots", "host1.example", 1),
        (collection, WAITING, "timeout", "host0.example", 1),
    ]
    assert catalog.error_counts(collection) == catalog.error_counts() == errors
    assert catalog.error_counts(other) == []
    assert catalog.error_counts(at_most=1) == errors[:1]
    assert catalog.items_served(collection) == 2


def test_failed_fetches_are_tried_again_as_they_are_chosen(catalog: Catalog) -> None:
    collection, ids = wanted(catalog, 5)
    finish(
        catalog,
        collection,
        Finished(ids[0], FAILED, error="gone"),
        Finished(ids[1], FAILED, error="timeout"),
        Finished(ids[2], REFUSED, error="robots"),
        Finished(ids[3], WAITING, error="timeout", next_try=NOW + 1e6),
        Finished(ids[4], DONE),
    )
    catalog.end_collection(collection, COMPLETE)
    catalog.cool_host("host1.example", NOW + 1e6, "429")
    assert catalog.try_again(host="nobody.example") == 0
    assert catalog.collections()[0].state == COMPLETE
    assert catalog.try_again(host="host1.example") == 1
    assert catalog.collections()[0].state == OPEN
    assert catalog.cool_hosts(NOW) == {}
    again = catalog.lease(collection, "me", 9, ALL, NOW, NOW + 60)
    assert [(one.id, one.attempts) for one in again] == [(ids[1], 0), (ids[3], 0)]
    assert catalog.try_again() == 1
    assert catalog.try_again(error="robots") == 1
    finish(catalog, collection, Finished(again[0].id, REFUSED, error="robots"))
    assert catalog.try_again(url=again[0].url) == 1
    assert catalog.try_again(collection_id=collection + 1) == 0


def test_what_is_tried_again_waits_for_no_host_that_its_redirects_led_to(catalog: Catalog) -> None:
    collection, ids = wanted(catalog, 2)
    finish(catalog, collection, Finished(ids[0], FAILED, error="throttled", final_url="http://behind.example/1.jpg"))
    for host in ("behind.example", "other.example"):
        catalog.cool_host(host, NOW + 1e6, "429")
    assert catalog.try_again() == 1
    assert set(catalog.cool_hosts(NOW)) == {"other.example"}


def test_an_address_is_found_whole_or_by_its_end_or_its_beginning(catalog: Catalog) -> None:
    collection, ids = wanted(catalog, 3)
    wanted(catalog, 1, other=True)
    finish(catalog, collection, Finished(ids[1], FAILED, error="gone", reason="404 Not Found", status=404))
    [row] = catalog.fetches_of("http://host1.example/1.jpg#there")
    assert (row.collection_id, row.source, row.state, row.error, row.status, row.items) == (
        collection,
        "test",
        FAILED,
        "gone",
        404,
        ["1"],
    )
    assert row.attempts == 1
    assert row.fetched_at is not None
    assert len(catalog.fetches_of("http://host0.example/0.jpg")) == 2
    assert [row.url for row in catalog.fetches_of("http://host0")] == [
        "http://host0.example/0.jpg",
        "http://host0.example/2.jpg",
        "http://host0.example/0.jpg",
    ]
    assert [row.url for row in catalog.fetches_of("/2.jpg")] == ["http://host0.example/2.jpg"]
    assert catalog.fetches_of("nothing") == catalog.fetches_of("") == []


def test_others_have_their_turn_while_very_many_are_set_back(
    catalog: Catalog, open_catalog: Callable[..., Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "PART", 10)
    collection, ids = wanted(catalog, 95)
    finish(
        catalog, collection, *(Finished(id, FAILED if id % 3 else DONE, error="gone" if id % 3 else None) for id in ids)
    )
    failed = sum(id % 3 > 0 for id in ids)
    other, said = open_catalog(), []

    def look(connection: Connection) -> None:
        said.append(other.fetch_counts(collection)[collection][PICTURE].get(FAILED, 0))

    event.listen(catalog.engine, "commit", look)
    assert catalog.try_again() == failed
    event.remove(catalog.engine, "commit", look)
    steps = sorted({before - after for before, after in pairwise(said)})
    assert len(set(said)) > failed // 10
    assert steps[-1] <= 10
    assert catalog.fetch_counts(collection) == {collection: {PICTURE: {WAITING: failed, DONE: len(ids) - failed}}}
    assert catalog.ask_anew(collection) == len(ids) - failed
    assert catalog.fetch_counts(collection) == {collection: {PICTURE: {WAITING: len(ids)}}}
    assert [one.id for one in catalog.lease(collection, "me", 100, ALL, NOW, NOW + 60)] == ids
