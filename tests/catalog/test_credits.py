from __future__ import annotations

from ganvas.catalog import Catalog, FoundPicture, MemberRow, SetRow
from ganvas.catalog.credits import CreditRow
from ganvas.catalog.fetch_records import DONE, Finished, StoredImage
from ganvas.catalog.records import now
from ganvas.catalog.wanted import KINDS, Item, Picture


def test_credits_name_every_item_of_every_picture_of_a_set_in_its_order(catalog: Catalog) -> None:
    local = FoundPicture("0" * 64, 9, "PNG", 8, 8, "RGB", 1, None, "folder", "a.png")
    catalog.add_found([local])
    collection = catalog.begin_collection("met", {}, None, None).id
    same = (Picture("http://met.example/1.jpg"),)
    words = {
        "title": "Vase",
        "artist": "Exekias",
        "attribution": "Gift",
        "licence": "CC0",
        "link": "http://met.example/1",
    }
    catalog.want(collection, "met", [Item("1", same, **words), Item("2", same)])  # type: ignore[arg-type]
    [leased] = catalog.lease(collection, "me", 9, KINDS, 0.5, 9.0)
    catalog.finish(
        collection,
        "met",
        "me",
        [Finished(leased.id, DONE, image=StoredImage("1" * 64, 9, "PNG", 8, 8, "RGB", 1))],
    )
    row = SetRow("vases", 8, 8, 3, 2, (), {}, "f", now())
    catalog.add_set(row, [MemberRow(0, "1" * 64, None, "train"), MemberRow(1, "0" * 64, None, "train")])
    assert catalog.credits_of("vases") == [
        CreditRow(0, "1" * 64, "met", "1", **words),
        CreditRow(0, "1" * 64, "met", "2", None, None, None, None, None),
        CreditRow(1, "0" * 64, "folder", "a.png", None, None, None, None, None),
    ]
    assert catalog.credits_of("another") == []
