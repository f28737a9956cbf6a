from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from ganvas.catalog import Catalog, FoundPicture
from ganvas.errors import CatalogError


def found(number: int, **changes: object) -> FoundPicture:
    picture = FoundPicture(
        sha256=f"{number:064x}",
        bytes=100 + number,
        format="PNG",
        width=28,
        height=20,
        mode="L",
        frames=1,
        unreadable=None,
        source="folder",
        key=f"{number}.png",
    )
    return dataclasses.replace(picture, **changes)


def keys(rows: Sequence[object]) -> list[int]:
    return [int(row.sha256, 16) for row in rows]


def test_found_pictures_are_listed_in_the_order_of_finding(catalog: Catalog) -> None:
    assert catalog.add_found([found(3, label="shoe", split="train"), found(1), found(2)]) == 3
    rows = catalog.images()
    assert keys(rows) == [3, 1, 2]
    assert (rows[0].width, rows[0].height, rows[0].mode, rows[0].frames, rows[0].bytes) == (28, 20, "L", 1, 103)
    assert (rows[0].label, rows[0].split, rows[1].label) == ("shoe", "train", None)


def test_adding_the_same_again_changes_nothing(catalog: Catalog) -> None:
    pictures = [found(n) for n in range(1200)]
    assert catalog.add_found(pictures) == 1200
    before = catalog.images()
    assert catalog.add_found(pictures) == 0
    assert catalog.images() == before
    assert catalog.known_keys("folder") == {f"{n}.png" for n in range(1200)}
    assert catalog.known_keys("another") == set()


def test_nothing_found_is_nothing_added(catalog: Catalog) -> None:
    assert catalog.add_found([]) == 0
    assert catalog.images() == []
    assert catalog.dropped() == {}


def test_one_picture_under_two_keys_is_one_image_with_the_first_items_label(catalog: Catalog) -> None:
    catalog.add_found([found(1, key="a"), found(1, key="b", label="cat"), found(1, key="c", label="dog")])
    assert [row.label for row in catalog.images()] == ["cat"]
    assert catalog.label_conflicts() == {found(1).sha256}


def test_one_item_can_have_several_pictures(catalog: Catalog) -> None:
    catalog.add_found([found(1, key="vase", position=0), found(2, key="vase", position=1, label="red")])
    assert [row.label for row in catalog.images()] == ["red", "red"]
    assert catalog.label_conflicts() == set()


def test_what_cannot_be_read_is_a_decision_with_its_reason_and_no_image_to_work_with(catalog: Catalog) -> None:
    broken = found(2, unreadable="the file ends early")
    catalog.add_found([found(1), broken])
    catalog.add_found([broken])
    assert keys(catalog.images()) == [1]
    assert keys(catalog.images(kept=False)) == [1]
    assert catalog.count_images() == 1
    assert catalog.dropped() == {"unreadable": 1}
    [decision] = catalog.decisions(broken.sha256)
    assert (decision.stage, decision.rule, decision.keep, decision.reason) == (
        "read",
        "unreadable",
        False,
        "the file ends early",
    )
    assert catalog.known_keys("folder") == {"1.png", "2.png"}


def test_a_picture_that_can_be_read_after_all_counts_again(catalog: Catalog) -> None:
    catalog.add_found([found(1, unreadable="out of memory")])
    assert catalog.add_found([found(1)]) == 0
    assert keys(catalog.images()) == [1]
    assert catalog.dropped() == {}


def test_a_dropped_image_comes_back_when_the_decision_is_undone(catalog: Catalog) -> None:
    catalog.add_found([found(n) for n in range(3)])
    catalog.decide("inspect", "dark", [(found(0).sha256, False, 0.1, "too dark"), (found(1).sha256, True, 0.9, None)])
    assert keys(catalog.images()) == [1, 2]
    assert keys(catalog.images(kept=False)) == [0, 1, 2]
    assert (catalog.count_images(), catalog.dropped()) == (3, {"dark": 1})
    catalog.undo("inspect", "dark", [found(0).sha256])
    assert keys(catalog.images()) == [0, 1, 2]
    [decision] = catalog.decisions(found(0).sha256)
    assert (decision.undone, decision.score, decision.decided_at.tzname()) == (True, 0.1, "UTC")


def test_a_persons_word_beats_every_rule_until_it_is_taken_back(catalog: Catalog) -> None:
    catalog.add_found([found(1), found(2)])
    a, b = (image.sha256 for image in catalog.images())
    catalog.decide("clean", "blurry", [(a, False, 0.9, None)])
    catalog.decide("person", "person", [(a, True, None, None), (b, False, None, "a garage")])
    assert [image.sha256 for image in catalog.images()] == [a]
    catalog.decide("clean", "dark", [(a, False, 0.9, None), (b, True, 0.1, None)])
    assert [image.sha256 for image in catalog.images()] == [a]
    catalog.undo("person", "person", [a, b])
    assert [image.sha256 for image in catalog.images()] == [b]


def test_one_rules_word_can_be_left_aside(catalog: Catalog) -> None:
    catalog.add_found([found(n) for n in range(5)])
    shas = [found(n).sha256 for n in range(5)]
    catalog.decide("pack", "vanished", [(sha256, False, None, None) for sha256 in shas[1:4]])
    catalog.decide("clean", "dark", [(shas[2], False, None, None)])
    catalog.decide("person", "person", [(shas[3], False, None, None)])
    assert keys(catalog.images()) == [0, 4]
    assert keys(catalog.images(but_for=("pack", "vanished"))) == [0, 1, 4]
    assert keys(catalog.images(but_for=("pack", "altered"))) == [0, 4]


def test_deciding_again_replaces_and_stands_again(catalog: Catalog) -> None:
    catalog.add_found([found(1)])
    sha256 = found(1).sha256
    catalog.decide("inspect", "dark", [(sha256, True, 0.5, None)])
    catalog.undo("inspect", "dark", [sha256])
    catalog.decide("inspect", "dark", [(sha256, True, 0.5, None), (sha256, False, 0.2, "darker")])
    [decision] = catalog.decisions(sha256)
    assert (decision.keep, decision.score, decision.reason, decision.undone) == (False, 0.2, "darker", False)


def test_deciding_about_an_unknown_image_says_so(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="no image abc in the catalog"):
        catalog.decide("inspect", "dark", [("abc", False, None, None)])


def test_text_of_any_origin_is_kept_and_found_again(catalog: Catalog) -> None:
    key = "caf\udce9\0 ñ 🏺.png"  # an undecodable byte of a file name, and a NUL
    details = {"note": "a\0b \udce9", "size": float("nan"), "tags": [1.5, float("inf")]}
    catalog.add_found([found(1, key=key, title="o\0", label="caf\udce9", details=details)])
    assert catalog.add_found([found(1, key=key)]) == 0
    [kept] = catalog.known_keys("folder")
    assert kept == key.replace("\0", r"\x00")
    assert catalog.known_keys("folder") == {kept}


def test_a_row_that_fails_takes_its_whole_batch_with_it(catalog: Catalog) -> None:
    nameless = found(2, sha256=None)
    with pytest.raises(CatalogError):
        catalog.add_found([found(1), nameless])
    assert catalog.images() == []
