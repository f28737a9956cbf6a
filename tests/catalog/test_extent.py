from __future__ import annotations

import pytest

from ganvas.catalog import Catalog, extent
from ganvas.catalog.extent import Extent
from ganvas.catalog.fetch_records import DONE, FAILED, Finished
from ganvas.catalog.wanted import KINDS, PICTURE, Item, Picture

NOW = 1_000_000.0


def filled(catalog: Catalog, name: str, items: int, pictures: int, size: int) -> int:
    """A collection of so many items with so many pictures each, every other one of them had."""
    collection = catalog.begin_collection(name, {}, None, None).id
    thumbnail = Picture(f"http://small.example/{name}")
    catalog.want(
        collection,
        name,
        [
            Item(str(n), tuple(Picture(f"http://{name}.example/{n}/{i}", instead=thumbnail) for i in range(pictures)))
            for n in range(items)
        ],
    )
    leased = catalog.lease(collection, "me", 10_000, KINDS, NOW, NOW + 9)
    sizes = [size - 10 if n % 4 else size + 10 for n in range(len(leased))]
    ends = [
        Finished(one.id, FAILED if n % 2 else DONE, bytes=sizes[n], sha256="ab" * 32 if n % 2 == 0 else None)
        for n, one in enumerate(leased)
    ]
    catalog.finish(collection, name, "me", ends)
    return collection


def test_a_collections_extent_is_counted_or_estimated_from_a_sample(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = filled(catalog, "few", 10, 1, 100), filled(catalog, "many", 1000, 2, 5000)
    counts = {id: kinds[PICTURE] for id, kinds in catalog.fetch_counts().items()}
    assert catalog.extents(counts) == {few: Extent(10, 510), many: Extent(1000, 5_000_000)}
    monkeypatch.setattr(extent, "COUNTED", 100)
    monkeypatch.setattr(extent, "SAMPLE", 600)
    guessed = catalog.extents(counts)
    assert guessed[few] == Extent(10, 510)
    assert guessed[many].estimated
    assert guessed[many].items == pytest.approx(1000, rel=0.2)
    assert guessed[many].bytes == pytest.approx(5_000_000, rel=0.2)
    assert catalog.extents({}) == {}
