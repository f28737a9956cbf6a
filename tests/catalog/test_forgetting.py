"""A collection that is given up: what goes, what stays, and that nobody is at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from ganvas.catalog import Catalog
from ganvas.catalog.fetch_records import COMPLETE, DONE, FAILED, Finished, StoredImage
from ganvas.catalog.forgetting import Forgotten
from ganvas.catalog.schema import Body, Fetch, Item, ItemFetch, ItemImage
from ganvas.catalog.wanted import KINDS, PICTURE, Page, Picture
from ganvas.catalog.wanted import Item as Wanted
from ganvas.errors import CatalogError, InputError

NOW = 1_000_000.0
IMAGE = StoredImage("1" * 64, 9, "PNG", 8, 8, "RGB", 1)


def picture(n: int, stand_in: bool = False) -> Picture:
    return Picture(f"http://a.example/{n}.jpg", instead=Picture(f"http://a.example/{n}s.jpg") if stand_in else None)


def begun(catalog: Catalog, query: str, items: range) -> int:
    """A collection of these items, each with a thumbnail to stand in for its picture; two pages; one has an answer."""
    id = catalog.begin_collection("met", {"query": query}, None, None).id
    pages = [Page(f"http://a.example/{query}/{n}", is_list=n == 0) for n in range(2)]
    catalog.want(id, "met", [*pages, *(Wanted(str(n), (picture(n, stand_in=True),), artist="Ada") for n in items)])
    return id


def collected(catalog: Catalog, query: str, items: range) -> int:
    """The same at its end: even pictures are had, others are gone."""
    id = begun(catalog, query, items)
    done = []
    for one in catalog.lease(id, "host/1/2:77:ab", 99, KINDS, NOW, NOW + 60):
        if one.kind != "picture":
            done.append(Finished(one.id, DONE, body=b"{}"))
        elif int(one.url.rpartition("/")[2][:-4]) % 2:
            done.append(Finished(one.id, FAILED, error="gone"))
        else:
            image = StoredImage(f"{int(one.url.rpartition('/')[2][:-4]):064x}", 9, "PNG", 8, 8, "RGB", 1)
            done.append(Finished(one.id, DONE, image=image))
    catalog.finish(id, "met", "host/1/2:77:ab", done)
    return id


def counts(catalog: Catalog) -> dict[str, int]:
    with catalog.session() as connection:
        tables = (Fetch, Body, ItemFetch, Item, ItemImage)
        return {table.__name__: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_what_was_asked_goes_and_pictures_stay_with_their_items(catalog: Catalog) -> None:
    first = collected(catalog, "vase", range(6))
    kept = catalog.images()
    assert catalog.forget_collection(first, NOW) == Forgotten(first, 14, 3, 3)
    assert counts(catalog) == {"Fetch": 0, "Body": 0, "ItemFetch": 0, "Item": 3, "ItemImage": 3}
    assert catalog.collections() == []
    assert catalog.images() == kept
    assert [item.artist for image in kept for item in catalog.items_of(image.sha256)] == ["Ada"] * 3


def test_other_collections_keep_all_that_they_have(catalog: Catalog) -> None:
    first, second = collected(catalog, "vase", range(6)), begun(catalog, "pot", range(3, 8))
    before = catalog.fetch_counts(second)
    assert catalog.forget_collection(first, NOW).items == 1  # the other has named 3 and 5, too
    assert catalog.fetch_counts() == before
    assert catalog.items_served(second) == 5
    assert [one.url for one in catalog.lease(second, "me", 9, ("picture",), NOW, NOW + 60)] == [
        f"http://a.example/{n}.jpg" for n in range(3, 8)
    ]


def test_items_without_any_picture_go_with_the_last_collection_of_their_source(catalog: Catalog) -> None:
    first, second = begun(catalog, "vase", range(1)), begun(catalog, "pot", range(1))
    other = catalog.begin_collection("urls", {}, None, None).id
    for id, source in ((first, "met"), (second, "met"), (other, "urls")):
        catalog.want(id, source, [Wanted("bare", ())])
    assert catalog.forget_collection(first, NOW).items == 0
    assert catalog.forget_collection(second, NOW).items == 2
    with catalog.session() as connection:
        assert connection.execute(select(Item.source, Item.key)).all() == [("urls", "bare")]


def test_a_collection_that_somebody_is_at_is_left_alone(catalog: Catalog) -> None:
    id = begun(catalog, "vase", range(3))
    catalog.lease(id, "host/1/2:77:ab", 2, KINDS, NOW, NOW + 60)
    before = counts(catalog)
    with pytest.raises(InputError, match=f"a collector is at collection {id}, process 77 on host: end that one first"):
        catalog.forget_collection(id, NOW + 59)
    assert counts(catalog) == before
    assert catalog.forget_collection(id, NOW + 61).addresses == 8
    with pytest.raises(InputError, match=f"there is no collection {id}"):
        catalog.forget_collection(id, NOW)


def test_whoever_was_at_it_is_told_and_changes_nothing_of_the_next(catalog: Catalog) -> None:
    id = begun(catalog, "vase", range(3))
    leased = catalog.lease(id, "host/1/2:77:ab", 9, KINDS, NOW, NOW + 60)
    catalog.forget_collection(id, NOW + 61)
    again = catalog.begin_collection("met", {"query": "vase"}, None, None)
    assert (again.id, again.options, catalog.collections()) == (id + 1, {"query": "vase"}, [again])
    with pytest.raises(InputError, match=f"there is no collection {id}"):
        catalog.forget_collection(id, NOW)
    assert begun(catalog, "vase", range(5, 8)) == again.id
    before = counts(catalog)
    catalog.finish(id, "met", "host/1/2:77:ab", [Finished(one.id, DONE, image=IMAGE) for one in leased])
    for late in (
        lambda: catalog.want(id, "met", [Wanted("9", (picture(9),))]),
        lambda: catalog.lease(id, "host/1/2:77:ab", 9, KINDS, NOW, NOW + 60),
        lambda: catalog.end_collection(id, COMPLETE),
    ):
        with pytest.raises(InputError, match="was forgotten meanwhile"):
            late()
    assert counts(catalog) == before
    assert catalog.collections() == [again]


def test_a_thumbnail_is_known_to_be_one_until_another_collection_has_the_original(catalog: Catalog) -> None:
    id = begun(catalog, "vase", range(1))
    for ending in (Finished(0, FAILED, error="gone"), Finished(0, DONE, image=IMAGE)):
        [one] = catalog.lease(id, "me", 9, (PICTURE,), NOW, NOW + 60)
        catalog.finish(id, "met", "me", [replace(ending, id=one.id)])
    catalog.forget_collection(id, NOW)
    id = begun(catalog, "pot", range(1))
    assert [item.details for item in catalog.items_of(IMAGE.sha256)] == [{"thumbnail": True}]
    [one] = catalog.lease(id, "me", 9, (PICTURE,), NOW, NOW + 60)
    catalog.finish(id, "met", "me", [Finished(one.id, DONE, image=replace(IMAGE, sha256="2" * 64))])
    assert [item.details for item in catalog.items_of("2" * 64)] == [{}]


def test_an_original_of_a_forgotten_collection_is_no_thumbnail_where_another_finds_only_that(catalog: Catalog) -> None:
    id = begun(catalog, "vase", range(1))
    [one] = catalog.lease(id, "me", 9, (PICTURE,), NOW, NOW + 60)
    catalog.finish(id, "met", "me", [Finished(one.id, DONE, image=IMAGE)])
    catalog.forget_collection(id, NOW)
    id = begun(catalog, "pot", range(1))
    for ending in (Finished(0, FAILED, error="gone"), Finished(0, DONE, image=replace(IMAGE, sha256="2" * 64))):
        [one] = catalog.lease(id, "me", 9, (PICTURE,), NOW, NOW + 60)
        catalog.finish(id, "met", "me", [replace(ending, id=one.id)])
    begun(catalog, "pot", range(1))
    assert [item.details for item in catalog.items_of(IMAGE.sha256)] == [{}]
    assert catalog.items_of("2" * 64) == []


def test_a_picture_at_two_addresses_stays_as_one(catalog: Catalog) -> None:
    id = begun(catalog, "vase", range(2))
    pictures = catalog.lease(id, "me", 9, (PICTURE,), NOW, NOW + 60)
    catalog.finish(id, "met", "me", [Finished(one.id, DONE, image=IMAGE) for one in pictures])
    assert catalog.forget_collection(id, NOW).pictures == catalog.count_images() == 1


def test_what_fails_half_way_leaves_all_of_it(catalog: Catalog, open_catalog: Callable[..., Catalog]) -> None:
    id = collected(catalog, "vase", range(6))
    before = counts(catalog)
    refuse = "CREATE TRIGGER no BEFORE UPDATE ON collections "
    with catalog.session(write=True) as connection:
        if catalog.is_sqlite:
            connection.exec_driver_sql(refuse + "BEGIN SELECT RAISE(ABORT, 'no'); END")
        else:
            body = "$$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql"
            connection.exec_driver_sql(f"CREATE FUNCTION refuse() RETURNS trigger AS {body}")
            connection.exec_driver_sql(refuse + "FOR EACH ROW EXECUTE FUNCTION refuse()")
    with pytest.raises(CatalogError):
        catalog.forget_collection(id, NOW)
    assert counts(open_catalog()) == before
