from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ganvas.catalog import Catalog
from ganvas.catalog.sound import Unsound, sound
from ganvas.catalog.wanted import PICTURE, Item, Page, Picture
from ganvas.errors import InputError

HERE = (Picture("http://a.example/1.jpg"),)


def deep(levels: int) -> Any:
    value: Any = "\ud800"
    for _ in range(levels):
        value = [value]
    return value


def itself() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


UNSOUND: dict[str, Any] = {
    "neither a Page nor an Item": 5,
    "key is None": Item(None, HERE),  # type: ignore[arg-type]
    "key is of type dict": Item({}, HERE),  # type: ignore[arg-type]
    "pictures are None": Item("1", None),  # type: ignore[arg-type]
    "pictures are of type str": Item("1", "http://a.example/1.jpg"),  # type: ignore[arg-type]
    "among an item's pictures is of type str": Item("1", ("http://a.example/1.jpg",)),  # type: ignore[arg-type]
    "picture's address is None": Item("1", (Picture(None),)),  # type: ignore[arg-type]
    "picture's data are of type str": Item("1", (Picture("x", data="x"),)),  # type: ignore[arg-type]
    "page's address is of type bytes": Page(b"http://a.example/"),  # type: ignore[arg-type]
    "max_age_s is no number": Page("http://a.example/", max_age_s=float("nan")),
    "max_age_s is no number of seconds: int": Page("http://a.example/", max_age_s=10**400),
    "details are of type list": Item("1", HERE, details=[1]),  # type: ignore[arg-type]
    "details more than 100 levels": Item("1", HERE, details={"a": deep(985)}),
    "details more than 100 levels ": Item("1", HERE, details=itself()),
    "note more than 100 levels": Page("http://a.example/", note={"a": deep(985)}),
    "number of more than": Item("1", HERE, details={"a": [10**5000]}),
    "title is of type int": Item("1", HERE, title=10**5000),  # type: ignore[arg-type]
    "details cannot be written": Item("1", HERE, details={(1, 2): 3}),  # type: ignore[dict-item]
    "details cannot be written as JSON: no words": Item("1", HERE, details={"a": Unspeakable()}),
    "tags are of type int": Item("1", HERE, tags=5),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("what", UNSOUND)
def test_what_no_catalog_can_keep_is_told_by_what_is_wrong_with_it(what: str) -> None:
    with pytest.raises(Unsound, match=what.strip()):
        sound(UNSOUND[what])


def test_what_is_as_it_should_be_is_left_alone() -> None:
    page = Page("http://a.example/", note={"n": [1, {"a": None}]}, max_age_s=60.0)
    item = Item("1", HERE, title="Vase", tags=("a",), details={"a": [1.5, {"b": [True, float("inf"), 2**70]}]})
    assert sound(page) is page
    assert sound(item) is item


def test_what_can_be_kept_in_another_form_takes_it(catalog: Catalog) -> None:
    collection = catalog.begin_collection("test", {}, None, None).id
    odd = Item(
        5,  # type: ignore[arg-type]
        [Picture("given", data=bytearray(b"x"), instead=Picture("http://a.example/small.jpg"))],  # type: ignore[arg-type]
        title=7,  # type: ignore[arg-type]
        tags=None,  # type: ignore[arg-type]
        details={"a": np.arange(2), "b": {1, 2}, 3: deep(90)},  # type: ignore[dict-item]
    )
    page = Page("http://a.example/", what=None, note=None)  # type: ignore[arg-type]
    assert catalog.want(collection, "test", [odd, page]) == 3
    assert sound(odd).key == "5"  # type: ignore[union-attr]
    assert sum(catalog.fetch_counts(collection)[collection][PICTURE].values()) == 2


def test_keys_too_long_for_an_index_stay_apart_and_the_same(catalog: Catalog) -> None:
    collection = catalog.begin_collection("test", {}, None, None).id
    signs = np.random.default_rng(0).integers(0x4E00, 0x9FFF, 6000)  # no index could shorten it
    long = "".join(map(chr, signs))
    keys = [long, long + "a", long[:300]]
    for new in (3, 0):
        items = [Item(key, (Picture(f"http://a.example/{n}.jpg"),)) for n, key in enumerate(keys)]
        assert catalog.want(collection, "test", items) == new
    kept = [catalog.fetches_of(f"http://a.example/{n}.jpg")[0].items for n in range(3)]
    assert len({key for [key] in kept}) == 3
    assert kept[2] == [long[:300]]


def test_what_was_named_before_something_odd_is_kept(catalog: Catalog) -> None:
    collection = catalog.begin_collection("test", {}, None, None).id
    with pytest.raises(InputError, match="source test named what cannot be kept: an item's key is None"):
        catalog.want(collection, "test", [Item("1", HERE), Item(None), Item("2", HERE)])  # type: ignore[arg-type]
    assert catalog.fetches_of(HERE[0].url)[0].items == ["1"]
