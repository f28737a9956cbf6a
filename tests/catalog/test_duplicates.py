from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganvas.catalog import Catalog, FoundPicture
from ganvas.catalog.records import now
from ganvas.catalog.schema import Inspection


def name(number: int) -> str:
    return f"{number:064x}"


def add(catalog: Catalog, count: int, hashes: Sequence[int | None] = (), **measures: Any) -> None:
    catalog.add_found(
        [
            FoundPicture(name(n), 100 + n, "PNG", 28, 20, "L", 1, None, "folder", f"{n}.png", label="shoe")
            for n in range(count)
        ]
    )
    ids = {image.sha256: image.id for image in catalog.images(kept=False)}
    with catalog.session(write=True) as connection:
        for n, phash in enumerate(hashes):
            values = {"image_id": ids[name(n)], "version": "1", "phash": phash, "measures": measures, "trim": None}
            connection.execute(catalog.insert(Inspection), values | {"inspected_at": now()})


def test_hashes_are_those_of_inspected_pictures_that_no_other_rule_drops(catalog: Catalog) -> None:
    add(catalog, 9, [2**63 - 1, -(2**63), None, 3, 4, 5, 6, 7])
    catalog.decide("clean", "duplicate", [(name(3), False, 2, "shows the same as another")])
    catalog.decide("clean", "dark", [(name(4), False, 0.1, None), (name(5), False, 0.1, None)])
    catalog.decide("person", "person", [(name(5), True, None, None), (name(6), False, None, None)])
    catalog.decide("clean", "blurry", [(name(7), False, 0.1, None)])
    catalog.undo("clean", "blurry", [name(7)])
    assert [phash for _, phash in catalog.hashes()] == [2**63 - 1, -(2**63), 3, 5, 7]
    assert catalog.count_not_inspected() == 1
    assert catalog.inspected() == {name(n) for n in range(8)}


def test_what_decides_who_stays_comes_in_the_order_asked(catalog: Catalog) -> None:
    add(catalog, 700, range(700), sharpness=0.5)
    catalog.decide("person", "person", [(name(3), True, None, None)])
    ids = [id for id, _ in catalog.hashes()]
    rows = catalog.hashed_images(ids[::-1])
    assert [row.id for row in rows] == ids[::-1]
    assert [row.sha256 for row in rows if row.kept_by_person] == [name(3)]
    assert (rows[0].sha256, rows[0].width, rows[0].height, rows[0].bytes) == (name(699), 28, 20, 799)
    assert rows[0].measures == {"sharpness": 0.5}


def test_groups_are_those_of_the_last_search(catalog: Catalog) -> None:
    add(catalog, 1200, range(1200))
    ids = [id for id, _ in catalog.hashes()]
    catalog.decide_duplicates(dict.fromkeys(ids, ids[0]), [])
    assert catalog.duplicate_groups() == {name(n): ids[0] for n in range(1200)}
    catalog.decide_duplicates({ids[2]: ids[1], ids[1]: ids[1]}, [])
    assert catalog.duplicate_groups() == {name(1): ids[1], name(2): ids[1]}
    catalog.decide_duplicates({}, [])
    assert catalog.duplicate_groups() == {}
