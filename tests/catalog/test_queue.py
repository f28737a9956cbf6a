from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import event

from ganvas.catalog import Catalog
from ganvas.catalog.fetch_records import DONE, FAILED, REFUSED, WAITING, Finished, Leased, StoredImage
from ganvas.catalog.wanted import LIST, PAGE, PICTURE, Item, Page, Picture

NOW, UNTIL = 1_000_000.0, 1_000_060.0
ALL = (LIST, PAGE, PICTURE)


def item(number: int, **changes: object) -> Item:
    words = {"key": str(number), "pictures": (Picture(f"http://pictures.example/{number}.jpg"),)}
    return Item(**words | changes)


def image(number: int) -> StoredImage:
    return StoredImage(f"{number:064x}", 100 + number, "JPEG", 30, 20, "RGB", 1)


def begin(catalog: Catalog, **options: object) -> int:
    return catalog.begin_collection("test", options, None, None).id


def lease(
    catalog: Catalog, collection: int, n: int = 1000, kinds: Iterable[str] = ALL, now: float = NOW
) -> list[Leased]:
    return catalog.lease(collection, "me", n, tuple(kinds), now, now + 60)


def finish(catalog: Catalog, collection: int, *finished: Finished, worker: str = "me") -> None:
    catalog.finish(collection, "test", worker, finished)


def states(catalog: Catalog, collection: int, kind: str = PICTURE) -> dict[str, int]:
    return catalog.fetch_counts(collection).get(collection, {}).get(kind, {})


def details(catalog: Catalog, sha256: str) -> list[dict[str, object]]:
    return [row.details for row in catalog.items_of(sha256)]


def test_what_is_wanted_is_leased_once_in_its_order_and_done(catalog: Catalog) -> None:
    collection = begin(catalog)
    assert (
        catalog.want(collection, "test", [Page("http://a.example/list", is_list=True), *map(item, range(1200))]) == 1201
    )
    first = lease(catalog, collection, 3)
    assert [(one.kind, one.url) for one in first] == [
        (LIST, "http://a.example/list"),
        (PICTURE, "http://pictures.example/0.jpg"),
        (PICTURE, "http://pictures.example/1.jpg"),
    ]
    assert first[1].host == "pictures.example"
    rest = lease(catalog, collection, 5000)
    assert [one.url for one in rest] == [f"http://pictures.example/{n}.jpg" for n in range(2, 1200)]
    assert lease(catalog, collection) == []
    done = [Finished(one.id, DONE, image=image(n)) for n, one in enumerate([*first[1:], *rest])]
    finish(catalog, collection, Finished(first[0].id, DONE, body=b"{}"), *done)
    assert states(catalog, collection) == {DONE: 1200}
    assert [row.sha256 for row in catalog.images()] == [image(n).sha256 for n in range(1200)]
    assert [row.key for row in catalog.items_of(image(7).sha256)] == ["7"]
    assert catalog.next_try(collection, ALL) is None
    assert catalog.items_served(collection) == 1200


def test_wanting_the_same_again_changes_nothing_but_what_is_said(catalog: Catalog) -> None:
    collection = begin(catalog)
    catalog.want(collection, "test", [item(1, title="Vase", label="a")])
    [leased] = lease(catalog, collection)
    finish(catalog, collection, Finished(leased.id, DONE, image=image(1)))
    assert catalog.want(collection, "test", [item(1, title="Vase, red", details={"room": 7})]) == 0
    [row] = catalog.items_of(image(1).sha256)
    assert (row.title, row.label, row.details) == ("Vase, red", "a", {"room": 7})
    assert lease(catalog, collection) == []


def test_one_address_of_two_items_is_one_fetch_whose_image_both_have(catalog: Catalog) -> None:
    collection = begin(catalog)
    shared = (Picture(" http://pictures.example/x.jpg#top "),)
    assert (
        catalog.want(
            collection,
            "test",
            [item(1, pictures=shared), item(2, pictures=(Picture("http://pictures.example/x.jpg"),))],
        )
        == 1
    )
    [leased] = lease(catalog, collection)
    assert leased.url == "http://pictures.example/x.jpg"
    finish(catalog, collection, Finished(leased.id, DONE, image=image(1)))
    assert catalog.want(collection, "test", [item(3, pictures=shared)]) == 0
    assert [row.key for row in catalog.items_of(image(1).sha256)] == ["1", "2", "3"]


