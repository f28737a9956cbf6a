from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ganvas.api import Studio
from ganvas.curate.cluster import cluster
from ganvas.curate.cluster_names import members_of, name_cluster
from ganvas.curate.kmeans import best, choose_k, divide, loneliness
from ganvas.errors import InputError
from ganvas.studio import StudioFolder
from tests.curate.kinds import Thumbnails, add_kinds

COUNTS = {"stripes": 30, "spots": 24, "plain": 12}


def blobs(sizes: tuple[int, ...], width: int = 16) -> np.ndarray:
    random = np.random.default_rng(0)
    centres = np.eye(width, dtype=np.float32)[: len(sizes)]
    return np.concatenate(
        [centre + random.normal(0, 0.03, (size, width)) for centre, size in zip(centres, sizes, strict=True)]
    ).astype(np.float32)


def test_kinds_come_apart_and_the_largest_is_cluster_0() -> None:
    division = divide(blobs((20, 50, 30)), 3)
    assert division.sizes == [50, 30, 20]
    assert division.clusters.tolist() == [2] * 20 + [0] * 50 + [1] * 30
    assert np.allclose(
        division.distances, np.linalg.norm(blobs((20, 50, 30)) - division.centres[division.clusters], axis=1)
    )


def test_the_same_seed_gives_the_same_clusters_of_pictures_without_kinds() -> None:
    features = np.random.default_rng(1).normal(0, 1, (600, 24)).astype(np.float32)
    one, again, other = (divide(features, 7, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.clusters, again.clusters)
    assert np.array_equal(one.distances, again.distances)
    assert not np.array_equal(one.clusters, other.clusters)


def test_many_are_divided_a_batch_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.curate.kmeans.MANY", 100)
    features = blobs((90, 60))
    one, again = divide(features, 2), divide(features, 2)
    assert one.sizes == [90, 60]
    assert np.array_equal(one.clusters, again.clusters)


def test_the_number_of_kinds_is_found() -> None:
    rungs = choose_k(blobs((40, 40, 40, 40, 40)))
    assert best(rungs).k == 5
    assert choose_k(np.ones((10, 4), np.float32)) == []


def test_the_odd_one_is_the_loneliest() -> None:
    features = np.concatenate([blobs((30, 30)), -np.ones((1, 16), np.float32)])
    lonely = loneliness(features)
    assert lonely.argmax() == 60
    assert loneliness(features[:3]).shape == (3,)


def test_among_a_sample_of_others_the_odd_one_is_still_the_loneliest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.curate.kmeans.REFERENCES", 30)
    assert loneliness(np.concatenate([blobs((30, 30)), -np.ones((1, 16), np.float32)])).argmax() == 60


def test_pictures_of_different_kinds_fall_into_different_clusters(tmp_path) -> None:  # type: ignore[no-untyped-def]
    studio = Studio(tmp_path / "studio")
    hashes = add_kinds(studio.folder, COUNTS)
    made = studio.cluster(3)
    assert [it.pictures for it in made.clusters] == [30, 24, 12]
    for number, kind in enumerate(COUNTS):
        assert set(members_of(studio.folder, str(number), "main")) == set(hashes[kind])
    catalog = studio.folder.catalog
    before = catalog.cluster_members("main")
    studio.cluster(3)
    assert catalog.cluster_members("main") == before
    assert {file.name for file in made.overview.parent.iterdir()} == {"0.png", "1.png", "2.png", "overview.png"}
    with Image.open(made.clusters[0].sheet) as sheet:
        assert sheet.width > 900
        assert 400 < sheet.height < 500  # three rows: each of the 30 once


def test_fewer_clusters_leave_no_sheets_of_earlier_ones(studio: StudioFolder) -> None:
    add_kinds(studio, {"stripes": 6, "spots": 5})
    cluster(studio, 4, encoder=Thumbnails())
    made = cluster(studio, 2, encoder=Thumbnails())
    assert {file.name for file in made.overview.parent.iterdir()} == {"0.png", "1.png", "overview.png"}
    assert [row.name for row in studio.catalog.clusterings()] == ["main"]


def test_names_stay_with_clusters_that_correspond_and_are_said_lost_otherwise(studio: StudioFolder) -> None:
    add_kinds(studio, {"stripes": 12, "spots": 8})
    cluster(studio, 2, encoder=Thumbnails())
    name_cluster(studio, 0, "striped", "main")
    name_cluster(studio, "1", "dotted", "main")
    dots = set(members_of(studio, "dotted", "main"))
    add_kinds(studio, {"spots": 9, "plain": 3}, seed=9)  # now the spots are the most
    made = cluster(studio, 3, encoder=Thumbnails())
    assert [it.called for it in made.clusters] == ["dotted", "striped", None]
    assert made.lost == []
    assert dots < set(members_of(studio, "dotted", "main"))
    merged = cluster(studio, 1, encoder=Thumbnails())
    assert [it.called for it in merged.clusters] == ["dotted"]  # 17 of 32 are more than half
    assert merged.lost == ["striped"]


def test_a_cluster_is_renamed_by_its_name_and_no_two_share_one(studio: StudioFolder) -> None:
    add_kinds(studio, {"stripes": 4, "spots": 3})
    cluster(studio, 2, encoder=Thumbnails())
    name_cluster(studio, 1, "dotted", "main")
    assert name_cluster(studio, "dotted", "spots", "main") == 1
    for cluster_, called, clustering, message in (
        (0, "spots", "main", "another cluster of main is called spots"),
        (7, "x", "main", "has no cluster '7': it has 0 to 1"),
        ("spot", "x", "main", "Did you mean spots"),
        (0, "3", "main", "a number means the cluster"),
        (0, "../x", "main", "cannot be used"),
        (0, "x", "mian", "Did you mean main"),
    ):
        with pytest.raises(InputError, match=message):
            name_cluster(studio, cluster_, called, clustering)


def test_a_cluster_of_a_single_picture_and_as_many_clusters_as_pictures(studio: StudioFolder) -> None:
    add_kinds(studio, {"stripes": 5, "plain": 1})
    made = cluster(studio, 2, encoder=Thumbnails())
    assert [it.pictures for it in made.clusters] == [5, 1]
    assert [it.pictures for it in cluster(studio, 6, encoder=Thumbnails()).clusters] == [1] * 6
    assert cluster(studio, "auto", encoder=Thumbnails()).rungs


def test_what_cannot_be_clustered_is_one_clear_line(studio: StudioFolder) -> None:
    with pytest.raises(InputError, match="no pictures to cluster"):
        cluster(studio, 2, encoder=Thumbnails())
    [sha256] = add_kinds(studio, {"stripes": 1})["stripes"]
    with pytest.raises(InputError, match="one picture cannot be clustered"):
        cluster(studio, "auto", encoder=Thumbnails())
    add_kinds(studio, {"spots": 2})
    for k, message in ((4, "-k 4 is more than the 3 pictures"), (0, "-k 0 cannot be"), ("many", "-k many cannot be")):
        with pytest.raises(InputError, match=message):
            cluster(studio, k, encoder=Thumbnails())
    with pytest.raises(InputError, match="clustering name '../x' cannot be used"):
        cluster(studio, 2, encoder=Thumbnails(), name="../x")
    studio.catalog.decide("test", "rule", [(image.sha256, False, None, None) for image in studio.catalog.images()])
    with pytest.raises(InputError, match="none is kept"):
        cluster(studio, 2, encoder=Thumbnails())


def test_unreadable_originals_are_left_out_and_counted(studio: StudioFolder) -> None:
    hashes = add_kinds(studio, {"stripes": 4, "spots": 3})
    studio.image_path(hashes["spots"][0]).unlink()
    made = cluster(studio, 2, encoder=Thumbnails())
    assert made.left_out == 1
    assert [it.pictures for it in made.clusters] == [4, 2]
