from __future__ import annotations

from collections.abc import Callable

import pytest

from ganvas.catalog import Catalog, ClusteringRow, ClusterMemberRow, FoundPicture
from ganvas.errors import CatalogError


def add(catalog: Catalog, count: int) -> list[str]:
    names = [f"{i:064x}" for i in range(count)]
    catalog.add_found([FoundPicture(it, 10, "PNG", 4, 4, "RGB", 1, None, "folder", it) for it in names])
    return names


def members(names: list[str]) -> list[ClusterMemberRow]:
    return [ClusterMemberRow(name, i % 2, 1 - i / 10, i / 4) for i, name in enumerate(names)]


def test_a_clustering_comes_back_with_its_members_nearest_first(open_catalog: Callable[..., Catalog]) -> None:
    names = add(open_catalog(), 5)
    row = ClusteringRow("main", "effnet-lite0-1", 2, {"1": "plans"}, {"seed": 0})
    open_catalog().save_clustering(row, members(names))
    catalog = open_catalog()
    assert catalog.clusterings() == [row]
    assert catalog.clustering_named("main") == row
    assert [member.sha256 for member in catalog.cluster_members("main", 0)] == [names[4], names[2], names[0]]
    assert sorted(m.sha256 for m in catalog.cluster_members("main")) == names
    assert catalog.clustering_named("other") is None
    assert catalog.cluster_members("other") == []


def test_made_again_it_replaces_the_one_of_its_name_alone(catalog: Catalog) -> None:
    names = add(catalog, 4)
    for name in ("main", "other"):
        catalog.save_clustering(ClusteringRow(name, "e", 2), members(names))
    catalog.save_clustering(ClusteringRow("main", "e", 1), [ClusterMemberRow(names[0], 0, 0.0, 0.5)])
    assert len(catalog.cluster_members("main")) == 1
    assert len(catalog.cluster_members("other")) == 4
    with pytest.raises(CatalogError, match="no image"):
        catalog.save_clustering(ClusteringRow("main", "e", 1), [ClusterMemberRow("f" * 64, 0, 0.0, 0.0)])
    assert len(catalog.cluster_members("main")) == 1  # all or nothing


def test_clusters_are_named_and_renamed(catalog: Catalog) -> None:
    catalog.save_clustering(ClusteringRow("main", "e", 2), members(add(catalog, 4)))
    catalog.name_clusters("main", {1: "façades", 0: "plans"})
    row = catalog.clustering_named("main")
    assert row is not None
    assert row.names == {"1": "façades", "0": "plans"}
    with pytest.raises(CatalogError, match="no clustering other"):
        catalog.name_clusters("other", {})


def test_a_rule_that_decides_anew_sees_what_only_it_dropped(catalog: Catalog) -> None:
    a, b, c, d, e = add(catalog, 5)
    catalog.decide("teach", "fronts", [(a, False, 0.1, None), (b, False, 0.2, None), (c, True, 0.9, None)])
    catalog.decide("teach", "other", [(b, False, 0.2, None)])
    catalog.decide("clean", "dark", [(d, False, 0.2, None)])
    catalog.decide("person", "person", [(d, True, None, None), (e, False, None, None)])
    assert catalog.kept_but_for("teach", "fronts") == [a, b, c, d]
    assert catalog.kept_but_for("teach", "new") == [a, b, c, d]
    assert catalog.kept_but_for("density", "sparse") == [c, d]
    assert catalog.spoken_of("teach", "fronts") == [a, b, c]
    assert catalog.rules("teach") == ["fronts", "other"]
    assert catalog.undo_rule("teach", "fronts") == 3
    assert catalog.undo_rule("teach", "fronts") == 0
    assert catalog.rules("teach") == ["other"]
    assert catalog.spoken_of("teach", "fronts") == []
    assert [image.sha256 for image in catalog.images()] == [a, c, d]
    catalog.decide("teach", "fronts", [(a, False, 0.1, None)])
    catalog.decide("person", "person", [(a, False, None, "not this one")])
    assert a not in catalog.kept_but_for("teach", "fronts")


def test_a_rule_knows_nothing_of_kept_images_that_it_did_not_see(catalog: Catalog) -> None:
    a, b, c, d, e = add(catalog, 5)
    assert catalog.unspoken("teach") == {}
    catalog.decide("teach", "fronts", [(a, True, 0.9, None), (b, False, 0.1, None)])
    catalog.decide("teach", "plans", [(b, False, 0.1, None)])
    catalog.decide("teach", "undone", [(a, True, 0.9, None)])
    catalog.undo_rule("teach", "undone")
    catalog.decide("clean", "dark", [(c, False, 0.1, None), (d, False, 0.1, None)])
    catalog.decide("person", "person", [(d, True, None, None)])
    assert catalog.unspoken("teach") == {"fronts": 2, "plans": 3}  # d and e; a, too
    catalog.undo_rule("clean", "dark")
    assert catalog.unspoken("teach") == {"fronts": 3, "plans": 4}
    catalog.decide("person", "person", [(e, False, None, None)])
    assert catalog.unspoken("teach") == {"fronts": 2, "plans": 3}


def test_what_a_rule_is_asked_about_does_not_depend_on_what_ran_after_it(catalog: Catalog) -> None:
    stages = ("read", "pack", "clean", "teach", "density")
    hashes = add(catalog, 2 * len(stages))
    for place, stage in enumerate(stages):
        catalog.decide(stage, "own", [(hashes[2 * place], False, None, None)])
        catalog.decide(stage, "other", [(hashes[2 * place + 1], False, None, None)])
    asked = {stage: catalog.kept_but_for(stage, "own") for stage in stages}
    assert asked == {
        "read": [hashes[0], *hashes[2:]],
        "pack": [hashes[2], *hashes[4:]],
        "clean": [hashes[4], *hashes[6:]],
        "teach": hashes[6:],
        "density": [hashes[8]],
    }
    catalog.decide("person", "person", [(hashes[9], False, None, None), (hashes[0], True, None, None)])
    assert catalog.kept_but_for("teach", "own") == [hashes[0], *hashes[6:9]]