def test_what_a_page_names_is_wanted_with_the_collections_label(catalog: Catalog) -> None:
    collection = catalog.begin_collection("test", {}, "houses", None).id
    catalog.want(collection, "test", [Page("http://a.example/1", what="record", note={"n": 1}, max_age_s=60)])
    [page] = lease(catalog, collection)
    assert (page.kind, page.what, page.note) == (PAGE, "record", {"n": 1})
    finish(
        catalog,
        collection,
        Finished(page.id, DONE, body=b"{}", found=[item(1), item(2, label="own"), Page("http://a.example/2")]),
    )
    more = lease(catalog, collection)
    assert [one.kind for one in more] == [PAGE, PICTURE, PICTURE]
    finish(catalog, collection, *(Finished(one.id, DONE, image=image(n)) for n, one in enumerate(more) if n))
    assert [row.label for row in catalog.images()] == ["houses", "own"]


def test_a_lease_that_ended_is_somebody_elses_and_the_late_answer_keeps_its_image_only(catalog: Catalog) -> None:
    collection = begin(catalog)
    catalog.want(collection, "test", [item(1)])
    [mine] = catalog.lease(collection, "me", 5, ALL, NOW, NOW + 10)
    assert catalog.lease(collection, "you", 5, ALL, NOW + 9, NOW + 20) == []
    assert catalog.next_try(collection, ALL) == NOW + 10
    [yours] = catalog.lease(collection, "you", 5, ALL, NOW + 10, NOW + 20)
    assert yours.id == mine.id
    assert catalog.workers() == {"you"}
    finish(catalog, collection, Finished(mine.id, FAILED, error="gone"))
    assert [row.state for row in catalog.fetches_of(mine.url)] == ["leased"]
    finish(catalog, collection, Finished(mine.id, DONE, image=image(1)))
    assert (catalog.count_images(), states(catalog, collection)) == (1, {"leased": 1})
    finish(catalog, collection, Finished(yours.id, DONE, image=image(1)), worker="you")
    assert states(catalog, collection) == {DONE: 1}


def test_a_renewed_lease_lasts_and_what_is_given_back_waits(catalog: Catalog) -> None:
    collection = begin(catalog)
    catalog.want(collection, "test", map(item, range(4)))
    one, two, three, _ = lease(catalog, collection)
    catalog.renew("me", NOW + 500)
    assert catalog.lease(collection, "you", 9, ALL, NOW + 499, NOW + 600) == []
    catalog.give_back("you", [(one.id, 0.0)])
    assert states(catalog, collection) == {"leased": 4}
    catalog.give_back("me", [(one.id, 0.0), (two.id, NOW + 50)])
    assert [row.id for row in catalog.lease(collection, "you", 9, ALL, NOW, NOW + 60)] == [one.id]
    assert catalog.give_all_back("me") == 2
    assert [row.id for row in catalog.lease(collection, "you", 1, ALL, NOW, NOW + 60)] == [three.id]


def test_a_retry_waits_its_time_and_counts(catalog: Catalog) -> None:
    collection = begin(catalog)
    catalog.want(collection, "test", [item(1)])
    [leased] = lease(catalog, collection)
    finish(catalog, collection, Finished(leased.id, WAITING, error="timeout", next_try=NOW + 30))
    assert lease(catalog, collection) == []
    assert catalog.next_try(collection, ALL) == NOW + 30
    [again] = lease(catalog, collection, now=NOW + 30)
    assert again.attempts == 1
    finish(
        catalog, collection, Finished(again.id, WAITING, error="throttled", next_try=NOW + 90, counts_as_attempt=False)
    )
    [third] = lease(catalog, collection, now=NOW + 90)
    assert third.attempts == 1


def test_a_thumbnail_is_fetched_only_where_the_original_cannot_be_had(catalog: Catalog) -> None:
    collection = begin(catalog)
    pictures = (Picture("http://a.example/big.jpg", instead=Picture("http://a.example/small.jpg")),)
    assert catalog.want(collection, "test", [item(1, pictures=pictures)]) == 2
    [original] = lease(catalog, collection)
    assert original.url == "http://a.example/big.jpg"
    finish(catalog, collection, Finished(original.id, FAILED, error="gone"))
    [small] = lease(catalog, collection)
    assert small.url == "http://a.example/small.jpg"
    finish(catalog, collection, Finished(small.id, DONE, image=image(1)))
    assert details(catalog, image(1).sha256) == [{"thumbnail": True}]
    catalog.want(collection, "test", [item(1, pictures=pictures, details={"a": 1})])
    assert details(catalog, image(1).sha256) == [{"a": 1, "thumbnail": True}]
    assert catalog.try_again() == 1
    [again] = lease(catalog, collection)
    finish(catalog, collection, Finished(again.id, DONE, image=image(2)))
    assert details(catalog, image(2).sha256) == [{"a": 1}]
    for _ in range(2):  # what a source says of its own is no mark
        catalog.want(collection, "test", [item(7, details={"thumbnail": True})])
        finish(catalog, collection, *(Finished(one.id, DONE, image=image(7)) for one in lease(catalog, collection)))
        assert details(catalog, image(7).sha256) == [{"thumbnail": True}]


