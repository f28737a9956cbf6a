"""Measures, decisions taken anew, and finding one image, on both databases."""

from __future__ import annotations

import pytest

from ganvas.catalog import Catalog, FoundPicture, InspectionRow
from ganvas.errors import CatalogError

MEASURES = {"sharpness": 0.5, "colour": None}


def found(n: int, key: str | None = None, title: str | None = None) -> FoundPicture:
    key = key or f"/pictures!house{n}.jpg#10-{n}"
    return FoundPicture(f"{n:064x}", 10, "JPEG", 20, 10, "RGB", 1, None, "folder", key, title=title)


def inspection(n: int, version: str = "1", trim: tuple[int, int, int, int] | None = None) -> InspectionRow:
    return InspectionRow(f"{n:064x}", version, -(2**63) + n, MEASURES, trim)


def test_what_was_measured_comes_back_as_it_was(catalog: Catalog) -> None:
    catalog.add_found([found(n) for n in range(4)])
    rows = [inspection(0), inspection(1, trim=(0, 2, 20, 8)), inspection(2, "0")]
    catalog.save_inspections(rows)
    assert catalog.inspections("1") == rows[:2]
    assert catalog.inspection(rows[1].sha256) == rows[1]
    assert catalog.inspection(found(3).sha256) is None
    assert catalog.not_inspected("1") == [(found(2).sha256, 10), (found(3).sha256, 10)]
    newer = InspectionRow(rows[2].sha256, "1", None, {"sharpness": 0.1}, None)
    catalog.save_inspections([newer])
    assert catalog.inspections("1") == [*rows[:2], newer]
    assert catalog.inspections("0") == []


def test_more_measures_than_one_statement_takes(catalog: Catalog) -> None:
    catalog.add_found([found(n) for n in range(1500)])
    rows = [inspection(n) for n in range(1500)]
    catalog.save_inspections(rows)
    assert catalog.inspections("1") == rows


def test_an_image_that_is_not_there_saves_nothing(catalog: Catalog) -> None:
    catalog.add_found([found(0)])
    with pytest.raises(CatalogError, match="no image"):
        catalog.save_inspections([inspection(0), inspection(9)])
    assert catalog.inspections("1") == []


def test_trims_are_those_that_a_standing_decision_asks_for(catalog: Catalog) -> None:
    catalog.add_found([found(n) for n in range(3)])
    catalog.save_inspections([inspection(0, trim=(0, 1, 20, 9)), inspection(1, trim=(1, 0, 19, 10)), inspection(2)])
    catalog.decide("clean", "border", [(found(n).sha256, True, 0.2, None) for n in (0, 2)])
    assert catalog.trims("clean", "border") == {found(0).sha256: (0, 1, 20, 9)}
    assert len(catalog.images()) == 3
    catalog.undo("clean", "border", [found(0).sha256])
    assert catalog.trims("clean", "border") == {}


def test_deciding_anew_undoes_what_is_no_longer_said(catalog: Catalog) -> None:
    catalog.add_found([found(n) for n in range(3)])
    hashes = [found(n).sha256 for n in range(3)]
    catalog.decide("clean", "dark", [(hashes[0], False, 0.1, "a"), (hashes[1], False, 0.2, "b")])
    catalog.decide("clean", "light", [(hashes[0], False, 0.1, "c")])
    assert catalog.rules("clean") == ["dark", "light"]
    catalog.decide_anew("clean", "dark", [(hashes[1], False, 0.25, "d"), (hashes[2], False, 0.3, "e")])
    assert catalog.dropped_by("clean", "dark") == hashes[1:]
    assert catalog.dropped_by("clean", "light") == hashes[:1]
    first, _ = catalog.decisions(hashes[0])
    assert (first.undone, first.reason) == (True, "a")
    catalog.decide_anew("clean", "light", [])
    assert catalog.rules("clean") == ["dark"]
    catalog.decide_anew("clean", "dark", [(hashes[2], True, 0.9, "f")], unseen=[hashes[0], hashes[1]])
    assert catalog.dropped_by("clean", "dark") == hashes[1:2]  # and what was undone of the unseen stays undone
    with pytest.raises(CatalogError, match="no image"):
        catalog.decide_anew("clean", "dark", [("f" * 64, False, 0.1, "g")])
    assert catalog.dropped_by("clean", "dark") == hashes[1:2]  # all or nothing


def test_an_image_is_found_by_what_it_is_called(catalog: Catalog) -> None:
    catalog.add_found(
        [
            found(1, "/a!fronts/house_1.jpg#10-1"),
            found(2, "/a!fronts/houseX1.jpg#10-2=barn"),
            found(3, "/a!backs/house_1.jpg#10-3", title="A house, seen from behind"),
            found(4, "met:42", title="100% vase"),
        ]
    )
    hashes = [found(n).sha256 for n in range(5)]
    assert catalog.hashes_called("fronts/house_1.jpg") == [hashes[1]]  # _ and % are letters, not wildcards
    assert catalog.hashes_called("house_1.jpg") == [hashes[1], hashes[3]]
    assert catalog.hashes_called("houseX1.jpg") == [hashes[2]]
    assert catalog.hashes_called("HOUSEX1.jpg") == []
    assert catalog.hashes_called("house_1") == []
    assert catalog.hashes_called("A house, seen from behind") == [hashes[3]]
    assert catalog.hashes_called("met:42") == catalog.hashes_called("100% vase") == [hashes[4]]
    assert catalog.hashes_called("'; DROP TABLE images; --") == []
    assert catalog.hashes_beginning(hashes[4][:-1]) == hashes[1:4]
    assert "house_1.jpg" in catalog.names(10)


def test_what_is_known_of_one_image(catalog: Catalog) -> None:
    catalog.add_found([found(1), found(1, "/b!copy.jpg", title="a copy")])
    facts = catalog.image_facts(found(1).sha256)
    assert (facts["width"], facts["height"], facts["format"], facts["bytes"]) == (20, 10, "JPEG", 10)
    assert [item.title for item in catalog.items_of(found(1).sha256)] == [None, "a copy"]
    assert catalog.count_unreadable() == 0