def test_what_another_collection_had_is_known(catalog: Catalog) -> None:
    first, second = begin(catalog), begin(catalog, another=True)
    for collection in (first, second):
        catalog.want(
            collection,
            "test",
            [item(1), Page("http://a.example/1", max_age_s=3600), Page("http://a.example/2", max_age_s=0)],
        )
    page, stale, picture = lease(catalog, first)
    assert lease(catalog, second) == []
    finish(catalog, first, Finished(page.id, DONE, body=b"one", status=200), Finished(stale.id, DONE, body=b"two"))
    finish(catalog, first, Finished(picture.id, DONE, image=image(1), etag='"e"'))
    page, stale, picture = lease(catalog, second)
    assert (page.known_body, page.known_status, stale.known_body, picture.known_sha256) == (
        b"one",
        200,
        None,
        image(1).sha256,
    )
    assert page.known_at is not None
    catalog.want(second, "test", [item(2, pictures=(Picture(picture.url),))])
    finish(
        catalog,
        second,
        Finished(picture.id, DONE, sha256=image(1).sha256, reused=True),
        Finished(page.id, DONE, reused=True),
    )
    assert [row.key for row in catalog.items_of(image(1).sha256)] == ["1", "2"]
    assert catalog.ask_anew(second) == 2
    again = lease(catalog, second)
    assert [(one.etag, one.known_body, one.known_sha256) for one in again] == [(None, None, None), ('"e"', None, None)]
    assert again[1].own_sha256 == image(1).sha256


def test_a_list_that_came_to_an_end_is_asked_again_and_what_it_names_but_no_circle(catalog: Catalog) -> None:
    collection = begin(catalog)
    one, two = (Page(f"http://a.example/{n}", is_list=True) for n in (1, 2))
    for _ in range(2):
        catalog.want(collection, "test", [one])
        [first] = lease(catalog, collection)
        finish(catalog, collection, Finished(first.id, DONE, body=b"1", found=[two]))
        [second] = lease(catalog, collection)
        assert second.url == two.url
        finish(catalog, collection, Finished(second.id, DONE, body=b"2", found=[one]))
        assert lease(catalog, collection) == []


def test_a_picture_that_its_source_gave_comes_with_its_bytes(catalog: Catalog) -> None:
    collection = begin(catalog)
    given = [item(n, pictures=(Picture("http://a.example/#tile", data=bytes([n])),)) for n in range(3)]
    assert catalog.want(collection, "test", given) == 3
    assert [one.data for one in lease(catalog, collection)] == [b"\0", b"\1", b"\2"]


@pytest.mark.parametrize("address", ["", "  ", "http://a.example/" + "x" * 9000])
def test_an_address_that_is_none_is_a_row(catalog: Catalog, address: str) -> None:
    collection = begin(catalog)
    assert catalog.want(collection, "test", [item(1, pictures=(Picture(address),)), Page(address)]) == 1
    assert states(catalog, collection, PAGE) == {REFUSED: 1}
    assert catalog.error_counts()[0][1:3] == (REFUSED, "address")
    assert catalog.try_again(error="address") == (address.strip() == "")


def test_hosts_cool_until_the_latest_time_that_was_said(catalog: Catalog) -> None:
    catalog.cool_host("a.example", NOW + 10, "429")
    catalog.cool_host("a.example", NOW + 5, "403")
    assert catalog.cool_hosts(NOW) == {"a.example": NOW + 10}
    assert catalog.cool_hosts(NOW + 10) == {}


def test_what_no_database_takes_as_it_is_becomes_a_row_all_the_same(catalog: Catalog) -> None:
    collection = begin(catalog)
    strange = "a\0b\ud800 😀 'x' \"y\" \\ \n"
    odd = Item(
        strange,
        (Picture(f"http://a.example/{strange}"), Picture("http://[broken/")),
        title=7,  # type: ignore[arg-type]
        artist=strange,
        begin_date=10**12,
        end_date=True,
        tags=(strange,),
        details={strange: [strange, float("nan"), 2**70, {"deep": None}], "thumbnail": "http://a.example/small"},
    )
    page = Page(f"http://a.example/page{strange}", what=strange, note={strange: strange})
    for new in (3, 0):
        assert catalog.want(collection, "test", [odd, page, odd, page]) == new
    leased = lease(catalog, collection)
    assert [one.kind for one in leased] == [PAGE, PICTURE, PICTURE]
    finish(
        catalog,
        collection,
        *(Finished(one.id, DONE, reason=strange, final_url=strange, image=image(1)) for one in leased[1:]),
    )
    finish(catalog, collection, Finished(leased[0].id, FAILED, error="gone", reason=strange))
    [row] = catalog.items_of(image(1).sha256)
    assert (row.title, row.details["thumbnail"]) == ("7", "http://a.example/small")
    assert row.key.startswith("a\\x00b")
    assert "😀" in row.key
    assert catalog.fetches_of(f"http://a.example/{strange}")[0].items == [row.key]


def test_mixed_pictures_wait_in_another_order_than_they_were_found(catalog: Catalog) -> None:
    collection = begin(catalog)
    catalog.want(collection, "test", map(item, range(100)), "mixed")
    order = [int(one.url.rpartition("/")[2].removesuffix(".jpg")) for one in lease(catalog, collection)]
    assert sorted(order) == list(range(100))
    assert sum(one > other for one, other in zip(order, order[1:], strict=False)) > 25


def test_thumbnails_that_originals_share_come_for_those_that_failed_only(catalog: Catalog) -> None:
    collection = begin(catalog)
    small = Picture("http://a.example/small.jpg")
    catalog.want(
        collection, "test", [item(n, pictures=(Picture(f"http://a.example/{n}.jpg", instead=small),)) for n in (1, 2)]
    )
    one, two = lease(catalog, collection)
    finish(catalog, collection, Finished(one.id, DONE, image=image(1)), Finished(two.id, REFUSED, error="robots"))
    [stand_in] = lease(catalog, collection)
    finish(catalog, collection, Finished(stand_in.id, DONE, image=image(9)))
    assert [(row.key, row.details) for row in catalog.items_of(image(9).sha256)] == [("2", {"thumbnail": True})]
    assert details(catalog, image(1).sha256) == [{}]
    late = item(3, pictures=(Picture("", instead=small),))
    assert catalog.want(collection, "test", [late]) == 1
    assert [row.key for row in catalog.items_of(image(9).sha256)] == ["2", "3"]
    assert details(catalog, image(9).sha256)[1] == {"thumbnail": True}


def test_other_bytes_from_the_same_address_are_one_more_image_of_its_item(catalog: Catalog) -> None:
    collection = begin(catalog)
    catalog.want(collection, "test", [item(1)])
    for number, known in ((1, None), (2, image(1).sha256), (2, image(2).sha256)):
        [leased] = lease(catalog, collection)
        assert leased.own_sha256 == known
        finish(catalog, collection, Finished(leased.id, DONE, image=image(number), status=200, etag=f'"{number}"'))
        assert catalog.ask_anew(collection) == 1
    [leased] = lease(catalog, collection)
    finish(catalog, collection, Finished(leased.id, DONE, status=304))
    assert [[row.key for row in catalog.items_of(image(n).sha256)] for n in (1, 2)] == [["1"], ["1"]]
    [row] = catalog.fetches_of(leased.url)
    assert (row.state, row.sha256, row.bytes) == (DONE, image(2).sha256, 102)


def test_leasing_and_finishing_read_no_table_of_fetches_from_end_to_end(catalog: Catalog) -> None:
    first, second = begin(catalog), begin(catalog, another=True)
    for collection in (first, second):
        catalog.want(collection, "test", map(item, range(50)))
    finish(
        catalog,
        first,
        *(Finished(one.id, DONE, image=image(n)) for n, one in enumerate(lease(catalog, first, 20))),
    )
    said: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        said.append((statement, parameters[0] if isinstance(parameters, list) else parameters))

    event.listen(catalog.engine, "before_cursor_execute", note)
    taken = lease(catalog, second, 40, now=NOW + 999)
    catalog.renew("me", NOW + 2000)
    half = [Finished(one.id, DONE if one.id % 2 else FAILED, image=image(one.id)) for one in taken[:20]]
    finish(catalog, second, *half)
    catalog.give_back("me", [(one.id, 0.0) for one in taken[20:25]])
    catalog.next_try(second, ALL)
    catalog.give_all_back("me")
    event.remove(catalog.engine, "before_cursor_execute", note)
    plans = [plan for statement, parameters in said for plan in planned(catalog, statement, parameters)]
    assert len(plans) > 20
    assert not any(map(reads_all, plans))
    assert any(map(reads_all, planned(catalog, "SELECT fetches.id FROM fetches WHERE reason = 'none'", ())))


def reads_all(plan: str) -> bool:
    return plan.startswith("SCAN fetches") or "Seq Scan on fetches" in plan


def planned(catalog: Catalog, statement: str, parameters: Any) -> list[str]:
    """The lines of the database's plan for a statement."""
    if not statement.startswith(("SELECT fetches", "SELECT item", "UPDATE fetches", "SELECT (SELECT")):
        return []
    explain = "EXPLAIN QUERY PLAN" if catalog.is_sqlite else "EXPLAIN"
    with catalog.session() as connection:
        catalog.look_up_by_index(connection)
        return [str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)]
